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
