/**
 * The main job as a study at its smallest: learnt, true and identical translations, and one stopped again and again. Its
 * stage 1 is the published one and the recommended one.
 */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { readStudy } from '../../src/experiment/study/read-study.ts';
import { runStudy } from '../../src/experiment/study/run-study.ts';
import { checkpointDigest, recordsDigest, reportDigest, tensorsDigest, type Digests } from './digests.ts';
import { STOPPED, untilDone } from './until-done.ts';

const SEED = 5;
const TINY = [
  'data.sizes={ kind: parts, training: { y0z0: 60, y0z1: 10, y1z0: 10, y1z1: 60 }, validation: { y0z0: 10, y0z1: 10, y1z0: 10, y1z1: 10 }, gate: { training: 20, heldOut: 10 } }',
  'data.testImages=20',
  'stage-1.0.training={ steps: 6, batchSize: 4 }',
  'stage-1.0.checkpoints.every={ steps: 2 }',
  'stage-1.0.gate={ every: { steps: 2 }, domainSteps: 6, labelSteps: 6, measureOneIn: 2, width: 0.1, batchSize: 8 }',
  'stage-2.training={ steps: 6, batchSize: 12 }',
  'stage-2.network.width=0.125',
  'stage-2.evaluation.every={ steps: 3 }',
  'stage-2.checkpoints.every={ steps: 3 }',
];

/** A study, and what makes its stage 1 small. */
interface SmallStudy {
  readonly file: string;
  readonly stageOne: readonly string[];
}

const PUBLISHED: SmallStudy = {
  file: 'examples/studies/mnist-correlation/smoke.yaml',
  stageOne: [
    'stage-1.0.translation={ source: { images: null }, target: { images: null } }',
    'stage-1.0.generator.width=0.0625',
    'stage-1.0.discriminator.width=0.0625',
    'stage-1.0.pool.capacity=8',
  ],
};

const RECOMMENDED: SmallStudy = {
  file: 'examples/studies/mnist-correlation/quick.yaml',
  stageOne: [
    'stage-1.0.generator.filters=[2, 3]',
    'stage-1.0.discriminator.filters=[2, 3]',
    'stage-1.0.loss.penalty.every=2',
    'stage-1.0.training.scarce.realInputs=1',
  ],
};

async function studyCase(
  { file, stageOne }: SmallStudy,
  out: string,
  data: string,
  overrides: readonly string[],
  methods: readonly string[] | null,
  stopEvery?: number,
): Promise<Digests> {
  const read = await readStudy(file, [...TINY, ...stageOne, ...overrides]);
  if (E.isLeft(read)) throw new Error(JSON.stringify(read.left));
  const options = {
    out,
    file,
    roots: { DATA: data },
    seeds: [SEED],
    methods,
    backend: { name: 'wasm', device: 'CPU' },
  } as const;
  const { seeds } = await untilDone((context) => runStudy(read.right, options, context), stopEvery);
  const folder = join(out, `seed-${SEED}`);
  const [{ stage1, methods: found }] = seeds as [(typeof seeds)[number]];
  const each = Object.entries(found).flatMap(([name, result]) => {
    if ('failed' in result) throw new Error(`${name}: ${result.failed}`);
    return [
      [`${name} weights`, checkpointDigest(join(folder, name, 'checkpoints'))],
      [`${name} test`, reportDigest(result)],
    ];
  });
  return {
    ...(stage1.length > 0 && {
      gate: tensorsDigest(join(folder, 'stage-1', 'gate-classifiers.safetensors')),
      'stage 1': checkpointDigest(join(folder, 'stage-1', 'checkpoints')),
      translations: recordsDigest(join(folder, 'stage-1', 'translations')),
    }),
    ...Object.fromEntries(each),
  };
}

/** The main job in its ways. */
export async function* studyCases(scratch: string, data: string): AsyncGenerator<readonly [string, Digests]> {
  yield ['main job', await studyCase(PUBLISHED, join(scratch, 'whole'), data, [], null)];
  yield [`main job${STOPPED}`, await studyCase(PUBLISHED, join(scratch, 'stopped'), data, [], null, 6)];
  const recommended = 'main job as recommended';
  yield [recommended, await studyCase(RECOMMENDED, join(scratch, 'recommended'), data, [], null)];
  yield [
    `${recommended}${STOPPED}`,
    await studyCase(RECOMMENDED, join(scratch, 'recommended-stopped'), data, [], null, 6),
  ];
  for (const translations of ['true', 'identity']) {
    const overrides = [`methods.camel.method.translations=${translations}`];
    yield [
      `main job, ${translations}`,
      await studyCase(PUBLISHED, join(scratch, translations), data, overrides, ['camel']),
    ];
  }
}
