import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gateWarnings, headline } from '../../src/node/report/headline.ts';
import { axisTicks, lineChart, spreadLabels, thinned } from '../../src/node/report/line-chart.ts';
import { escapeText, html } from '../../src/node/report/markup.ts';
import { durationText } from '../../src/node/report/numbers.ts';
import { renderReport } from '../../src/node/report/render-report.ts';
import type { MethodCurves, ReportInput } from '../../src/node/report/input.ts';
import type { ExperimentResults, MethodResults, StageOneResults } from '../../src/node/report/results.ts';

const GROUPS = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'];

function method(accuracies: readonly number[], halfWidth = 0.02): MethodResults {
  const worst = Math.min(...accuracies);
  return {
    groups: accuracies.map((accuracy, g) => ({
      name: GROUPS[g]!,
      count: 1000 + g,
      accuracy,
      interval: [accuracy - halfWidth, accuracy + halfWidth],
      loss: 1.25 - accuracy,
    })),
    worstGroup: { name: GROUPS[accuracies.indexOf(worst)]!, accuracy: worst },
    average: 0.98765,
    groupAverage: accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length,
    gap: 0.0625,
    steps: 1234,
    seconds: 61.5,
  };
}

const good: StageOneResults = {
  flipRate: { toTarget: 0.9412, toSource: 0.9733 },
  labelPreservation: { toTarget: 0.9811, toSource: 0.9634 },
  cycleError: 0.0312345,
  gateClassifierAccuracy: 0.9876,
};
const erm = method([0.99, 0.31, 0.4, 0.98]);
const gdro = method([0.97, 0.95, 0.93, 0.96]);
const camel = method([0.98, 0.924, 0.95, 0.97]);

/** Without test images of one group. */
const lacking: MethodResults = {
  ...method([0.99, 0.95, 0.4, 0.98]),
  groups: [
    erm.groups[0]!,
    { name: GROUPS[1]!, count: 0, accuracy: null, interval: null, loss: null },
    ...erm.groups.slice(2),
  ],
  worstGroup: null,
  groupAverage: null,
  gap: null,
  missing: { absent: [GROUPS[1]!], alone: [GROUPS[0]!] },
};

const curves = (adversary: boolean): MethodCurves => ({
  groupNames: GROUPS,
  training: Array.from({ length: 40 }, (_, s) => ({
    step: s + 1,
    loss: 1 / (s + 1),
    groupLosses: [0.1, 0.2 + 1 / (s + 2), null, 0.4],
    ...(adversary && { adversary: [0.1, 0.5, 0.2, 0.2] }),
  })),
  validation: [
    { step: 20, groupAccuracies: [0.5, 0.4, null, 0.7] },
    { step: 40, groupAccuracies: [0.75, 0.4375, 0.5, 0.875] },
  ],
});

const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 1, 2, 3);
const input: ReportInput = {
  title: 'A title',
  subtitle: 'and what it is about',
  settings: { splits: 'disjoint', 'stage 1 width': 0.25, clip: null, published: false },
  environment: { node: 'v20.20.2', processors: 2 },
  backend: { name: 'wasm', device: '2 threads' },
  seed: 11,
  seconds: 441.25,
  results: {
    preset: 'quick',
    backend: 'wasm',
    seed: 11,
    seconds: 441.25,
    stage1: good,
    methods: { erm, gdro, camel },
  },
  gallery: {
    toTarget: [{ real: png, translated: png, back: png }],
    toSource: [
      { real: png, translated: png },
      { real: png, translated: png },
    ],
  },
  sourceName: 'clean',
  targetName: 'zigzag',
  groupLabels: { '(Y=0)(Z=1)': 'even, zigzag' },
  stage1Curve: [25, 50, 75].map((step) => ({
    step,
    flipRateToTarget: step / 100,
    flipRateToSource: 0.9,
    score: step / 120,
    cycleLoss: 1 / step,
  })),
  stage1BestStep: 75,
  methodCurves: { camel: curves(true), erm: curves(false), gdro: curves(true) },
};
const withResults = (results: Partial<ExperimentResults>): ReportInput => ({
  ...input,
  results: { ...input.results, ...results },
});

