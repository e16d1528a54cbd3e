/**
 * `npm run soak`: long runs of both stages with tiny networks, on WebAssembly or, with `--backend tensorflow`, natively.
 * Memory, tensors, open files and the log are measured all along; the exit code is 1 if anything grows.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { selectBackend } from '../../src/backends/backend.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { runStageOne } from '../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo } from '../../src/experiment/stage-two/run-stage-two.ts';
import { alignedRows } from '../../src/system/text-table.ts';
import { growth, type Sample } from './flatness.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '20000' },
    backend: { type: 'string', default: 'wasm' },
    stage: { type: 'string', default: '1,2' },
  },
});
const steps = Number(values.steps);
const SAMPLES = 20;
const sampledEvery = Math.max(1, Math.floor(steps / SAMPLES));

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const DATA = fileURLToPath(new URL('../../examples/data', import.meta.url));
const configs = (file: string): string => join('examples/configs', file);

const SIZES = ['data.sizes={ kind: counts, y0z0: 80, y0z1: 16, y1z0: 16, y1z1: 80 }', 'data.testImages=20'];
const CHECKPOINTS = `checkpoints.every={ steps: ${Math.max(1, Math.floor(sampledEvery / 2))} }`;
const STAGE_ONE = [
  ...SIZES,
  'translation={ source: { images: 16 }, target: { images: 16 } }',
  'generator={ kind: unet, filters: [2, 3] }',
  'discriminator.filters=[2, 3]',
  'pool.capacity=8',
  `gate={ kind: strict, every: { steps: ${sampledEvery} }, trainingImages: 12, heldOutImages: 4, domainSteps: 6, labelSteps: 6, batchSize: 8, width: 0.1 }`,
  `training={ steps: ${steps}, batchSize: 4 }`,
  `gallery.every={ steps: ${sampledEvery} }`,
  CHECKPOINTS,
];
const STAGE_TWO = [
  ...SIZES,
  'network.width=0.1',
  `training={ steps: ${steps}, batchSize: 8 }`,
  `evaluation.every={ steps: ${sampledEvery} }`,
  CHECKPOINTS,
];

const openFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return process.getActiveResourcesInfo().length;
  }
};

/** The last step of a log. It has whole lines only, and none of a training is as long as what is read. */
function lastStep(log: string): number {
  if (!existsSync(log)) return 0;
  const file = openSync(log, 'r');
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(size, 65_536));
    readSync(file, tail, 0, tail.length, size - tail.length);
    const line = tail.toString().trimEnd().split('\n').at(-1)!;
    return (JSON.parse(line) as { readonly step: number }).step;
  } finally {
    closeSync(file);
  }
}

function sampleOf(log: string, tensors: number): Sample {
  globalThis.gc?.();
  return {
    step: lastStep(log),
    resident: process.memoryUsage.rss() / 2 ** 20,
    handles: openFiles(),
    tensors,
    log: statSync(log, { throwIfNoEntry: false })?.size ?? 0,
  };
}

/** Losses wait on the device for so many steps, so that the least number of tensors within them is that of the state. */
const READ_EVERY = 10;

/** Whether to stop is asked after every step of the training and in evaluations, and then it is measured. */
function sampling(log: string): { readonly samples: Sample[]; readonly stopRequested: () => boolean } {
  const samples: Sample[] = [];
  let asked = 0;
  const tensors: number[] = [];
  return {
    samples,
    stopRequested: () => {
      asked += 1;
      tensors.push(tf.memory().numTensors);
      if (tensors.length > READ_EVERY) tensors.shift();
      if (asked % sampledEvery === 0) samples.push(sampleOf(log, Math.min(...tensors)));
      return false;
    },
  };
}

const table = (samples: readonly Sample[]): string =>
  alignedRows([
    ['step', 'resident MiB', 'open files', 'tensors', 'log KiB'],
    ...samples.map(({ step, resident, handles, tensors, log }) => [
      String(step),
      resident.toFixed(1),
      String(handles),
      String(tensors),
      (log / 1024).toFixed(1),
    ]),
  ]).join('\n');

const scratch = mkdtempSync(join(tmpdir(), 'soak-'));
try {
  const backend = await selectBackend({ name: values.backend });
  for (const stage of values.stage.split(',')) {
    const out = join(scratch, stage);
    const { samples, stopRequested } = sampling(join(out, 'metrics.jsonl'));
    const context = { say: () => undefined, stopRequested };
    const roots = { DATA };
    const began = performance.now();
    if (stage === '1') {
      const toRun = await experimentToRun(configs('stage-1/mnist-correlation/all-classes.yaml'), 'stage-1', {
        roots,
        overrides: STAGE_ONE,
      });
      await runStageOne(toRun, { out, backend }, context);
    } else {
      const toRun = await experimentToRun(configs('stage-2/mnist-correlation/gdro.yaml'), 'stage-2', {
        roots,
        overrides: STAGE_TWO,
      });
      await runStageTwo(toRun, { out, backend }, context);
    }
    const grown = growth(samples);
    say(
      `stage ${stage}, ${steps} steps on ${values.backend} in ${((performance.now() - began) / 1000).toFixed(0)} s`,
    );
    say(table(samples));
    say(grown.length === 0 ? 'nothing grows' : grown.join('\n'));
    if (grown.length > 0) process.exitCode = 1;
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
