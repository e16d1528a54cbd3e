import { describe, expect, it } from 'vitest';
import { renderReport } from '../../src/report/report-page.ts';
import { erm, good, input } from './example-input.ts';
import { textOf } from './rendered.ts';

describe('poor translations', () => {
  it('are told before the numbers, with their experiment and seed where there are several', () => {
    const poor = { ...good, flipRate: { toTarget: 0.218, toSource: 0.97 } };
    const stageOne = ['stage-1-a', 'stage-1-b'].map((name) => ({ ...input.stageOne[0]!, name }));
    const figures = stageOne.map(({ name }, i) => ({ ...(i === 0 ? good : poor), name }));
    const page = renderReport({
      ...input,
      stageOne,
      seeds: [1, 2].map((seed) => ({ seed, stage1: figures, methods: { erm } })),
    });
    expect(textOf(page)).toContain('stage-1-b, seed 2: Only 21.8 % of the clean → zigzag');
    expect(textOf(page)).not.toContain('stage-1-a, seed');
    expect(page.match(/class="poor"/g)).toHaveLength(2);
    expect(page.match(/<table class="figures">/g)).toHaveLength(2);
  });
});