/** What is wrong with a page that should be well-formed XML but for its first line; empty if nothing. */
function faults(page: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  const body = page.replace(/^<!DOCTYPE html>/, '').replace(/<style>[\s\S]*?<\/style>/, '');
  const tag = /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
  for (let at = 0; at < body.length;) {
    const next = body.indexOf('<', at);
    const text = body.slice(at, next < 0 ? body.length : next);
    if (/&(?!(amp|lt|gt|quot|#39);)/.test(text) || text.includes('>'))
      found.push(`bare character in '${text}'`);
    if (next < 0) break;
    tag.lastIndex = next;
    const match = tag.exec(body);
    if (!match) return [...found, `no tag: ${body.slice(next, next + 80)}`];
    const [whole, closing, name, attributes, empty] = match;
    const names = Array.from(attributes!.matchAll(/([\w:-]+)="/g), ([, attribute]) => attribute);
    if (new Set(names).size !== names.length) found.push(`twice the same attribute: ${whole}`);
    if (/&(?!(amp|lt|gt|quot|#39);)/.test(attributes!)) found.push(`bare & in ${whole}`);
    if (closing && open.pop() !== name) found.push(`closed out of order: ${whole}`);
    if (!closing && !empty) open.push(name!);
    at = next + whole.length;
  }
  return open.length > 0 ? [...found, `left open: ${open.join(' ')}`] : found;
}

const visibleText = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
const exactNumbers = (page: string): Set<number> =>
  new Set(Array.from(page.matchAll(/<data value="([^"]*)">/g), ([, value]) => Number(value)));

/** With ordinary spaces before the percent signs. */
const plain = (text: string): string => text.replaceAll('\u202f', ' ');
const headlineOf = (results: Parameters<typeof headline>[0]): string => plain(headline(results));

describe('headline', () => {
  it('says by how much the worst group rises', () => {
    expect(headlineOf({ methods: { erm, camel } })).toBe(
      'CAMEL lifts the worst group from 31.0 % to 92.4 %.',
    );
  });
  it('names the method between when it is as good, and when it is not', () => {
    expect(headlineOf({ methods: { erm, gdro, camel } })).toBe(
      'CAMEL lifts the worst group from 31.0 % to 92.4 %; Group DRO is level with CAMEL at 93.0 %.',
    );
    expect(headlineOf({ methods: { erm, gdro: method([0.9, 0.8, 0.7, 0.9]), camel } })).toBe(
      'CAMEL lifts the worst group from 31.0 % to 92.4 %; Group DRO reaches 70.0 %.',
    );
  });
  it('says so when it does not rise', () => {
    expect(headlineOf({ methods: { erm: camel, camel: erm } })).toBe(
      'CAMEL does not lift the worst group: it falls from 92.4 % with ERM to 31.0 %.',
    );
  });
  it('claims nothing where the intervals overlap, in either direction', () => {
    const slightly = method([0.99, 0.33, 0.4, 0.98]);
    expect(headlineOf({ methods: { erm, camel: slightly } })).toBe(
      'CAMEL does not clearly change the worst group: 33.0 % against 31.0 % with ERM.',
    );
    expect(headlineOf({ methods: { erm: slightly, camel: erm } })).toMatch(/does not clearly change/);
    const certain = [method([0.31, 0.9, 0.9, 0.9], 0.005), method([0.33, 0.9, 0.9, 0.9], 0.005)];
    expect(headlineOf({ methods: { erm: certain[0]!, camel: certain[1]! } })).toMatch(/^CAMEL lifts .* 33/);
  });
  it('claims nothing of a smoke run, however its numbers fell', () => {
    const short = { erm: { ...erm, steps: 20 }, camel: { ...camel, steps: 20 } };
    expect(headlineOf({ preset: 'smoke', methods: short })).toBe(
      'Smoke run: everything runs, and nothing was learnt in 20 steps.',
    );
    expect(headlineOf({ preset: 'quick', methods: short })).toMatch(/^CAMEL lifts/);
    expect(headlineOf({ preset: 'smoke', methods: { erm: { ...erm, steps: 4000 }, camel } })).toMatch(
      /^CAMEL/,
    );
  });
  it('compares nothing that was not measured, and says why', () => {
    expect(headlineOf({ methods: { erm: lacking, camel: lacking } })).toBe(
      'CAMEL and ERM cannot be compared: the worst group of ERM was not measured (no images of (Y=0)(Z=1)).',
    );
    expect(plain(headline({ methods: { erm: lacking } }, () => 'even, zigzag'))).toBe(
      'The worst group of ERM was not measured (no images of even, zigzag).',
    );
    expect(headlineOf({ methods: { erm, gdro: lacking, camel } })).toBe(
      'CAMEL lifts the worst group from 31.0 % to 92.4 %; the worst group of Group DRO was not measured (no images of (Y=0)(Z=1)).',
    );
    const silent = { ...erm, worstGroup: null };
    expect(headlineOf({ methods: { erm: silent } })).toBe('The worst group of ERM was not measured.');
  });
  it('takes no experiment for a smoke run because of its name', () => {
    const short = { erm: { ...erm, steps: 20 } };
    expect(headlineOf({ name: 'smoke', methods: short } as never)).toMatch(/^ERM is right on 31\.0 %/);
  });
  it('copes with other sets of methods', () => {
    expect(headlineOf({ methods: { gdro, camel } })).toMatch(/^CAMEL does not clearly .* with Group DRO\.$/);
    expect(headlineOf({ methods: { erm, gdro } })).toMatch(/^Group DRO lifts/);
    expect(headlineOf({ methods: { erm } })).toBe(
      'ERM is right on 31.0 % of its worst group, while the average says 98.8 %.',
    );
    expect(headlineOf({ methods: { erm: { ...erm, average: null } } })).toBe(
      'ERM is right on 31.0 % of its worst group.',
    );
    expect(headlineOf({ methods: {} })).toBe('No classifier was trained.');
  });
});

describe('the gate', () => {
  const names = { sourceName: 'clean', targetName: 'zigzag' };
  it('does not warn of good figures', () => {
    expect(gateWarnings(good, names)).toEqual([]);
    expect(renderReport(input)).not.toContain('class="warning"');
  });
  it('warns of each poor figure, naming the direction', () => {
    const poor: StageOneResults = {
      flipRate: { toTarget: 0.218, toSource: 0.97 },
      labelPreservation: { toTarget: 0.98, toSource: 0.6 },
      cycleError: 0.01,
      gateClassifierAccuracy: 0.96,
    };
    const warnings = gateWarnings(poor, names);
    const read = warnings.map(plain);
    expect(warnings).toHaveLength(3);
    expect(read[0]).toMatch(/21\.8 % of the clean → zigzag translations look like zigzag/);
    expect(read[1]).toMatch(/60\.0 % of the zigzag → clean translations keep their class/);
    expect(read[2]).toMatch(/96\.0 %/);
    const page = renderReport(withResults({ stage1: poor }));
    expect(page.indexOf('class="warning"')).toBeGreaterThan(0);
    expect(page.indexOf('class="warning"')).toBeLessThan(page.indexOf('<table'));
    warnings.forEach((warning) => expect(page).toContain(escapeText(warning)));
    expect(page.match(/class="poor"/g)).toHaveLength(3);
  });
  it('warns of a figure that is not a number', () => {
    expect(gateWarnings({ ...good, flipRate: { toTarget: NaN, toSource: 1 } }, names)).toHaveLength(1);
  });
});

describe('the page', () => {
  it('holds the exact numbers of the results', () => {
    const numbers = exactNumbers(renderReport(input));
    const expected = [erm, gdro, camel].flatMap((result) => [
      result.worstGroup!.accuracy,
      result.average!,
      result.groupAverage!,
      result.gap!,
      result.steps,
      result.seconds,
      ...result.groups.flatMap(({ count, accuracy, interval, loss }) => [
        count,
        accuracy!,
        ...interval!,
        loss!,
      ]),
    ]);
    const gate = [...Object.values(good.flipRate), ...Object.values(good.labelPreservation)] as number[];
    const all = [...expected, ...gate, good.cycleError, good.gateClassifierAccuracy, 441.25, 11, 0.25, 2];
    expect(all.filter((value) => !numbers.has(value))).toEqual([]);
  });
  it('puts each method’s numbers under its name', () => {
    const [table] = /<table class="methods">[\s\S]*?<\/table>/.exec(renderReport(input))!;
    const rows = Array.from(table.matchAll(/<tr>([\s\S]*?)<\/tr>/g), ([, row]) => row!);
    expect(Array.from(rows[0]!.matchAll(/>([^<>]+)<\/th/g), ([, name]) => name!.trim())).toEqual([
      'ERM',
      'Group DRO',
      'CAMEL',
    ]);
    expect([...exactNumbers(rows[1]!)]).toEqual([0.31, 0.93, 0.924]);
    expect(rows[1]).toMatch(/class="best"[\s\S]*0\.93/);
    expect(rows[1]!.match(/class="best"/g)).toHaveLength(1);
    expect(visibleText(rows[1]!)).toMatch(/31\.0 % even, zigzag 93\.0 % \(Y=1\)\(Z=0\) 92\.4 % even, zigzag/);
  });
  it('draws every bar as long as its accuracy, and marks the worst group of each method', () => {
    const page = renderReport(input);
    const widths = Array.from(page.matchAll(/class="bar-fill"[^>]*width="([\d.]+)%"/g), ([, width]) =>
      Number(width),
    );
    const expected = GROUPS.flatMap((_, g) =>
      [erm, gdro, camel].map(({ groups }) => 100 * groups[g]!.accuracy!),
    );
    widths.forEach((width, i) => expect(width).toBeCloseTo(expected[i]!, 2));
    expect(widths).toHaveLength(12);
    expect(page.match(/◂ worst/g)).toHaveLength(3);
  });
  it('shows the images with their captions', () => {
    const page = renderReport(input);
    const source = `src="data:image/png;base64,${Buffer.from(png).toString('base64')}"`;
    expect(page.split(source)).toHaveLength(1 + 3 + 4);
    expect(visibleText(page)).toMatch(
      /clean → zigzag real clean → zigzag → back zigzag → clean real zigzag → clean/,
    );
  });
  it('is well-formed, and the check can fail', () => {
    expect(faults(renderReport(input))).toEqual([]);
    for (const broken of [
      '<p>',
      '<p></div>',
      '<p>a > b</p>',
      '<p>&x</p>',
      '<p a="1" a="2"></p>',
      '<p a=1></p>',
    ]) {
      expect(faults(broken), broken).not.toEqual([]);
    }
  });
  it('asks the network for nothing and runs no script', () => {
    const page = renderReport(input);
    expect(page).not.toMatch(/https?:|\/\/[a-z]|<script|<link|<iframe|@import|url\(|javascript:|\son\w+=/i);
    expect(page).toContain("default-src 'none'");
    const sources = Array.from(page.matchAll(/(?:src|href)="([^"]*)"/g), ([, url]) => url!);
    expect(sources.every((url) => url.startsWith('data:image/png;base64,'))).toBe(true);
  });
  it('is light or dark as the reader prefers', () => {
    expect(renderReport(input)).toMatch(/prefers-color-scheme: dark/);
  });
  it('is a function of its input', () => {
    expect(renderReport(input)).toBe(renderReport(structuredClone(input)));
  });
});

describe('what was not measured', () => {
  const page = plain(renderReport(withResults({ methods: { erm: lacking, camel: lacking } })));
  it('is a dash with its reason, in the table and the chart, and never the best', () => {
    expect(faults(page)).toEqual([]);
    const [table] = /<table class="methods">[\s\S]*?<\/table>/.exec(page)!;
    const rows = Array.from(table.matchAll(/<tr>([\s\S]*?)<\/tr>/g), ([, row]) => visibleText(row!).trim());
    const why = '– no images of even, zigzag – no images of even, zigzag';
    expect(rows[1]).toBe(`Worst group accuracy of the group with the lowest ${why}`);
    expect(rows[3]).toBe(`Group average every group counts the same ${why}`);
    expect(rows[4]).toBe(`Gap largest between two groups of one class ${why}`);
    expect(rows[2]).toBe('Average groups weighted as in training 98.8 % 98.8 %');
    expect(page).not.toContain('◂ worst');
    expect(page).toContain('CAMEL and ERM cannot be compared');
    expect(visibleText(page)).toContain('even, zigzag 0 test images ERM ERM, even, zigzag: – –');
  });
  it('underlines no method where another one was not measured', () => {
    const mixed = renderReport(withResults({ methods: { erm: lacking, camel } }));
    const [row] = /<tr>\s*<th scope="row">Worst group[\s\S]*?<\/tr>/.exec(mixed)!;
    expect(row).not.toContain('class="best"');
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
  it('labels the curves of training by the groups that are trained on', () => {
    const some: MethodCurves = {
      groupNames: ['a', 'b', 'c'],
      trainedGroupNames: ['a', 'c'],
      training: [{ step: 1, loss: 1, groupLosses: [0.5, 0.25] }],
      validation: [{ step: 1, groupAccuracies: [0.125, 0.625, 0.875] }],
    };
    const text = visibleText(renderReport({ ...input, methodCurves: { erm: some } }));
    expect(text).toMatch(/Training loss of each group by step\. a c .* step a c 1 0\.5 0\.25 Whole loss/);
    expect(plain(text)).toContain('ERM step a b c 1 12.5 % 62.5 % 87.5 %');
  });
});

describe('missing parts', () => {
  const pages: [string, ReportInput, RegExp, RegExp][] = [
    ['a method', withResults({ methods: { erm, gdro } }), /Group DRO lifts/, /CAMEL lifts/],
    ['every method', withResults({ methods: {} }), /No classifier was trained/, /worst group/],
    ['stage 1', withResults({ stage1: null }), /No generators were trained/, /Strict flip rate translations/],
    [
      'curves',
      { ...input, stage1Curve: [], methodCurves: {} },
      /How it was made/,
      /Training of the classifiers/,
    ],
    ['images', { ...input, gallery: { toTarget: [], toSource: [] } }, /No examples/, /real clean/],
    [
      'a group’s examples',
      withResults({
        methods: {
          erm: {
            ...erm,
            groups: [{ name: 'none', count: 0, accuracy: null, interval: null, loss: null }, ...erm.groups],
          },
          camel,
        },
      }),
      /none 0 test images/,
      /NaN|null|undefined/,
    ],
    [
      'all points of a curve',
      { ...input, methodCurves: { erm: { groupNames: GROUPS, training: [], validation: [] } } },
      /Nothing was recorded/,
      /NaN|undefined/,
    ],
  ];
  it.each(pages)('%s', (_, given, present, absent) => {
    const page = renderReport(given);
    expect(faults(page)).toEqual([]);
    expect(visibleText(page)).toMatch(present);
    expect(visibleText(page)).not.toMatch(absent);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('escaping', () => {
  it('any string in any place stays text', () => {
    const nasty = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '</style><script>alert(1)</script>',
        '"><img src=x onerror=y>',
        "' & <!-- ",
        '${x}',
        '__proto__',
        '\u0000\ud800',
      ),
    );
    fc.assert(
      fc.property(nasty, nasty, (one, two) => {
        const page = renderReport({
          ...input,
          title: one,
          subtitle: two,
          settings: Object.fromEntries([[one, two]]),
          environment: Object.fromEntries([[two, one]]),
          backend: { name: one, device: two },
          results: {
            ...input.results,
            preset: two,
            methods: { erm: { ...erm, worstGroup: { name: one, accuracy: 0.3 } } },
          },
          sourceName: one,
          targetName: two,
          groupLabels: { '(Y=0)(Z=0)': one },
          methodCurves: Object.fromEntries([[two, curves(true)]]),
        });
        expect(faults(page)).toEqual([]);
        expect(page).not.toMatch(/<script|<img src=x|<!--/);
      }),
      { numRuns: 60 },
    );
  });
  it('escapes exactly once, and only what is not markup', () => {
    const inner = html`<b>${'a & "b"'}</b>`;
    expect(html`<i title="${'<x>'}">${[inner, null, false, 3]}</i>`.markup).toBe(
      '<i title="&lt;x&gt;"><b>a &amp; &quot;b&quot;</b>3</i>',
    );
  });
});

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

it('durations read naturally', () => {
  expect([0.34, 9, 59, 61.5, 441, 7322].map(durationText)).toEqual([
    '0.3 s',
    '9 s',
    '59 s',
    '1 min 2 s',
    '7 min 21 s',
    '2 h 2 min',
  ]);
});
