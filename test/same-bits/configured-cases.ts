/** Small experiments from configuration files: digits in memory, and drawn photographs that are decoded from files. */
import { join } from 'node:path';
import { makeSampleData } from '../../src/cli/sample-data/sample-data.ts';
import { evaluateRun } from '../../src/experiment/stage-two/evaluate.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { runStageOne } from '../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo } from '../../src/experiment/stage-two/run-stage-two.ts';
import { checkpointDigest, recordsDigest, reportDigest, tensorsDigest, type Digests } from './digests.ts';
import { STOPPED, untilDone, type Roots } from './until-done.ts';

const BACKEND = { name: 'wasm', device: 'CPU' } as const;

const DIGITS = ['data.sizes={ kind: counts, y0z0: 80, y0z1: 16, y1z0: 16, y1z1: 80 }', 'data.testImages=20'];
const DIGITS_STAGE_ONE = [
  ...DIGITS,
  'translation.source.images=16',
  'translation.target.images=16',
  'generator.width=0.0625',
  'discriminator.width=0.0625',
  'pool.capacity=8',
  'training={ epochs: 3, batchSize: 4 }',
  'movingAverageDecay=0.9',
  'gate={ kind: strict, every: { epochs: 1 }, trainingImages: 12, heldOutImages: 4, domainSteps: 6, labelSteps: 6, batchSize: 8, width: 0.1 }',
  'checkpoints.every={ epochs: 1 }',
];
const DIGITS_STAGE_TWO = [
  ...DIGITS,
  'network.width=0.125',
  'training.batchSize=12',
  'training.epochBatchSize=24',
  'training.epochs=2',
  'evaluation.select=last',
];

const PHOTOGRAPHS = ['data.size=32'];
const PHOTOGRAPHS_STAGE_ONE = [
  ...PHOTOGRAPHS,
  'translation.source.images=8',
  'translation.target.images=8',
  'training={ steps: 3, batchSize: 2 }',
  'pool={ capacity: 4, rule: current-or-history }',
  'checkpoints.every={ epochs: 1 }',
];

/** Stage 2 of every method, and what else its step can hold. */
const METHODS: Readonly<Record<string, readonly [file: string, ...overrides: string[]]>> = {
  erm: ['erm', 'optimizer.learningRate=0.01'],
  'erm-balanced': ['erm', 'method.sampling=balanced', 'optimizer={ kind: adam, learningRate: 0.01 }'],
  'group-dro': [
    'gdro',
    'optimizer={ learningRate: 0.01, schedule: { kind: cosine }, warmUpSteps: 2 }',
    'invariance={ kind: irm, weight: 0.1 }',
  ],
  camel: ['camel', 'optimizer.learningRate=0.01', 'method.consistency.weight=1'],
  'camel-both': [
    'camel',
    'optimizer.learningRate=0.01',
    'method.trainOn=both',
    'method.consistency={ kind: jensen-shannon, weight: 1, reduction: mean }',
    'method.adversary.gradient=through',
    'images.augmentation=[{ kind: fliplr }]',
  ],
};

async function stageOneCase(
  file: string,
  out: string,
  roots: Roots,
  overrides: readonly string[],
  stopEvery?: number,
): Promise<Digests> {
  const toRun = await experimentToRun(file, 'stage-1', { roots, overrides });
  await untilDone((context) => runStageOne(toRun, { out, backend: BACKEND }, context), stopEvery);
  return { weights: checkpointDigest(join(out, 'checkpoints')) };
}

async function stageTwoCase(
  file: string,
  out: string,
  roots: Roots,
  overrides: readonly string[],
  stopEvery?: number,
): Promise<Digests> {
  const toRun = await experimentToRun(file, 'stage-2', { roots, overrides });
  const results = await untilDone(
    (context) => runStageTwo(toRun, { out, backend: BACKEND }, context),
    stopEvery,
  );
  const test = results.result;
  const validation = await untilDone((context) => evaluateRun({ run: out, split: 'validation' }, context));
  return {
    weights: checkpointDigest(join(out, 'checkpoints')),
    test: reportDigest(test),
    validation: reportDigest(validation.report),
  };
}

