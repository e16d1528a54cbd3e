import { describe, expect, it } from 'vitest';
import type { MethodResult, SeedResults } from '../../src/config/study-results.ts';
import { headline, type HeadlineInput } from '../../src/report/headline.ts';
import { camel, erm, good, groupDro, lacking, method, named, seedsOf } from './example-input.ts';
import { plain } from './page-checks.ts';

const sentence = (
  seeds: HeadlineInput['seeds'],
  names: readonly string[],
  more: Partial<HeadlineInput> = {},
): string => plain(headline({ methods: named(...names), seeds, stageOne: [], groupLabels: {}, ...more }));

/** Of one seed, all its methods in their order. */
const of = (methods: SeedResults['methods']): string => sentence(seedsOf(methods), Object.keys(methods));

describe('one seed', () => {
  it('says by how much the worst group rises', () => {
    expect(of({ erm, camel })).toBe('camel lifts the worst group from 31.0 % with erm to 92.4 %.');
  });
  it('names the method between when it is as good, and when it is not', () => {
    expect(of({ erm, 'group-dro': groupDro, camel })).toBe(
      'camel lifts the worst group from 31.0 % with erm to 92.4 %; group-dro is level with camel at 93.0 %.',
    );
    expect(of({ erm, 'group-dro': method([0.9, 0.8, 0.7, 0.9]), camel })).toBe(
      'camel lifts the worst group from 31.0 % with erm to 92.4 %; group-dro reaches 70.0 %.',
    );
  });
  it('says so when it does not rise', () => {
    expect(of({ erm: camel, camel: erm })).toBe(
      'camel does not lift the worst group: it falls from 92.4 % with erm to 31.0 %.',
    );
  });
  it('claims nothing where the intervals overlap, in either direction', () => {
    const slightly = method([0.99, 0.33, 0.4, 0.98]);
    expect(of({ erm, camel: slightly })).toBe(
      'camel does not clearly change the worst group: 33.0 % against 31.0 % with erm.',
    );
    expect(of({ erm: slightly, camel: erm })).toMatch(/does not clearly change/);
    const certain = [method([0.31, 0.9, 0.9, 0.9], 0.005), method([0.33, 0.9, 0.9, 0.9], 0.005)];
    expect(of({ erm: certain[0]!, camel: certain[1]! })).toMatch(/^camel lifts .* 33/);
  });
  it('compares with ERM wherever it stands, or else with the first method', () => {
    expect(of({ camel, erm })).toMatch(/^camel lifts the worst group from 31\.0 % with erm/);
    expect(of({ 'group-dro': groupDro, camel })).toMatch(/^camel does not clearly .* with group-dro\.$/);
  });
  it('tells of a single method what the average hides', () => {
    expect(of({ erm })).toBe('erm is right on 31.0 % of its worst group, while the average says 98.8 %.');
    expect(of({ erm: { ...erm, average: null } })).toBe('erm is right on 31.0 % of its worst group.');
  });
  it('stays readable with many methods', () => {
    const of8 = [0.5, 0.7, 0.6, 0.8, 0.75].map((worst) => method([worst, 0.9, 0.95, 0.97]));
    const methods = Object.fromEntries(of8.map((each, i) => [`variant-${i}`, each]));
    expect(of({ erm, ...methods, camel })).toBe(
      'camel lifts the worst group from 31.0 % with erm to 92.4 %; the 5 others reach from 50.0 % (variant-0) to 80.0 % (variant-3).',
    );
  });
});

