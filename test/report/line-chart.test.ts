import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { axisTicks, lineChart, spreadLabels, thinned } from '../../src/report/line-chart.ts';

describe('charts', () => {
  it('thins a long curve to means of stretches, keeping its last step', () => {
    const points = Array.from({ length: 1000 }, (_, x) => ({ x, y: x % 2 === 0 ? x : null }));
    const thin = thinned(points);
    expect(thin.length).toBeLessThanOrEqual(150);
    expect(thin.at(-1)!.x).toBe(999);
    // Steps 0 … 6 have the values 0, 2, 4 and 6.
    expect(thin[0]).toEqual({ x: 6, y: 3 });
    expect(thinned(points.slice(0, 150))).toHaveLength(150);
  });
  it('ticks cover the maximum in few round steps', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), (maximum) => {
        const ticks = axisTicks(maximum);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)!).toBeGreaterThanOrEqual(maximum * (1 - 1e-6));
        expect(ticks.at(-2)!).toBeLessThan(maximum);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(6);
      }),
    );
    expect(axisTicks(0)).toEqual([0, 1]);
  });
  it('labels keep their order and distance, inside the chart', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150 }), { minLength: 1, maxLength: 10 }), (heights) => {
        const placed = spreadLabels(heights, 15, 150);
        const sorted = [...placed].sort((a, b) => a - b);
        sorted.slice(1).forEach((height, i) => expect(height - sorted[i]!).toBeGreaterThanOrEqual(15));
        expect(sorted[0]!).toBeGreaterThanOrEqual(0);
        expect(sorted.at(-1)!).toBeLessThanOrEqual(150);
        heights.forEach((a, i) =>
          heights.forEach((b, j) => {
            if (a < b) expect(placed[i]!).toBeLessThan(placed[j]!);
          }),
        );
      }),
    );
  });
  it('has no line and no label at 0, in curves of many steps and of one', () => {
    const of = (points: readonly (number | null)[]) =>
      lineChart({
        title: 't',
        description: 'd',
        format: 'share',
        series: [
          { label: 'there', color: 'red', points: [{ x: 1, y: 0.5 }] },
          { label: 'gone', color: 'red', points: points.map((y, i) => ({ x: i + 1, y })) },
        ],
      }).markup;
    for (const points of [[null], [null, null]]) {
      expect(of(points)).toContain('Not measured: gone.');
      expect(of(points).match(/<path /g)).toHaveLength(2);
      expect(of(points)).not.toMatch(/<\/svg>\s*gone/);
    }
    expect(of([0.25, null])).not.toContain('Not measured');
  });
  it('draws the points where they belong and breaks the line where one is missing', () => {
    const { markup } = lineChart({
      title: 't',
      description: 'd',
      format: 'share',
      series: [
        {
          label: 's',
          color: 'red',
          points: [
            { x: 10, y: 1 },
            { x: 20, y: 0.5 },
            { x: 30, y: null },
            { x: 40, y: 0 },
          ],
        },
      ],
      mark: { x: 20, label: 'used' },
    });
    expect(markup).toContain('d="M25.00 0.00L50.00 75.00M100.00 150.00"');
    expect(markup).toMatch(/left: 50%">used/);
    expect(markup).toContain('<title>t</title>');
    expect(markup).toContain('<desc>d</desc>');
  });
});
