import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSampleData } from '../../src/cli/sample-data/sample-data.ts';
import { evaluateRun } from '../../src/experiment/stage-two/evaluate.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { runStageOne } from '../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo } from '../../src/experiment/stage-two/run-stage-two.ts';
import { useBackend } from '../support/backend.ts';
import { writeSmallMnist } from '../support/small-mnist.ts';

const configs = fileURLToPath(new URL('../../examples/configs', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'configs-'));
const roots = { DATA: join(scratch, 'data'), RUNS: join(scratch, 'runs'), WEIGHTS: scratch };
const context = { say: () => undefined, stopRequested: () => false };

const found = (stage: 'stage-1' | 'stage-2') =>
  readdirSync(join(configs, stage)).flatMap((data) =>
    readdirSync(join(configs, stage, data)).map((file) => ({
      data,
      config: `${stage}/${data}/${file}`,
      method: file.replace('.yaml', ''),
    })),
  );

const dataOverrides = (data: string): readonly string[] =>
  data === 'mnist-correlation'
    ? ['data.sizes={ kind: counts, y0z0: 16, y0z1: 8, y1z0: 8, y1z1: 16 }', 'data.testImages=3']
    : ['data.size=32'];

const backend = { name: 'wasm', device: 'test' } as const;
beforeAll(async () => {
  await useBackend('wasm');
  await makeSampleData(roots.DATA, { share: 0.04, scale: 0.12 });
  await writeSmallMnist(join(roots.DATA, 'mnist'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('two steps of every configuration, small', () => {
  it('there are fourteen', () => {
    expect([found('stage-1').length, found('stage-2').length]).toEqual([5, 9]);
  });

  it('take photographs as they are stored', async () => {
    const photographs = [...found('stage-1'), ...found('stage-2')].filter(
      ({ data }) => data !== 'mnist-correlation',
    );
    const orientations = await Promise.all(
      photographs.map(async ({ config }) => {
        const stage = config.startsWith('stage-1') ? 'stage-1' : 'stage-2';
        const { experiment } = await experimentToRun(join(configs, config), stage, { roots, overrides: [] });
        return 'orientation' in experiment.data ? experiment.data.orientation : undefined;
      }),
    );
    expect(orientations.length).toBeGreaterThan(3);
    expect(new Set(orientations)).toEqual(new Set(['stored']));
  });

  it.each(found('stage-1'))('$config', async ({ data, config }) => {
    const before = tf.memory().numTensors;
    const toRun = await experimentToRun(join(configs, config), 'stage-1', {
      roots,
      overrides: [
        ...dataOverrides(data),
        'generator={ kind: unet, filters: [4, 8] }',
        'discriminator.filters=[4, 8]',
        'pool.capacity=8',
        'training.batchSize=4',
        'training.steps=2',
        'gate={ kind: none }',
      ],
    });
    const out = join(roots.RUNS, toRun.experiment.name);
    const { steps } = await runStageOne(toRun, { out, backend }, context);
    expect(steps).toBe(2);
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  });

  it.each(found('stage-2'))('$config', async ({ data, config, method }) => {
    const before = tf.memory().numTensors;
    const photographs = data !== 'mnist-correlation';
    const toRun = await experimentToRun(join(configs, config), 'stage-2', {
      roots,
      overrides: [
        ...dataOverrides(data),
        ...(photographs ? ['network.weights={ kind: random }', 'network.width=0.02'] : ['network.width=0.1']),
        'training.batchSize=8',
        'training.epochBatchSize=8',
        'training.steps=2',
      ],
    });
    const out = join(scratch, data, method);
    const { result } = await runStageTwo(toRun, { out, backend }, context);
    expect(result.groups.map(({ count }) => count > 0)).toEqual([true, true, true, true]);
    expect(result.steps).toBe(2);
    const first = readFileSync(join(out, 'metrics.jsonl'), 'utf8')
      .split('\n')
      .find((line) => line.includes('"kind":"training"'));
    const { loss, robust, decay, consistency } = JSON.parse(first!) as Record<string, number>;
    expect(loss).toBeCloseTo(robust! + decay! + consistency!, 3);
    expect(consistency! > 0).toBe(method === 'camel');
    if (method === 'camel') {
      const { report } = await evaluateRun({ run: out, split: 'test' }, context);
      expect(result).toMatchObject(report);
    }
    expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  });
});
