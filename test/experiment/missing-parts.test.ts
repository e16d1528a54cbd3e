import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeJson } from '../../src/config/decoding.ts';
import { StageTwoRunResultsCodec } from '../../src/config/study-results.ts';
import { encodePng } from '../../src/data/png.ts';
import { resultsTable } from '../../src/experiment/results-table.ts';
import { evaluateRun } from '../../src/experiment/stage-two/evaluate.ts';
import { experimentToRun } from '../../src/experiment/run-settings.ts';
import { runStageOne } from '../../src/experiment/stage-one/run-stage-one.ts';
import { runStageTwo } from '../../src/experiment/stage-two/run-stage-two.ts';
import { useBackend } from '../support/backend.ts';

const scratch = mkdtempSync(join(tmpdir(), 'missing-parts-'));
const backend = { name: 'wasm', device: 'test' } as const;
beforeAll(() => useBackend('wasm'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Images of (Y=0)(Z=0), (Y=0)(Z=1), (Y=0)(Z=2), (Y=1)(Z=0), (Y=1)(Z=1). */
type Counts = readonly [number, number, number, number, number];
const CELLS = ['00', '01', '02', '10', '11'] as const;

function writeData(name: string, counts: Readonly<Partial<Record<'train' | 'val' | 'test', Counts>>>) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  const rows = Object.entries(counts).flatMap(([split, of]) =>
    CELLS.flatMap((cell, g) =>
      Array.from({ length: of[g]! }, (_, i) => {
        const file = `${split}-${cell}-${i}.png`;
        const pixels = Uint8Array.from(
          { length: 16 },
          (_, k) => (37 * k + 60 * g + 11 * i + split.length) % 256,
        );
        writeFileSync(join(folder, file), encodePng({ height: 4, width: 4, channels: 1, pixels }));
        return `${file},${split},${cell[0]},${cell[1]}`;
      }),
    ),
  );
  writeFileSync(join(folder, 'metadata.csv'), ['filename,split,y,z', ...rows].join('\n'));
}

const file = join(scratch, 'lesions.yaml');
writeFileSync(
  file,
  [
    'version: 1',
    'kind: stage-2',
    'name: smoke',
    'data:',
    '  kind: folder',
    '  root: ${DATA}/lesions',
    '  classes: [benign, malignant]',
    '  subgroups: [bare, bandage, ruler]',
    '  required: [train]',
    '  image: { height: 4, width: 4, channels: 1 }',
    'network: { kind: multilayer-perceptron, hidden: [4] }',
    'method: { kind: group-dro, adversary: { adjustment: 1 } }',
    'training: { epochs: 2, steps: 2, batchSize: 8, epochBatchSize: 8 }',
  ].join('\n'),
);

async function run(data: string, ...overrides: readonly string[]) {
  const out = join(scratch, `${data}-run-${overrides.length}`);
  const said: string[] = [];
  const context = { say: (line: string) => void said.push(line), stopRequested: () => false };
  const toRun = await experimentToRun(file, 'stage-2', {
    roots: { DATA: scratch },
    overrides: [`data.root=\${DATA}/${data}`, ...overrides],
  });
  const results = await runStageTwo(toRun, { out, backend }, context);
  return { out, said, results };
}

const linesOf = (out: string, kind: string) =>
  readFileSync(join(out, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((record) => record['kind'] === kind);

const evaluated = async (folder: string, split: 'train' | 'validation' | 'test') => {
  const said: string[] = [];
  const context = { say: (line: string) => void said.push(line), stopRequested: () => false };
  return { said, ...(await evaluateRun({ run: folder, split }, context)) };
};

describe('validation that lacks a group of training, and a test group that training lacks', () => {
  beforeAll(() =>
    writeData('lesions', { train: [4, 2, 0, 4, 2], val: [2, 0, 0, 2, 2], test: [2, 2, 2, 2, 2] }),
  );

  it('are said, trained without and evaluated', async () => {
    const { out, said, results } = await run('lesions');
    expect(said.slice(1)).toEqual([
      'validation: no images of (Y=0)(Z=1)',
      '(Y=0)(Z=2): no training images; it is evaluated, not trained on',
      'the checkpoint is selected by the worst of the groups that have validation images',
    ]);
    const { groups, worstGroup, gap } = results.result;
    expect(groups.map(({ name, count }) => `${name} ${count}`)).toEqual([
      '(Y=0)(Z=0) 2',
      '(Y=0)(Z=1) 2',
      '(Y=0)(Z=2) 2',
      '(Y=1)(Z=0) 2',
      '(Y=1)(Z=1) 2',
    ]);
    const accuracies = groups.map(({ accuracy }) => accuracy!);
    expect(worstGroup!.accuracy).toBe(Math.min(...accuracies));
    expect(gap).not.toBeNull();
    expect(linesOf(out, 'training').map(({ groupCounts }) => groupCounts)).toEqual([
      [2, 2, 2, 2],
      [2, 2, 2, 2],
    ]);
    const evaluations = linesOf(out, 'evaluation') as unknown as {
      readonly step: number;
      readonly groupAccuracies: readonly (number | null)[];
      readonly reports: { readonly validation: { readonly worstGroup: null; readonly missing: object } };
    }[];
    const scores = evaluations.map(({ groupAccuracies, reports }) => {
      expect(groupAccuracies.map((accuracy) => accuracy === null)).toEqual([false, true, true, false, false]);
      expect(reports.validation).toMatchObject({ worstGroup: null, missing: { absent: ['(Y=0)(Z=1)'] } });
      const known = groupAccuracies.filter((accuracy) => accuracy !== null);
      return Math.min(...known) + (1e-6 * (known[0]! + known[1]! + known[2]!)) / 3;
    });
    const best = JSON.parse(readFileSync(join(out, 'best.json'), 'utf8')) as { step: number; score: number };
    expect(best.score).toBeCloseTo(Math.max(...scores), 12);
    expect(best.step).toBe(evaluations[scores.indexOf(Math.max(...scores))]!.step);
  });

  it('are in results.json under the name of the experiment', async () => {
    const { out } = await run('lesions');
    const read = decodeJson(
      StageTwoRunResultsCodec,
      readFileSync(join(out, 'results.json'), 'utf8'),
      'results',
    );
    if (E.isLeft(read)) throw new Error(JSON.stringify(read.left));
    expect(read.right.name).toBe('smoke');
    expect(read.right.method).toBe('group-dro');
  });

  it('are evaluated by the selected checkpoint of the finished run', async () => {
    const { out, results } = await run('lesions');
    const validation = await evaluated(out, 'validation');
    expect(validation.said).toEqual(['validation: no images of (Y=0)(Z=1)']);
    expect(validation.report).toMatchObject({ worstGroup: null, groupAverage: null, gap: null });
    const test = await evaluated(out, 'test');
    expect(test.said).toEqual(['(Y=0)(Z=2): no training images; it is evaluated, not trained on']);
    expect(results.result).toMatchObject(test.report);
    expect((await evaluated(out, 'train')).report.groups.map(({ count }) => count)).toEqual([4, 2, 0, 4, 2]);
  });

  it('are no groups of ERM either', async () => {
    const { out, said, results } = await run(
      'lesions',
      'method={ kind: erm }',
      'evaluation={ select: average, splits: [test] }',
    );
    expect(said).toContain(
      'the checkpoint is selected by the average of the groups that have validation images',
    );
    expect(results.result.groups).toHaveLength(5);
    expect(linesOf(out, 'training')[0]!['groupCounts']).toHaveLength(4);
  });
});

describe('data without a split', () => {
  it('without test images train, and say what the results lack', async () => {
    writeData('untested', { train: [4, 2, 0, 4, 2], val: [2, 2, 0, 2, 2] });
    const { out, said, results } = await run('untested', 'evaluation.splits=[validation, test]');
    expect(said.slice(1)).toEqual([
      'subgroup 2 (ruler): no images in any split',
      'no test images: the results will have no accuracies',
    ]);
    const { groups, ...rest } = results.result;
    expect(groups.map(({ count, accuracy }) => [count, accuracy])).toEqual(Array(4).fill([0, null]));
    expect(rest).toMatchObject({ worstGroup: null, average: null, groupAverage: null, gap: null, steps: 2 });
    expect(
      resultsTable({ [results.method]: results.result })
        .split('\n')
        .slice(1),
    ).toEqual([
      expect.stringMatching(/^group-dro +– +– +– +– +– +– +– +– +2 +\d+$/),
      '– worst group, average, group average, gap: no images',
    ]);
    const text = readFileSync(join(out, 'results.json'), 'utf8');
    expect(E.isRight(decodeJson(StageTwoRunResultsCodec, text, 'results.json'))).toBe(true);
    await expect(evaluated(out, 'test')).rejects.toMatchObject({
      exitCode: 2,
      message:
        'metadata.csv: expected test images, found none; evaluate the split train or validation, or put images into test',
    });
    expect((await evaluated(out, 'validation')).report.worstGroup).not.toBeNull();
  });

  it('without validation images test the last checkpoint', async () => {
    writeData('unvalidated', { train: [4, 2, 0, 4, 2], test: [2, 2, 0, 2, 2] });
    const { out, said, results } = await run('unvalidated');
    expect(said.slice(1)).toEqual([
      'subgroup 2 (ruler): no images in any split',
      'no validation images: the last checkpoint is tested',
    ]);
    expect(existsSync(join(out, 'best.json'))).toBe(false);
    const { step, report } = await evaluated(out, 'test');
    expect(step).toBe(2);
    expect(results.result).toMatchObject(report);
    expect(linesOf(out, 'evaluation').map(({ reports }) => reports)).toEqual([{}, {}]);
  });

  it('with training images of one class are refused before there is a run folder', async () => {
    writeData('benign', { train: [4, 2, 1, 0, 0], val: [2, 0, 0, 2, 2], test: [2, 2, 2, 2, 2] });
    await expect(run('benign')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /^metadata\.csv: expected training images of at least two classes, found those of class 0 \(benign\) only; /,
      ) as string,
    });
    expect(existsSync(join(scratch, 'benign-run-0'))).toBe(false);
  });
});

describe('stage 1', () => {
  const stageOne = async (data: string, ...overrides: readonly string[]) => {
    const path = join(scratch, 'stage-1.yaml');
    writeFileSync(
      path,
      [
        'version: 1',
        'kind: stage-1',
        'name: cyclegan',
        'data:',
        '  kind: folder',
        `  root: \${DATA}/${data}`,
        '  classes: [benign, malignant]',
        '  subgroups: [bare, bandage, ruler]',
        '  required: [train]',
        '  image: { height: 16, width: 16, channels: 1 }',
        'generator: { kind: unet, filters: [2, 3] }',
        'discriminator: { filters: [2, 3] }',
        'gate: { kind: strict, trainingImages: 2, heldOutImages: 2, domainSteps: 2, labelSteps: 2, width: 0.1 }',
        'gallery: { images: 1 }',
        'pool: { capacity: 4 }',
        'training: { epochs: 1, steps: 1, batchSize: 1 }',
      ].join('\n'),
    );
    const said: string[] = [];
    const context = { say: (line: string) => void said.push(line), stopRequested: () => false };
    const toRun = await experimentToRun(path, 'stage-1', { roots: { DATA: scratch }, overrides });
    const out = join(scratch, `stage-1-${data}-${overrides.length}`);
    return { said, outcome: await runStageOne(toRun, { out, backend }, context) };
  };
  beforeAll(() =>
    // No malignant one with a bandage in training; in validation there is one, which no gate can learn from.
    writeData('one-sided', { train: [3, 3, 1, 3, 0], val: [4, 4, 0, 4, 1], test: [1, 1, 1, 1, 1] }),
  );

  it('shares a CycleGAN with a class that lacks a subgroup, says so, and judges groups of training', async () => {
    const { said, outcome } = await stageOne('one-sided');
    expect(said).toContain(
      'class 1 (malignant): no training images of subgroup 1 (bandage); what they look like is learnt from the other classes',
    );
    expect(outcome.steps).toBe(1);
    expect(outcome.measure!.flipRate.toTarget).toBeGreaterThanOrEqual(0);
  });

  it('refuses by name a CycleGAN of that class alone', async () => {
    await expect(stageOne('one-sided', 'translation.classes=[1]')).rejects.toThrow(
      /^translation\.target: expected training images of subgroup 1 \(bandage\) and of class 1 \(malignant\) in metadata\.csv, found none; /,
    );
  });

  it('has a gate for the second class alone', async () => {
    writeData('two-sided', { train: [2, 2, 0, 2, 2], val: [4, 4, 0, 4, 4] });
    const { outcome } = await stageOne('two-sided', 'translation.classes=[1]');
    expect(outcome.gateAccuracy).not.toBeNull();
  });

  it('has no gate where damage leaves a domain one image to judge', async () => {
    writeData('damaged', { train: [2, 2, 0, 2, 2], val: [4, 4, 0, 4, 4] });
    writeFileSync(join(scratch, 'damaged', 'val-11-0.png'), 'no image');
    await expect(stageOne('damaged', 'translation.classes=[1]', 'data.skipDamaged=1')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(
        /^gate: expected at least 2 whole held-out images of the target domain in metadata\.csv, found 1; /,
      ) as string,
    });
  });
});
