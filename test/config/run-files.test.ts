import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import {
  BestFileCodec,
  decodeJson,
  ExperimentResultsCodec,
  MetricsLineCodec,
  RunFileCodec,
  type ExperimentResultsFile,
} from '../../src/config/index.ts';
import { formatDataError } from '../../src/data/data-error.ts';
import { groupReport } from '../../src/metrics/group-report.ts';
import type { ExperimentResults } from '../../src/node/report/results.ts';
import { openRun } from '../../src/node/run-directory.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const report = groupReport({
  predictions: [0, 1, 1, 0],
  labels: [0, 0, 1, 1],
  groups: [0, 1, 2, 2],
  table: { names: ['a', 'b', 'c', 'd'], classOf: [0, 0, 1, 1], trainingCounts: [3, 1, 2, 2] },
});
const results: ExperimentResults = {
  preset: 'smoke',
  backend: 'wasm',
  seed: -1,
  seconds: 12.5,
  stage1: {
    flipRate: { toTarget: 0.9, toSource: 0.8 },
    labelPreservation: { toTarget: 1, toSource: 0.95 },
    cycleError: 0.02,
    gateClassifierAccuracy: 0.99,
  },
  methods: { erm: { ...report, steps: 100, seconds: 3 } },
};

describe('results.json', () => {
  it('has the type that the experiment returns', () => {
    expectTypeOf<ExperimentResultsFile>().toExtend<ExperimentResults>();
    expectTypeOf<ExperimentResults>().toExtend<ExperimentResultsFile>();
  });

  it('is read back as it was written, with a group that has no example', () => {
    expect(report.groups[3]!.accuracy).toBeNull();
    expect(decodeJson(ExperimentResultsCodec, JSON.stringify(results), 'results.json')).toEqual(
      E.right(results),
    );
    const other = { ...results, stage1: null, methods: {} };
    expect(decodeJson(ExperimentResultsCodec, JSON.stringify(other), 'results.json')).toEqual(E.right(other));
  });

  it('is refused by the place that is wrong', () => {
    const wrong = {
      ...results,
      stage1: { ...results.stage1, flipRate: { toTarget: 90, toSource: 0.8 }, cycleError: undefined },
      methods: { erm: { ...results.methods.erm, groups: [{ ...report.groups[0], accuracy: '1' }] } },
    };
    const decoded = decodeJson(ExperimentResultsCodec, JSON.stringify(wrong), 'results.json');
    if (E.isRight(decoded)) throw new Error('expected faults');
    expect(decoded.left.map(formatDataError)).toEqual([
      'results.json: stage1.flipRate.toTarget: expected a number from 0 to 1, found 90; correct it',
      'results.json: stage1.cycleError: expected a number of 0 or more, found nothing; correct it',
      'results.json: methods.erm.groups[0].accuracy: expected a number from 0 to 1, or null, found "1"; correct it',
    ]);
  });
});

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
      right: { format: 1, settings: { seed: 1 }, outcome: { accuracy: 1 } },
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
