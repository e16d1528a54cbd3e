import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, expect, it, vi } from 'vitest';
import { studyCommand } from '../../../src/cli/study.ts';
import { studyResults } from '../../../src/experiment/study/collect-results.ts';
import { readStudy } from '../../../src/experiment/study/read-study.ts';
import { mergedStudyFile, writeStudyFile, type StudyFile } from '../../../src/experiment/study/study-file.ts';
import { writeStudyReport } from '../../../src/experiment/study/study-report.ts';
import { method } from '../../report/example-input.ts';
import { exactNumbers, faults, plain, visibleText } from '../../report/page-checks.ts';

const out = mkdtempSync(join(tmpdir(), 'study-report-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

async function studyFile(): Promise<StudyFile> {
  const read = await readStudy('examples/studies/mnist-correlation/smoke.yaml');
  if (E.isLeft(read)) throw new Error(JSON.stringify(read.left));
  const call = { seeds: [1, 2], backend: { name: 'wasm', device: 'CPU' }, environment: { node: '20.1.2' } };
  const merged = mergedStudyFile(null, read.right, call, out);
  if (E.isLeft(merged)) throw new Error(merged.left.found);
  return merged.right;
}

/** The folder of a run that has come to its end. */
function writeRun(path: string, outcome: object, records: readonly object[]): void {
  const folder = join(out, path);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'run.json'),
    JSON.stringify({ format: 2, settingsHash: '', settings: {}, outcome }),
  );
  writeFileSync(
    join(folder, 'metrics.jsonl'),
    records.map((record) => `${JSON.stringify(record)}\n`).join(''),
  );
}

it('shows all that the folder of a study holds', async () => {
  const { selectedStep, ...results } = method([0.96875, 0.3125, 0.5, 0.75]);
  const damaged = [{ where: 'a.png', expected: 'a PNG', found: 'a torn file', cure: 'restore it' }];
  const trained = {
    step: 1,
    kind: 'training',
    loss: 0.8125,
    groupMeans: [1, 2, 3, 4],
    groupCounts: [1, 1, 1, 1],
  };
  writeRun('seed-1/erm', { results, selectedStep, damaged }, [trained]);
  const measure = {
    flipRate: { toTarget: 0.9375, toSource: 1 },
    labelPreservation: { toTarget: 1, toSource: 1 },
    frechetDistance: { toTarget: 2, toSource: 2 },
    cycleError: 0.015625,
    score: 0.9375,
  };
  const gateAccuracy = { domain: 1, label: 0.984375 };
  writeRun('seed-1/stage-1', { steps: 9, stepsPerEpoch: 3, bestStep: 6, seconds: 3, measure, gateAccuracy }, [
    { step: 1, kind: 'training', cycleSource: 1.25, cycleTarget: 0.5 },
  ]);
  const file = await studyFile();
  const failures = new Map([['seed-2/erm', 'loss is not finite at step 7']]);
  const path = await writeStudyReport(out, file, await studyResults(out, file, failures));
  const page = readFileSync(path, 'utf8');
  expect(faults(page)).toEqual([]);
  const text = plain(visibleText(page));
  const numbers = exactNumbers(page);
  const expected = [0.3125, 0.9375, 0.015625, 0.984375, 1234, 1100, 9, 6];
  expect(expected.filter((value) => !numbers.has(value))).toEqual([]);
  for (const part of [
    'mnist-correlation · 3 methods · 2 seeds · wasm',
    'seed 2, erm: loss is not finite at step 7',
    'seed 2, stage-1: not run yet',
    'seed 1, camel: not run yet',
    'seed 1, erm: skipped a.png: a torn file',
    'even zigzag 1,001 test images',
    'stage-1 all classes, clean ↔ zigzag',
    'cycle loss 1 1.75',
    'method.kind erm group-dro camel',
    'node 20.1.2',
  ])
    expect(text).toContain(part);
});

it('refuses a file whose settings were changed to what none can be', async () => {
  const file = await studyFile();
  const changed = { ...file, data: { kind: 'fishes' } };
  const results = await studyResults(out, file, new Map());
  await expect(writeStudyReport(out, changed, results)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('study.json: data') as string,
  });
});

it('is written again by the command report, from the folder alone', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const report = (folder: string) =>
    studyCommand().parseAsync(['report', 'examples/studies/mnist-correlation/smoke.yaml', '--out', folder], {
      from: 'user',
    });
  try {
    await expect(report(join(out, 'nowhere'))).rejects.toMatchObject({ exitCode: 2 });
    await writeStudyFile(out, await studyFile());
    rmSync(join(out, 'report.html'));
    await report(out);
    expect(written).toHaveBeenCalledWith(`${join(out, 'report.html')}\n`);
  } finally {
    written.mockRestore();
  }
  expect(exactNumbers(readFileSync(join(out, 'report.html'), 'utf8')).has(0.3125)).toBe(true);
});
