import { describe, expect, it } from 'vitest';
import { renderReport } from '../../src/report/report-page.ts';
import { camel, erm, groupDro, GROUPS, input, method } from './example-input.ts';
import { withMethods } from './rendered.ts';

describe('the page', () => {
  const page = renderReport(input);

  it('draws every bar as long as its accuracy, and marks the worst group of each method', () => {
    const widths = Array.from(page.matchAll(/class="bar-fill"[^>]*width="([\d.]+)%"/g), ([, width]) =>
      Number(width),
    );
    const expected = GROUPS.flatMap((_, g) =>
      [erm, groupDro, camel].map(({ groups }) => 100 * groups[g]!.accuracy!),
    );
    expect(widths).toHaveLength(12);
    widths.forEach((width, i) => expect(width).toBeCloseTo(expected[i]!, 2));
    expect(page.match(/◂ worst/g)).toHaveLength(3);
  });
});

describe('several seeds', () => {
  const seeds = [method([0.5, 0.9, 0.9, 0.9]), method([0.75, 0.9, 0.5, 0.9])];

  const page = renderReport(withMethods({ erm: seeds[0]! }, { erm: seeds[1]! }));

  it('are a dot each, at its share', () => {
    const dots = (name: string): number[] =>
      Array.from(page.matchAll(new RegExp(`class="${name}"\\s+cx="([\\d.]+)%"`, 'g')), ([, at]) =>
        Number(at),
      );
    expect(dots('worst-dot')).toEqual([50, 50]);
    expect(dots('average-dot')).toEqual([98.77, 98.77]);
    expect(dots('seed-dot').slice(0, 2)).toEqual([50, 75]);
    expect(dots('seed-dot')).toHaveLength(2 * GROUPS.length);
    expect(page.match(/◂ worst in 1 of 2/g)).toHaveLength(2);
  });
});