/** Digits: stage 1 under its gate, the translations, and every method; each also stopped again and again. */
export async function* digitCases(scratch: string, data: string): AsyncGenerator<readonly [string, Digests]> {
  const roots = { DATA: data, RUNS: scratch };
  const stageOneFile = 'examples/configs/stage-1/mnist-correlation/all-classes.yaml';
  const run = join(scratch, 'mnist-correlation-stage-1');
  const stageOne = await stageOneCase(stageOneFile, run, roots, DIGITS_STAGE_ONE);
  const gate = tensorsDigest(join(run, 'gate-classifiers.safetensors'));
  yield ['digits/stage-1', { ...stageOne, gate }];
  const stopped = join(scratch, 'stopped-stage-1');
  yield [
    `digits/stage-1${STOPPED}`,
    {
      ...(await stageOneCase(stageOneFile, stopped, roots, DIGITS_STAGE_ONE, 5)),
      gate: tensorsDigest(join(stopped, 'gate-classifiers.safetensors')),
    },
  ];
  for (const [name, [file, ...overrides]] of Object.entries(METHODS)) {
    const path = `examples/configs/stage-2/mnist-correlation/${file}.yaml`;
    const settings = [...DIGITS_STAGE_TWO, ...overrides];
    yield [`digits/${name}`, await stageTwoCase(path, join(scratch, name), roots, settings)];
    if (name === 'camel')
      yield [
        `digits/camel${STOPPED}`,
        await stageTwoCase(path, join(scratch, `${name}-stopped`), roots, settings, 3),
      ];
  }
  yield ['digits/translations', { pixels: recordsDigest(join(run, 'translations')) }];
}

/** Drawn birds as files: a U-Net and a ResNet generator, a small CNN and a ResNet-50, decoding in worker threads. */
export async function* photographCases(scratch: string): AsyncGenerator<readonly [string, Digests]> {
  await makeSampleData(scratch, { only: ['waterbirds'], scale: 0.2, share: 0.5 });
  const roots = { DATA: scratch, RUNS: join(scratch, 'runs') };
  const generators = [
    'generator={ kind: unet, filters: [4, 8], normalization: instance, dropout: [0.5] }',
    'generator={ kind: resnet, filters: 4, blocks: 1 }',
  ];
  for (const [i, name] of ['landbirds', 'waterbirds'].entries()) {
    const run = join(roots.RUNS, `waterbirds-stage-1-class-${i}`);
    const overrides = [
      ...PHOTOGRAPHS_STAGE_ONE,
      generators[i]!,
      'discriminator={ filters: [4, 8], normalization: instance }',
      ...(i === 0 ? [] : ['loss={ adversarial: lsgan, penalty: { kind: dragan, scale: 1 } }']),
    ];
    const file = `examples/configs/stage-1/waterbirds/${name}.yaml`;
    yield [`photographs/stage-1 ${name}`, await stageOneCase(file, run, roots, overrides)];
  }
  const camel = [
    ...PHOTOGRAPHS,
    'images.scaling={ kind: BasicImagePreprocessing }',
    'network={ kind: small-cnn, width: 0.125 }',
    'training={ steps: 4, batchSize: 8, epochBatchSize: 40 }',
    'optimizer.learningRate=0.01',
    'method.consistency.weight=1',
    'evaluation.select=last',
  ];
  const file = 'examples/configs/stage-2/waterbirds/camel.yaml';
  yield [
    'photographs/camel',
    {
      ...(await stageTwoCase(file, join(roots.RUNS, 'camel'), roots, camel)),
      landbirds: recordsDigest(join(roots.RUNS, 'waterbirds-stage-1-class-0', 'translations')),
      waterbirds: recordsDigest(join(roots.RUNS, 'waterbirds-stage-1-class-1', 'translations')),
    },
  ];
  const resnet = [
    ...PHOTOGRAPHS,
    'network={ kind: resnet50, width: 0.0625, weights: { kind: random } }',
    'training={ steps: 2, batchSize: 8, epochBatchSize: 40 }',
    'evaluation.select=last',
  ];
  yield [
    'photographs/group-dro with resnet50',
    await stageTwoCase(
      'examples/configs/stage-2/waterbirds/gdro.yaml',
      join(roots.RUNS, 'gdro'),
      roots,
      resnet,
    ),
  ];
}
