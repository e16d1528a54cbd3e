/** Decoders of the files of runs and studies, each by itself and in a run folder that is opened. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { decodeJson } from '../../src/config/decoding.ts';
import { StageTwoRunResultsCodec, StudyResultsCodec } from '../../src/config/study-results.ts';
import type { DataError } from '../../src/data/data-error.ts';
import { StageTwoOutcomeCodec } from '../../src/experiment/outcomes.ts';
import { readTrainingRun } from '../../src/experiment/report/training-log.ts';
import { readStudyFile } from '../../src/experiment/study/study-file.ts';
import { checkpointsIn } from '../../src/runs/checkpoints.ts';
import { finishedOutcome, openRun } from '../../src/runs/run-directory.ts';
import { readRunFile } from '../../src/runs/run-file.ts';
import { encodeSafetensors } from '../../src/runs/safetensors.ts';
import { runLog } from '../../src/runs/run-log.ts';
import { startClock } from '../../src/runs/run-clock.ts';
import { skippedImagesIn } from '../../src/runs/skipped-images.ts';
import { contentHashes } from '../../src/streams/content-hashes.ts';
import { decodeListing, encodeListing, fingerprintOf } from '../../src/streams/data-fingerprint.ts';
import { settingsHash, sha256 } from '../../src/streams/record-manifest.ts';
import { bombOf } from './bombs.ts';
import { anyOf, anyResult, textBytes, textOf, type Decoder } from './decoder.ts';
import { BYTE_MUTATIONS, type Mutation } from './mutations.ts';
import { TEXT_MUTATIONS } from './text-mutations.ts';

const json = (value: unknown): Uint8Array => textBytes(`${JSON.stringify(value, null, 2)}\n`);

const SETTINGS = { seed: 1, method: { kind: 'camel', weight: 5 }, data: { kind: 'folder', root: '/data' } };
const GROUPS = [{ name: 'y0z0', count: 10, accuracy: 0.9, interval: [0.8, 0.95], loss: 0.2 }];
const RESULT = {
  groups: GROUPS,
  worstGroup: { name: 'y0z0', accuracy: 0.9 },
  average: 0.9,
  groupAverage: 0.9,
  gap: 0,
  steps: 10,
  seconds: 1.5,
};
const OUTCOME = { results: RESULT, selectedStep: 5, trainedGroups: ['y0z0'], damaged: [] };
const RUN = { format: 2, settingsHash: settingsHash(SETTINGS), settings: SETTINGS, outcome: OUTCOME };
const FAULT = {
  where: '/data/a.jpg',
  expected: 'a whole JPEG image',
  found: 'a damaged one',
  cure: 'fetch it',
};

const METRICS = [
  {
    step: 1,
    kind: 'training',
    loss: 0.5,
    groupMeans: [0.5, null],
    groupCounts: [4, 0],
    adversaryWeights: [1, 0],
  },
  { step: 2, kind: 'evaluation', reports: { validation: { groups: [{ name: 'y0z0', accuracy: 0.5 }] } } },
  { step: 2, kind: 'training', loss: 0.25, groupMeans: [0.25, 1], groupCounts: [2, 2] },
];
const LINES = METRICS.map((record) => `${JSON.stringify(record)}\n`).join('');

const common = { format: 2, name: 'erm', backend: 'wasm', device: 'CPU', seconds: 3 };
const SPREAD = { mean: 0.5, sd: null };
const STUDY_RESULTS = {
  ...common,
  seeds: [{ seed: 0, stage1: [], methods: { erm: { ...RESULT, selectedStep: 5 }, camel: { failed: 'no' } } }],
  summary: { erm: { seeds: 1, worstGroup: SPREAD, average: SPREAD, groupAverage: SPREAD, gap: SPREAD } },
};
const RUN_RESULTS = { ...common, seed: 0, method: 'erm', result: { ...RESULT, selectedStep: 5 } };

const IMAGES = [0, 1, 2].map((i) => ({
  split: 'train',
  label: i & 1,
  subgroup: 0,
  content: sha256(`${i}`).slice(0, 32),
  name: `${i}.jpg`,
}));
const DATA = fingerprintOf({ classes: ['a', 'b'], subgroups: ['c'], images: IMAGES });

/** Packs damaged text, or a mass of zeros. */
const pack: Mutation = (file, draws, others) =>
  draws.chance(0.05)
    ? bombOf('gzip', draws.one([2 ** 20, 2 ** 27]))
    : new Uint8Array(gzipSync(draws.one(TEXT_MUTATIONS)(draws.one([file, LISTING]), draws, others)));
