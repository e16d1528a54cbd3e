/** Inputs of a report for tests: results with numbers that are easy to compute with. */
import type { MethodResult, SeedResults, StageOneFigures } from '../../src/config/study-results.ts';
import type { ReportInput, TrainingRun } from '../../src/report/input.ts';

export const GROUPS = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'];

/** A result of groups with these accuracies. */
export function method(accuracies: readonly number[], halfWidth = 0.02, names = GROUPS): MethodResult {
  const worst = Math.min(...accuracies);
  return {
    groups: accuracies.map((accuracy, g) => ({
      name: names[g]!,
      count: 1000 + g,
      accuracy,
      interval: [Math.max(0, accuracy - halfWidth), Math.min(1, accuracy + halfWidth)],
      loss: 1.25 - accuracy,
    })),
    worstGroup: { name: names[accuracies.indexOf(worst)]!, accuracy: worst },
    average: 0.98765,
    groupAverage: accuracies.reduce((sum, accuracy) => sum + accuracy, 0) / accuracies.length,
    gap: 0.0625,
    steps: 1234,
    seconds: 61.5,
    selectedStep: 1100,
  };
}

export const erm = method([0.99, 0.31, 0.4, 0.98]);
export const groupDro = method([0.97, 0.95, 0.93, 0.96]);
export const camel = method([0.98, 0.924, 0.95, 0.97]);

/** Without test images of one group. */
export const lacking: MethodResult = {
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

/** Translations that are good enough. */
export const good: StageOneFigures = {
  name: 'stage-1',
  flipRate: { toTarget: 0.9612, toSource: 0.9733 },
  labelPreservation: { toTarget: 0.9811, toSource: 0.9734 },
  frechetDistance: { toTarget: 0.125, toSource: 0.375 },
  cycleError: 0.0312345,
  gateClassifierAccuracy: 0.9876,
  steps: 450,
  seconds: 99.5,
};

/** The log of a classifier. */
export const training = (seed: number, name: string, adversary: boolean): TrainingRun => ({
  seed,
  method: name,
  groupNames: GROUPS,
  trainedGroupNames: GROUPS,
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

/** Seeds 0, 1, … with the outcomes of their methods. */
export const seedsOf = (...methods: readonly SeedResults['methods'][]): readonly SeedResults[] =>
  methods.map((each, seed) => ({ seed, stage1: [], methods: each }));

const kinds: Readonly<Record<string, string>> = { erm: 'erm', 'group-dro': 'group-dro' };

/** Methods in this order. */
export const named = (...names: readonly string[]): ReportInput['methods'] =>
  names.map((name, i) => ({
    name,
    kind: kinds[name] ?? 'camel',
    settings: { name, data: { root: '${DATA}' }, optimizer: { learningRate: 0.5 ** (i + 1), clip: null } },
  }));

/** One seed, three methods, an experiment of stage 1. */
export const input: ReportInput = {
  name: 'digits',
  data: 'mnist-correlation',
  backend: { name: 'wasm', device: '2 threads' },
  environment: { node: 'v20.20.2', processors: 2 },
  seconds: 441.25,
  notices: [],
  groupLabels: { '(Y=0)(Z=1)': 'even, zigzag' },
  stageOne: [
    { name: 'stage-1', classes: 'all classes', source: 'clean', target: 'zigzag', settings: { pool: 50 } },
  ],
  methods: named('erm', 'group-dro', 'camel'),
  seeds: [{ seed: 11, stage1: [good], methods: { erm, 'group-dro': groupDro, camel } }],
  translationRuns: [
    {
      seed: 11,
      name: 'stage-1',
      bestStep: 75,
      curve: [25, 50, 75].map((step) => ({
        step,
        flipRate: { toTarget: step / 100, toSource: 0.9 },
        score: step / 120,
        cycleLoss: 1 / step,
      })),
      galleries: [
        { step: 75, png: 'iVBORw0KGgo=', width: 224 },
        { step: 450, png: 'iVBORw0KGg1=', width: 1792 },
      ],
    },
  ],
  trainingRuns: [training(11, 'erm', false), training(11, 'group-dro', true), training(11, 'camel', true)],
  courses: [],
};
