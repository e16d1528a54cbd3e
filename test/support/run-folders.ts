/** Folders of runs as training leaves them, made by hand, of the size of a test. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodePng } from '../../src/data/png.ts';

const DATA = {
  kind: 'mnist-correlation',
  root: '${DATA}/mnist',
  corruption: 'zigzag',
  corruptionSeed: 0,
  drawSeed: null,
  sizes: { kind: 'counts', y0z0: 9, y0z1: 9, y1z0: 9, y1z1: 9 },
  validationFraction: 0.5,
  splits: 'disjoint',
  testImages: 5,
  label: 'y',
};

/** The groups of these runs. */
export const GROUPS = ['(Y=0)(Z=0)', '(Y=0)(Z=1)', '(Y=1)(Z=0)', '(Y=1)(Z=1)'] as const;

/** A report on a split whose accuracies are these. */
export const reportOf = (accuracies: readonly number[]) => ({
  groups: accuracies.map((accuracy, g) => ({
    name: GROUPS[g]!,
    count: 10 * (g + 1),
    accuracy,
    interval: [0, 1] as const,
    loss: 1 - accuracy / 2,
  })),
  worstGroup: { name: GROUPS[0], accuracy: Math.min(...accuracies) },
  average: 0.625,
  groupAverage: 0.5,
  gap: 0.25,
});

/** Records of stage 2 after steps 1 to `steps`, with an evaluation after every second one. */
export const classifierRecords = (steps: number): readonly { readonly step: number }[] =>
  Array.from({ length: steps }, (_, i) => i + 1).flatMap((step) => [
    {
      step,
      kind: 'training',
      loss: 1 / (step + 2),
      consistency: step / 7,
      groupMeans: [step + 0.1, step + 0.2, null, step + 0.4],
      groupCounts: [2, 2, 0, 2],
      gradientNorm: 0.3 * step,
      adversaryWeights: [0.75, 0.25, 0.5, 0.5],
    },
    ...(step % 2 === 0
      ? [
          {
            step,
            kind: 'evaluation',
            epoch: step / 4,
            reports: { validation: reportOf([step / 100, 0.5, 0.5, 1]) },
          },
        ]
      : []),
  ]);

/** Lines of `metrics.jsonl`. */
export const linesOfRecords = (records: readonly object[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

function writeRun(folder: string, settings: object, outcome: object | undefined): void {
  mkdirSync(join(folder, 'checkpoints'), { recursive: true });
  // Whole or not at all, since a program may be reading it.
  const path = join(folder, 'run.json');
  writeFileSync(`${path}.new`, JSON.stringify({ format: 2, settingsHash: 'x', settings, outcome }));
  renameSync(`${path}.new`, path);
}

const classifierEnd = (steps: number) => ({
  results: { ...reportOf([0.25, 0.5, 0.75, 1]), steps, seconds: 3.5 },
  selectedStep: 2,
  trainedGroups: GROUPS,
  damaged: [],
});

/**
 * Writes a run of stage 2.
 *
 * @param folder Of the run.
 * @param steps In its log.
 * @param done Whether it has come to its end.
 */
export function writeClassifierRun(folder: string, steps: number, done: boolean): void {
  const settings = {
    ...{ version: 1, kind: 'stage-2', name: 'camel', seed: 3, data: DATA, roots: { DATA: '/data' } },
    network: { kind: 'small-cnn' },
    method: {
      kind: 'camel',
      translations: { sources: [{ from: { kind: 'identity' } }] },
    },
  };
  writeRun(folder, settings, done ? classifierEnd(steps) : undefined);
  writeFileSync(join(folder, 'metrics.jsonl'), linesOfRecords(classifierRecords(steps)));
  for (const step of [2, 4])
    writeFileSync(
      join(folder, 'checkpoints', `step-${String(step).padStart(9, '0')}.safetensors`),
      'weights',
    );
}

const both = (toTarget: number, toSource: number) => ({ toTarget, toSource });
const MEASURE = {
  flipRate: both(0.5, 0.75),
  labelPreservation: both(0.9, 0.8),
  frechetDistance: both(2.5, 1.5),
  cycleError: 0.125,
  score: 0.4,
};

/** Writes a picture of 12 × 4 pixels as a training leaves it after a step. */
export function writeGallery(folder: string, step: number): void {
  mkdirSync(join(folder, 'gallery'), { recursive: true });
  const pixels = new Uint8Array(12 * 4).map((_, i) => i);
  writeFileSync(
    join(folder, `gallery/step-${String(step).padStart(9, '0')}.png`),
    encodePng({ height: 12, width: 4, channels: 1, pixels }),
  );
}

/** Writes a run of stage 1 with two steps and a gallery after the second; it has come to its end. */
export function writeTranslationRun(folder: string): void {
  writeRun(
    folder,
    { kind: 'stage-1', name: 'stage-1', seed: 3, data: DATA },
    {
      steps: 2,
      stepsPerEpoch: 1,
      bestStep: 2,
      measure: MEASURE,
      gateAccuracy: { domain: 0.9, label: 0.95 },
      seconds: 2,
      damaged: [],
    },
  );
  const losses = { generatorToTarget: 0.5, generatorToSource: 0.625, cycleSource: 9, cycleTarget: 8 };
  writeFileSync(
    join(folder, 'metrics.jsonl'),
    linesOfRecords([
      { step: 1, kind: 'training', ...losses },
      { step: 2, kind: 'training', ...losses, discriminatorSource: 0.7, penaltyTarget: null },
      { step: 2, kind: 'gallery', name: 'translations', file: 'gallery/step-000000002.png' },
      { step: 2, kind: 'evaluation', ...MEASURE },
    ]),
  );
  writeGallery(folder, 2);
}
