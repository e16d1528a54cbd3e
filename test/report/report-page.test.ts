import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MethodResult, SeedResults } from '../../src/config/study-results.ts';
import type { ReportInput, TrainingRun } from '../../src/report/input.ts';
import { escapeText } from '../../src/report/markup.ts';
import { renderReport } from '../../src/report/report-page.ts';
import {
  camel,
  erm,
  good,
  groupDro,
  GROUPS,
  input,
  lacking,
  method,
  named,
  seedsOf,
  training,
} from './example-input.ts';
import { exactNumbers, faults, plain, visibleText } from './page-checks.ts';

const withMethods = (...seeds: readonly SeedResults['methods'][]): ReportInput => ({
  ...input,
  methods: named(...new Set(seeds.flatMap((each) => Object.keys(each)))),
  seeds: seedsOf(...seeds),
  stageOne: [],
  translationRuns: [],
  trainingRuns: [],
});
const tableOf = (page: string, name: string): string =>
  new RegExp(`<table class="${name}">[\\s\\S]*?</table>`).exec(page)![0];
const rowsOf = (table: string): string[] =>
  Array.from(table.matchAll(/<tr>([\s\S]*?)<\/tr>/g), ([, row]) => row!);
const textOf = (markup: string): string => plain(visibleText(markup)).trim();