const LISTING = json({
  format: 2,
  classes: ['a', 'b'],
  subgroups: ['c'],
  splits: ['train', 'test'],
  labels: [0, 1],
  subgroupsOf: [0, 0],
  groupsOf: ['(Y=0)(Z=0)', null],
  trainingCounts: { '(Y=0)(Z=0)': 1 },
  contents: ['00', '11'],
  names: ['0.jpg', '1.jpg'],
});

/** Writes a file into the folder and reads it with a function. */
const inFolder =
  (name: string, read: (path: string, folder: string) => unknown) =>
  (file: Uint8Array, folder: string): unknown => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file);
    return read(path, folder);
  };

const textual = { mutations: TEXT_MUTATIONS } as const;

interface Tree {
  readonly [name: string]: tf.Tensor;
}

/** The files of a run that has come to its end, each behind its number. */
async function runFiles(folder: string): Promise<readonly (readonly [name: string, bytes: Uint8Array])[]> {
  const state: Tree = { weight: tf.tensor1d([1, 2]) };
  const opened = await openRun(folder, SETTINGS, { data: DATA });
  if (E.isLeft(opened)) throw new Error(opened.left.found);
  const run = opened.right;
  run.skipped.of('train').set('b.jpg', FAULT);
  for (const step of [5, 10]) {
    await run.log(METRICS.map((record) => ({ ...record, step })));
    await run.checkpoint(step, state, 1 / step);
  }
  await run.finish(OUTCOME);
  await run.close();
  tf.dispose(state);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path.slice(folder.length + 1), new Uint8Array(readFileSync(path))]);
}

/** The files of the run that is damaged, made once. */
let made: ReturnType<typeof runFiles> | undefined;
const filesOfRun = async () =>
  (made ??= runFiles(join(process.env['FUZZ_SCRATCH'] ?? '.', `run-${process.pid}`)));

/** The checkpoint that `best.json` names. */
let checkpoint: Promise<Uint8Array> | undefined;
const checkpointOf = () =>
  (checkpoint ??= encodeSafetensors({ weight: tf.tensor1d([1, 2]) }).then((parts) => Buffer.concat(parts)));

const temporary = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tmp|lock$|[0-9a-f]{8}-[0-9a-f]{4}-/.test(name),
  );

/** Opens a run one of whose files is damaged, goes on with it and ends it. */
async function goOn(damaged: Uint8Array, folder: string): Promise<unknown> {
  const files = await filesOfRun();
  const chosen = (damaged[0] ?? 0) % files.length;
  mkdirSync(join(folder, 'checkpoints'));
  files.forEach(([name, bytes], i) =>
    writeFileSync(join(folder, name), i === chosen ? damaged.subarray(1) : bytes),
  );
  const outcome = await finishedOutcome(folder, SETTINGS, StageTwoOutcomeCodec, DATA);
  const opened = await openRun(folder, SETTINGS, { data: DATA });
  if (E.isLeft(opened)) return leftNothing(folder, opened);
  const run = opened.right;
  const state: Tree = { weight: tf.tensor1d([0, 0]) };
  const [resumed, best] = [await run.resume(state), await run.best(state)];
  for (const each of [resumed, best]) if (E.isRight(each) && each.right) tf.dispose(each.right.state);
  await run.records();
  await run.checkpoint(12, state, 0.75);
  await run.close();
  tf.dispose(state);
  return leftNothing(folder, E.isLeft(resumed) ? resumed : outcome);
}

function leftNothing(folder: string, result: unknown): unknown {
  const left = temporary(folder);
  if (left.length > 0) throw new Error(`half-written output is left: ${left.join()}`);
  return result;
}