describe('several seeds', () => {
  const seeds = (...worst: readonly (readonly [MethodResult, MethodResult])[]) =>
    sentence(seedsOf(...worst.map(([first, last]) => ({ erm: first, camel: last }))), ['erm', 'camel']);
  const at = (worst: number): MethodResult => method([worst, 0.99, 0.99, 0.99], 0.005);
  it('compares means', () => {
    expect(seeds([at(0.3), at(0.9)], [at(0.32), at(0.91)], [at(0.34), at(0.92)])).toBe(
      'camel lifts the worst group from 32.0 % with erm to 91.0 % (means of 3 seeds).',
    );
  });
  it('claims nothing that seeds contradict, though every seed has narrow intervals', () => {
    // Means 0.4 and 0.6 with s = 0.2: Student's intervals reach ± 4.303 · 0.2 / √3 = 0.497.
    expect(seeds([at(0.2), at(0.4)], [at(0.4), at(0.6)], [at(0.6), at(0.8)])).toBe(
      'camel does not clearly change the worst group: 60.0 % against 40.0 % with erm (means of 3 seeds).',
    );
  });
  it('says that a method is below in each seed where the intervals overlap all the same', () => {
    const three = (below: number) =>
      seedsOf(
        { erm: at(0.1), 'group-dro': at(0.8), camel: at(0.9) },
        { erm: at(0.12), 'group-dro': at(0.9), camel: at(0.95) },
        { erm: at(0.14), 'group-dro': at(below), camel: at(0.94) },
      );
    const methods = ['erm', 'group-dro', 'camel'];
    const found = sentence(three(0.93), methods);
    expect(found).toMatch(/; group-dro reaches 87\.7 %, less in each of the 3 seeds \(means of 3 seeds\)\.$/);
    expect(sentence(three(0.95), methods)).toMatch(/; group-dro is level with camel at 88\.3 %/);
  });
  it('says over how many seeds, where they differ', () => {
    const failed = { failed: 'loss is not finite' };
    const some = seedsOf({ erm: at(0.3), camel: failed }, { erm: at(0.3), camel: at(0.9) });
    expect(sentence(some, ['erm', 'camel'])).toBe(
      'camel lifts the worst group from 30.0 % with erm to 90.0 % (means of 1 to 2 seeds).',
    );
  });
});

describe('what is not known', () => {
  it('is not compared, and why is said', () => {
    expect(of({ erm: lacking, camel: lacking })).toBe(
      'camel and erm cannot be compared: the worst group of erm was not measured (no images of (Y=0)(Z=1)).',
    );
    const groupLabels = { '(Y=0)(Z=1)': 'even, zigzag' };
    expect(sentence(seedsOf({ erm: lacking }), ['erm'], { groupLabels })).toBe(
      'The worst group of erm was not measured (no images of even, zigzag).',
    );
    expect(of({ erm, 'group-dro': lacking, camel })).toBe(
      'camel lifts the worst group from 31.0 % with erm to 92.4 %; the worst group of group-dro was not measured (no images of (Y=0)(Z=1)).',
    );
    expect(of({ erm: { ...erm, worstGroup: null } })).toBe('The worst group of erm was not measured.');
  });
  it('may be a failure, or a run that was not done', () => {
    const failed = { failed: 'loss is not finite' };
    expect(of({ erm, camel: failed })).toBe(
      'camel and erm cannot be compared: the worst group of camel was not measured (its run failed).',
    );
    expect(sentence(seedsOf({ erm, camel }, { erm, camel }), ['erm', 'other', 'camel'])).toBe(
      'camel lifts the worst group from 31.0 % with erm to 92.4 %; the worst group of other was not measured (it was not run) (means of 2 seeds).',
    );
    expect(of({ erm: failed, camel: failed })).toBe('No classifier was trained.');
    expect(sentence([], ['erm'])).toBe('No classifier was trained.');
  });
  it('is a smoke run’s everything, however its numbers fell', () => {
    const short = { erm: { ...erm, steps: 20 }, camel: { ...camel, steps: 99 } };
    expect(of(short)).toBe('Smoke run: everything runs, and nothing was learnt in 99 steps.');
    expect(of({ ...short, camel: { ...camel, steps: 100 } })).toMatch(/^camel lifts/);
    expect(of({ ...short, camel: { failed: 'x' } })).toBe(
      'Smoke run: 1 of 2 runs failed, and nothing was learnt in 20 steps.',
    );
  });
});

describe('generators alone', () => {
  const stageOne = [{ name: 'stage-1', classes: 'all', source: 'land', target: 'water', settings: {} }];
  const alone = (figures: object): string =>
    sentence([{ seed: 0, stage1: [{ ...good, ...figures }], methods: {} }], [], { stageOne });
  it('say what their gate says', () => {
    expect(alone({})).toBe(
      '96.1 % of the land → water translations and 97.3 % of the water → land ones pass the strict gate.',
    );
    expect(alone({ flipRate: null })).toBe('stage-1 was trained for 450 steps, and no gate has judged it.');
    expect(alone({ steps: 12 })).toMatch(/^Smoke run: .* 12 steps/);
    expect(sentence([], [], { stageOne })).toBe('No generators were trained.');
  });
});
