import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MethodResult } from '../../src/config/study-results.ts';
import { escapeText } from '../../src/report/markup.ts';
import { renderReport } from '../../src/report/report-page.ts';
import { camel, erm, good, groupDro, input, named, training } from './example-input.ts';
import { exactNumbers, faults } from './page-checks.ts';
import { rowsOf, tableOf, textOf } from './rendered.ts';

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

describe('what was not measured', () => {
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