describe('the page', () => {
  const page = renderReport(input);
  it('holds the exact numbers of the results', () => {
    const numbers = exactNumbers(page);
    const expected = [erm, groupDro, camel].flatMap((result) => [
      result.worstGroup!.accuracy,
      result.average!,
      result.groupAverage!,
      result.gap!,
      result.steps,
      result.seconds,
      result.selectedStep,
      ...result.groups.flatMap(({ count, accuracy, interval, loss }) => [
        count,
        accuracy!,
        ...interval!,
        loss!,
      ]),
    ]);
    const { flipRate, labelPreservation, frechetDistance, ...others } = good;
    const gate = [flipRate, labelPreservation, frechetDistance].flatMap((each) => Object.values(each!));
    const all = [
      ...expected,
      ...gate,
      ...Object.values(others).filter(Number),
      441.25,
      11,
      0.5,
      0.25,
      0.125,
      2,
      50,
    ];
    expect(all.filter((value) => !numbers.has(value as number))).toEqual([]);
  });
  it('puts each method’s numbers beside its name', () => {
    const rows = rowsOf(tableOf(page, 'methods'));
    expect(rows.slice(1).map((row) => textOf(row).split(' ')[0])).toEqual(['erm', 'group-dro', 'camel']);
    expect(textOf(rows[1]!)).toBe(
      'erm 31.0 % 29.0 – 33.0 % even, zigzag 98.8 % 67.0 % 6.3 % 1,234 1 min 2 s',
    );
    expect(rows[2]).toMatch(/class="worst best"[\s\S]*0\.93/);
    expect(rows.filter((row) => row.includes('class="worst best"'))).toHaveLength(1);
  });
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
  it('shows the pictures, the one that translates first', () => {
    const sources = Array.from(page.matchAll(/src="data:image\/png;base64,([^"]*)"/g), ([, png]) => png);
    expect(sources).toEqual(['iVBORw0KGgo=', 'iVBORw0KGg1=']);
    expect(textOf(page)).toMatch(
      /After 75 steps, the checkpoint that translates.*clean → zigzag → back zigzag → clean → back/,
    );
  });
  it('shows what methods share once, and what they differ in side by side', () => {
    expect(textOf(page)).toMatch(/optimizer\.learningRate 0\.5 0\.25 0\.125/);
    expect(page.match(/data\.root/g)).toHaveLength(1);
  });
  it('is well-formed, and the check can fail', () => {
    expect(faults(page)).toEqual([]);
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
    expect(page).not.toMatch(/https?:|\/\/[a-z]|<script|<link|<iframe|@import|url\(|javascript:|\son\w+=/i);
    expect(page).toContain("default-src 'none'");
    const sources = Array.from(page.matchAll(/(?:src|href)="([^"]*)"/g), ([, url]) => url!);
    expect(sources.every((url) => url.startsWith('data:image/png;base64,'))).toBe(true);
  });
  it('is light or dark as the reader prefers', () => {
    expect(page).toMatch(/prefers-color-scheme: dark/);
  });
  it('is a function of its input', () => {
    expect(renderReport(structuredClone(input))).toBe(page);
  });
});

describe('several seeds', () => {
  const seeds = [method([0.5, 0.9, 0.9, 0.9]), method([0.75, 0.9, 0.5, 0.9])];
  const page = renderReport(withMethods({ erm: seeds[0]! }, { erm: seeds[1]! }));
  it('are a mean with its standard deviation, by hand', () => {
    // Worst groups 0.5 and 0.5; the first group 0.5 and 0.75: s = √(2 · 0.125²) = 0.17678.
    expect(textOf(rowsOf(tableOf(page, 'methods'))[1]!)).toMatch(
      /^erm 50\.0 % ± 0\.0 \(Y=0\)\(Z=0\) \(1 of 2\), \(Y=1\)\(Z=0\) \(1 of 2\) 98\.8 % ± 0\.0 .* 2 1,234/,
    );
    expect(exactNumbers(page).has(0.625)).toBe(true);
    expect(exactNumbers(page).has(Math.sqrt(2 * 0.125 ** 2))).toBe(true);
  });
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

describe('what was not measured', () => {
  it('is a dash with its reason, in the table and the chart, and never the best', () => {
    const page = renderReport(withMethods({ erm: lacking, camel }));
    const [, first, second] = rowsOf(tableOf(page, 'methods'));
    const why = '– no images of even, zigzag';
    expect(textOf(first!)).toBe(`erm ${why} 98.8 % ${why} ${why} 1,234 1 min 2 s`);
    expect(second).not.toContain('best"><data value="0.924"');
    expect(tableOf(page, 'methods').match(/class="worst best"/g)).toBeNull();
    expect(textOf(page)).toContain('even, zigzag 0 to 1,001 test images');
    expect(textOf(renderReport(withMethods({ erm: lacking })))).toContain(
      'even, zigzag 0 test images erm erm, even, zigzag: – –',
    );
  });
  it('is a run that failed or was not done, with its reason, before the numbers and in the list of runs', () => {
    const page = renderReport({
      ...input,
      seeds: [
        {
          seed: 1,
          stage1: [{ name: 'stage-1', failed: 'loss is <not> finite' }],
          methods: { erm, camel: { failed: 'not run: stage-1 failed' } },
        },
      ],
      trainingRuns: [],
      translationRuns: [],
    });
    const text = textOf(page);
    expect(text).toMatch(
      /Some runs have no result\. seed 1, stage-1: loss is &lt;not&gt; finite seed 1, group-dro: not run yet seed 1, camel: not run: stage-1 failed/,
    );
    expect(text).toMatch(/stage-1 1 – failed: loss is &lt;not&gt; finite/);
    expect(textOf(rowsOf(tableOf(page, 'methods'))[3]!)).toBe(
      'camel – its run failed – its run failed – its run failed – its run failed – –',
    );
    expect(page.indexOf('class="warning"')).toBeLessThan(page.indexOf('<table'));
    expect(faults(page)).toEqual([]);
  });
  it('labels the curves of training by the groups that are trained on', () => {
    const some: TrainingRun = {
      ...training(11, 'erm', false),
      groupNames: ['a', 'b', 'c'],
      trainedGroupNames: ['a', 'c'],
      training: [{ step: 1, loss: 1, groupLosses: [0.5, 0.25] }],
      validation: [{ step: 1, groupAccuracies: [0.125, 0.625, 0.875] }],
    };
    const text = textOf(renderReport({ ...input, trainingRuns: [some] }));
    expect(text).toMatch(/Training loss of each group by step\. a c .* step a c 1 0\.5 0\.25 Whole loss/);
    expect(text).toContain('erm step a b c 1 12.5 % 62.5 % 87.5 %');
  });
  it('leaves no hole in a page without curves, pictures or gate', () => {
    const bare = renderReport({ ...input, translationRuns: [], trainingRuns: [], stageOne: [] });
    expect(bare).not.toContain('Translations</h2>');
    const ungated = {
      ...good,
      flipRate: null,
      labelPreservation: null,
      frechetDistance: null,
      cycleError: null,
      gateClassifierAccuracy: null,
    };
    const page = renderReport({
      ...input,
      seeds: [{ seed: 11, stage1: [ungated], methods: {} }],
      translationRuns: [
        {
          seed: 11,
          name: 'stage-1',
          bestStep: null,
          galleries: [],
          curve: [{ step: 1, flipRate: null, score: null, cycleLoss: 2 }],
        },
      ],
    });
    expect(textOf(page)).toMatch(/There was no gate/);
    expect(textOf(page)).toMatch(/No pictures were kept/);
    for (const each of [bare, page]) {
      expect(faults(each)).toEqual([]);
      expect(each).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

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

describe('any input', () => {
  const share = fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null });
  const result = (names: readonly string[]): fc.Arbitrary<MethodResult> =>
    fc.record({
      groups: fc.tuple(
        ...names.map((name) =>
          fc.record({
            name: fc.constant(name),
            count: fc.nat(),
            accuracy: share,
            interval: fc.constant(null),
            loss: share,
          }),
        ),
      ),
      worstGroup: fc.constantFrom(null, { name: names[0]!, accuracy: 0.25 }),
      average: share,
      groupAverage: share,
      gap: share,
      steps: fc.nat(),
      seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      selectedStep: fc.nat(),
    });
  const outcome = (names: readonly string[]) =>
    fc.oneof(result(names), fc.record({ failed: fc.string() }), fc.constant(undefined));
  it('of any number of methods, groups and seeds is a whole page with a row each', () => {
    const counts = fc.record({
      methods: fc.integer({ min: 1, max: 12 }),
      groups: fc.integer({ min: 1, max: 20 }),
      seeds: fc.integer({ min: 1, max: 4 }),
    });
    const anyStudy = counts.chain(({ methods, groups, seeds }) => {
      const names = Array.from({ length: groups }, (_, g) => `(Y=${g})`);
      const of = Array.from({ length: methods }, (_, m) => `m${m}`);
      return fc
        .array(fc.tuple(...of.map(() => outcome(names))), { minLength: seeds, maxLength: seeds })
        .map((outcomes) => ({
          of,
          seeds: outcomes.map((each, seed) => ({
            seed,
            stage1: [],
            methods: Object.fromEntries(each.flatMap((one, m) => (one === undefined ? [] : [[of[m]!, one]]))),
          })),
        }));
    });
    fc.assert(
      fc.property(anyStudy, ({ of, seeds }) => {
        const page = renderReport({
          ...input,
          methods: named(...of),
          seeds,
          stageOne: [],
          translationRuns: [],
          trainingRuns: [],
        });
        expect(faults(page)).toEqual([]);
        expect(page).not.toMatch(/NaN|undefined|Infinity/);
        expect(rowsOf(tableOf(page, 'methods'))).toHaveLength(1 + of.length);
      }),
      { numRuns: 40 },
    );
  });
  it('keeps any string in any place text', () => {
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
          name: one,
          data: two,
          notices: [one],
          environment: Object.fromEntries([[two, one]]),
          backend: { name: one, device: two },
          groupLabels: { '(Y=0)(Z=0)': one },
          stageOne: [{ name: one, classes: two, source: one, target: two, settings: { [two]: one } }],
          methods: [{ name: one, kind: two, settings: { [one]: two } }],
          seeds: [
            {
              seed: 11,
              stage1: [{ ...good, name: one }],
              methods: Object.fromEntries([[one, { ...erm, worstGroup: { name: two, accuracy: 0.3 } }]]),
            },
            {
              seed: 12,
              stage1: [{ name: one, failed: two }],
              methods: Object.fromEntries([[one, { failed: two }]]),
            },
          ],
          translationRuns: input.translationRuns.map((run) => ({ ...run, name: one })),
          trainingRuns: [training(11, one, true)],
        });
        expect(faults(page)).toEqual([]);
        expect(page).not.toMatch(/<script|<img src=x|<!--/);
        expect(page).toContain(escapeText(one));
      }),
      { numRuns: 60 },
    );
  });
});
