import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, describe, expect, it } from 'vitest';
import { studyResults } from '../../../src/experiment/study/collect-results.ts';
import { readStudy } from '../../../src/experiment/study/read-study.ts';
import { backendNotices, commonBackend, runBackends } from '../../../src/experiment/study/run-backends.ts';
import { mergedStudyFile } from '../../../src/experiment/study/study-file.ts';
import { writeStudyReport } from '../../../src/experiment/study/study-report.ts';
import { plain, visibleText } from '../../report/page-checks.ts';

const out = mkdtempSync(join(tmpdir(), 'run-backends-'));
afterAll(() => rmSync(out, { recursive: true, force: true }));

function writeBackend(path: string, backend: string, device: string): void {
  mkdirSync(join(out, path), { recursive: true });
  writeFileSync(join(out, path, 'results.json'), JSON.stringify({ format: 2, backend, device }));
}

const call = { name: 'tensorflow', device: 'CPU with oneDNN' };
const file = { seeds: [1, 2], 'stage-1': { 'stage-1': {} }, methods: { erm: {}, camel: {} } };
const LINE =
  'The runs ended on different backends: wasm (CPU) ran stage-1 of seed 1, erm of seeds 1, 2; tensorflow (CPU with oneDNN) ran camel of seed 1.';

describe('the backends of a study', () => {
  it('are that of the call before a run has come to its end', async () => {
    const runs = await runBackends(out, file);
    expect([runs, commonBackend(runs, call), backendNotices(runs)]).toEqual([[], call, []]);
  });

  it('are that of its runs, whatever the last call had', async () => {
    for (const path of ['seed-1/stage-1', 'seed-1/erm', 'seed-2/erm']) writeBackend(path, 'wasm', 'CPU');
    const runs = await runBackends(out, file);
    expect(commonBackend(runs, call)).toEqual({ name: 'wasm', device: 'CPU' });
    expect(backendNotices(runs)).toEqual([]);
  });

  it('are all named where they differ, with the runs of each', async () => {
    writeBackend('seed-1/camel', 'tensorflow', 'CPU with oneDNN');
    writeFileSync(join(out, 'seed-2/erm/metrics.jsonl'), '');
    const runs = await runBackends(out, file);
    expect(commonBackend(runs, call)).toEqual({ name: 'wasm, tensorflow', device: 'CPU, CPU with oneDNN' });
    expect(backendNotices(runs)).toEqual([LINE]);
  });

  it('are in the results and in the report of a study', async () => {
    const read = await readStudy('examples/studies/mnist-correlation/smoke.yaml');
    if (E.isLeft(read)) throw new Error(read.left[0]!.found);
    const merged = mergedStudyFile(null, read.right, { seeds: [1, 2], backend: call, environment: {} }, out);
    if (E.isLeft(merged)) throw new Error(merged.left.found);
    const results = await studyResults(out, merged.right, new Map());
    expect([results.backend, results.device]).toEqual(['wasm, tensorflow', 'CPU, CPU with oneDNN']);
    const page = readFileSync(await writeStudyReport(out, merged.right, results), 'utf8');
    expect(plain(visibleText(page))).toContain(LINE);
  });
});
