/** The main job at its smallest: learnt, true and identical translations, and one that is stopped again and again. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { camelSettings } from '../../src/node/camel/command-line.ts';
import { runCamel } from '../../src/node/camel/experiment.ts';
import type { CamelSettings } from '../../src/node/camel/settings.ts';
import { checkpointDigest, recordsDigest, reportDigest, tensorsDigest, type Digests } from './digests.ts';
import { STOPPED, untilDone } from './until-done.ts';

function tiny(options: Readonly<Record<string, string>>): CamelSettings {
  const smoke = camelSettings({ preset: 'smoke', seed: '5', ...options });
  if (E.isLeft(smoke)) throw new Error(smoke.left.found);
  const { data, stage1, gate, stage2 } = smoke.right;
  return {
    ...smoke.right,
    data: {
      ...data,
      trainingCounts: [60, 10, 10, 60],
      validationCounts: [10, 10, 10, 10],
      testCount: 20,
      gateTrainingCount: 20,
      gateHeldOutCount: 10,
    },
    stage1: { ...stage1, steps: 6, width: 1 / 16, batchSize: 4, poolSize: 8, measureEvery: 2 },
    gate: { ...gate, domainSteps: 6, labelSteps: 6, measureOneIn: 2, width: 0.1, batchSize: 8 },
    stage2: { ...stage2, steps: 6, width: 0.125, batchSize: 12, evaluateEvery: 3 },
  };
}

async function mainJob(
  out: string,
  data: string,
  settings: CamelSettings,
  stopEvery?: number,
): Promise<Digests> {
  const { methods } = await untilDone(
    (context) => runCamel(settings, { data, out }, { name: 'wasm', device: 'CPU', refused: [] }, context),
    stopEvery,
  );
  const each = Object.entries(methods).flatMap(([name, report]) => [
    [`${name} weights`, checkpointDigest(join(out, 'runs', name, 'checkpoints'))],
    [`${name} test`, reportDigest(report)],
  ]);
  const learnt = settings.translations === 'cyclegan';
  return {
    ...(learnt && {
      gate: tensorsDigest(join(out, 'runs', 'stage1', 'gate-classifiers.safetensors')),
      'stage 1': checkpointDigest(join(out, 'runs', 'stage1', 'checkpoints')),
      translations: recordsDigest(join(out, 'translations')),
    }),
    ...Object.fromEntries(each),
  };
}

/** The main job in its ways. */
export async function* mainJobCases(
  scratch: string,
  data: string,
): AsyncGenerator<readonly [string, Digests]> {
  const learnt = tiny({});
  yield ['main job', await mainJob(join(scratch, 'main-job'), data, learnt)];
  yield [`main job${STOPPED}`, await mainJob(join(scratch, 'stopped'), data, learnt, 6)];
  for (const translations of ['true', 'identity']) {
    const settings = tiny({ translations, methods: 'camel' });
    yield [`main job, ${translations}`, await mainJob(join(scratch, translations), data, settings)];
  }
}
