import { either as E } from 'fp-ts';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  decodeJson,
  StageOneRunResultsCodec,
  StageTwoRunResultsCodec,
  StudyResultsCodec,
  type StudyResults,
} from '../../src/config/index.ts';
import { formatDataError } from '../../src/data/data-error.ts';
import { groupReport } from '../../src/metrics/group-report.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));

const report = groupReport({
  predictions: [0, 1, 1, 0],
  labels: [0, 0, 1, 1],
  groups: [0, 1, 2, 2],
  table: { names: ['a', 'b', 'c', 'd'], classOf: [0, 0, 1, 1], trainingCounts: [3, 1, 2, 2] },
});

const common = { format: 2, backend: 'wasm', device: 'CPU', seconds: 12.5 } as const;

const stageOne = {
  name: 'stage-1',
  flipRate: { toTarget: 0.9, toSource: 0.8 },
  labelPreservation: { toTarget: 1, toSource: 0.95 },
  frechetDistance: null,
  cycleError: 0.02,
  gateClassifierAccuracy: 0.99,
  steps: 40,
  seconds: 9,
};

const result = { ...report, steps: 100, seconds: 3, selectedStep: 50 };

const none = { mean: null, sd: null };

const results: StudyResults = {
  ...common,
  name: 'birds',
  seeds: [
    { seed: -1, stage1: [stageOne], methods: { erm: result, camel: { failed: 'loss is not finite' } } },
    { seed: 2, stage1: [{ name: 'stage-1', failed: 'no images' }], methods: {} },
  ],
  summary: {
    erm: { seeds: 1, worstGroup: none, average: { mean: 0.5, sd: null }, groupAverage: none, gap: none },
  },
};

describe('results.json', () => {
  it('is read back as it was written, with a group that has no example and runs that failed', () => {
    expect(report.groups[3]!.accuracy).toBeNull();
    expect(decodeJson(StudyResultsCodec, JSON.stringify(results), 'results.json')).toEqual(E.right(results));
    const first = { ...common, name: 'stage-1', seed: 3, stage1: [stageOne], environment: { node: '20' } };
    expect(decodeJson(StageOneRunResultsCodec, JSON.stringify(first), 'results.json')).toEqual(
      E.right(first),
    );
    const second = { ...common, name: 'digits', seed: 3, method: 'group-dro', result };
    expect(decodeJson(StageTwoRunResultsCodec, JSON.stringify(second), 'results.json')).toEqual(
      E.right(second),
    );
  });

  it('is refused by the place that is wrong', () => {
    const wrong = {
      ...results,
      format: 1,
      summary: { erm: { ...results.summary['erm'], gap: { mean: '1', sd: null } } },
    };
    const decoded = decodeJson(StudyResultsCodec, JSON.stringify(wrong), 'results.json');
    if (E.isRight(decoded)) throw new Error('expected faults');
    expect(decoded.left.map(formatDataError)).toEqual([
      'results.json: format: expected 2, found 1; correct it',
      'results.json: summary.erm.gap.mean: expected a finite number, or null, found "1"; correct it',
    ]);
  });
});