export const RUN_DECODERS: readonly Decoder[] = [
  {
    name: 'run.json',
    of: 'src/runs/run-file.ts',
    files: () => [json(RUN), json({ ...RUN, outcome: undefined, data: 'ab' })],
    ...textual,
    run: inFolder('run.json', async (path, folder) => {
      const found = await finishedOutcome(folder, SETTINGS, StageTwoOutcomeCodec);
      return E.isLeft(found) ? found : readRunFile(path);
    }),
  },
  {
    name: 'metrics.jsonl',
    of: 'src/runs/run-log.ts, src/experiment/report/training-log.ts',
    files: () => [textBytes(LINES)],
    ...textual,
    run: inFolder('metrics.jsonl', async (path, folder) => {
      await runLog(path).records();
      await readTrainingRun(folder, { seed: 0, method: 'erm' }, []);
      if (readFileSync(path).length < 4096) await runLog(path).cutBack(1);
      return temporary(folder);
    }),
    check: (result) =>
      (result as readonly string[]).length === 0 ? undefined : 'half-written output is left',
  },
  {
    name: 'best.json',
    of: 'src/runs/checkpoints.ts',
    files: () => [json({ step: 5, score: 0.5 })],
    ...textual,
    run: inFolder('best.json', async (path, folder) => {
      const checkpoints = join(folder, 'checkpoints');
      mkdirSync(checkpoints);
      writeFileSync(join(checkpoints, 'step-000000005.safetensors'), await checkpointOf());
      const state: Tree = { weight: tf.tensor1d([0, 0]) };
      const best = await checkpointsIn(checkpoints, path).best(state);
      tf.dispose([state, E.isRight(best) && best.right ? best.right.state : {}]);
      return best;
    }),
  },
  {
    name: 'elapsed.json',
    of: 'src/runs/run-clock.ts',
    files: () => [json({ seconds: 12.5 })],
    ...textual,
    run: inFolder('elapsed.json', async (_, folder) => (await startClock(folder)).seconds()),
    check: (result) =>
      Number(result) >= 0 && Number.isFinite(result) ? undefined : `${String(result)} seconds`,
  },
  {
    name: 'damaged.json',
    of: 'src/runs/skipped-images.ts',
    files: () => [json({ train: [FAULT, { ...FAULT, where: 'b' }], 'stopped by': [] })],
    ...textual,
    run: inFolder('damaged.json', async (_, folder) =>
      E.Functor.map(await skippedImagesIn(folder), (skipped) => [skipped.all(), skipped.wasDamaged('a')]),
    ),
  },
  {
    name: 'results.json',
    of: 'src/config/study-results.ts, decoding.ts',
    files: () => [json(STUDY_RESULTS), json(RUN_RESULTS)],
    mutations: TEXT_MUTATIONS,
    run: (file) =>
      anyOf<E.Either<readonly DataError[], unknown>>(
        decodeJson(StudyResultsCodec, textOf(file), 'results.json'),
        decodeJson(StageTwoRunResultsCodec, textOf(file), 'results.json'),
      ),
  },
  {
    name: 'study.json',
    of: 'src/experiment/study/study-file.ts',
    files: () => [
      json({
        format: 2,
        name: 'a',
        seeds: [0],
        data: { kind: 'celeba' },
        'stage-1': {},
        labels: { y0z0: 'even' },
        environment: { node: '20', cores: 2 },
        methods: { erm: { a: 1 } },
        backend: { name: 'wasm', device: 'CPU' },
        seconds: 1,
      }),
    ],
    ...textual,
    run: inFolder('study.json', (_, folder) => readStudyFile(folder)),
  },
  {
    name: 'data.gz',
    of: 'src/streams/data-fingerprint.ts',
    files: async () =>
      [await encodeListing(DATA.listing), new Uint8Array(gzipSync(LISTING))].map(
        (file) => new Uint8Array(file),
      ),
    mutations: [...BYTE_MUTATIONS, ...Array.from({ length: 6 }, () => pack)],
    run: (file) => decodeListing(file, 'data.gz'),
  },
  {
    name: 'hash-cache',
    of: 'src/streams/content-hashes.ts',
    files: () => [json({ format: 1, root: '/data', files: [['a.jpg', '3', '1 2', 'ab']] })],
    ...textual,
    run: (file, folder) => {
      const path = join(folder, 'hashes', `${sha256(folder).slice(0, 32)}.json`);
      mkdirSync(dirname(path));
      writeFileSync(path, textOf(file).replace('/data', folder));
      writeFileSync(join(folder, 'a.jpg'), 'abc');
      return contentHashes(folder, [{ file: join(folder, 'a.jpg') }], { cache: folder });
    },
    check: anyResult,
  },
  {
    name: 'run-folder',
    of: 'src/runs',
    files: async () =>
      (await filesOfRun()).map(([, bytes], i) => new Uint8Array(Buffer.concat([Buffer.from([i]), bytes]))),
    magic: 1,
    mutations: [...BYTE_MUTATIONS, ...TEXT_MUTATIONS.slice(0, 6)],
    run: goOn,
    share: 10,
  },
];
