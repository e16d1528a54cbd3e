import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { BestFileCodec, decodeJson, MetricsLineCodec, RunFileCodec } from '../../src/config/index.ts';
import { openRun } from '../../src/runs/run-directory.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

describe('the files of a run folder', () => {
  it('are what their codecs say', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'run-files-'));
    const run = await openRun(folder, { seed: 1 });
    if (E.isLeft(run)) throw new Error(run.left.found);
    const state = { a: tf.scalar(1) };
    await run.right.log([{ step: 1, kind: 'training', loss: 0.5 }]);
    await run.right.checkpoint(1, state, 0.25);
    await run.right.finish({ accuracy: 1 });
    await run.right.close();
    tf.dispose(state);
    const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
    expect(decodeJson(RunFileCodec, await read('run.json'), 'run.json')).toMatchObject({
      right: { format: 2, settings: { seed: 1 }, outcome: { accuracy: 1 } },
    });
    expect(decodeJson(BestFileCodec, await read('best.json'), 'best.json')).toEqual(
      E.right({ step: 1, score: 0.25 }),
    );
    expect(decodeJson(MetricsLineCodec, await read('metrics.jsonl'), 'metrics.jsonl')).toEqual(
      E.right({ step: 1, kind: 'training', loss: 0.5 }),
    );
    await rm(folder, { recursive: true });
  });
});
