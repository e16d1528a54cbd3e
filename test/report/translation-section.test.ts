import { describe, expect, it } from 'vitest';
import { renderReport } from '../../src/report/report-page.ts';
import { input } from './example-input.ts';
import { textOf } from './rendered.ts';

describe('the page', () => {
  const page = renderReport(input);

  it('shows the pictures, the one that translates first', () => {
    const sources = Array.from(page.matchAll(/src="data:image\/png;base64,([^"]*)"/g), ([, png]) => png);
    expect(sources).toEqual(['iVBORw0KGgo=', 'iVBORw0KGg1=']);
    expect(textOf(page)).toMatch(
      /After 75 steps, the checkpoint that translates.*clean → zigzag → back zigzag → clean → back/,
    );
  });
});

describe('a checkpoint that the gate did not choose', () => {
  const [run] = input.translationRuns;
  const shown = (bestStep: number): string =>
    textOf(renderReport({ ...input, translationRuns: [{ ...run!, bestStep }] }));

  it('is shown with the one that it would have taken, and both scores', () => {
    expect(shown(50)).toContain(
      'Step 50 translates, with a score of 0.417 . The gate’s best is step 75 with 0.625 .',
    );
    expect(shown(60)).toContain('Step 60 translates. The gate’s best is step 75');
  });

  it('is not spoken of where they are one', () => {
    expect(shown(75)).not.toContain('The gate’s best');
  });
});
