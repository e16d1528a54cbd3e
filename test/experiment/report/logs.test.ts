import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../../src/data/png.ts';
import { pictureRecord } from '../../../src/experiment/logs/scalar-names.ts';
import { readTrainingRun } from '../../../src/experiment/report/training-log.ts';
import { readTranslationRun } from '../../../src/experiment/report/translation-log.ts';

const scratch = mkdtempSync(join(tmpdir(), 'logs-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A run folder with these records, and a last line that was torn. */
function folderOf(name: string, records: readonly object[]): string {
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'gallery'), { recursive: true });
  const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  writeFileSync(join(folder, 'metrics.jsonl'), `${lines}{"step":99,"ki`);
  return folder;
}

describe('the training of a classifier', () => {
  const trained = { kind: 'training', loss: 2, groupMeans: [0.5, 0], groupCounts: [3, 0] };
  const groups = ['a', 'b', 'c'].map((name, g) => ({ name, accuracy: g === 1 ? null : 0.25 * g }));
  const run = { seed: 3, method: 'camel' };
  it('is read from its log, groups without examples and torn lines left out', async () => {
    const folder = folderOf('classifier', [
      { step: 1, ...trained },
      { step: 2, ...trained, loss: null, adversaryWeights: [0.75, 0.25] },
      { step: 2, kind: 'evaluation', groupAccuracies: [0, null, 0.5], reports: { validation: { groups } } },
      { step: 3, kind: 'training', loss: 'high' },
    ]);
    expect(await readTrainingRun(folder, run, [['x'], ['a', 'c']])).toEqual({
      ...run,
      groupNames: ['a', 'b', 'c'],
      trainedGroupNames: ['a', 'c'],
      training: [
        { step: 1, loss: 2, groupLosses: [0.5, null] },
        { step: 2, loss: null, groupLosses: [0.5, null], adversary: [0.75, 0.25] },
      ],
      validation: [{ step: 2, groupAccuracies: [0, null, 0.5] }],
    });
  });
  it('numbers the groups that an unfinished run does not name', async () => {
    const folder = folderOf('unfinished', [{ step: 1, ...trained }]);
    expect((await readTrainingRun(folder, run))!.trainedGroupNames).toEqual(['group 1', 'group 2']);
    expect(await readTrainingRun(join(scratch, 'nowhere'), run)).toBeNull();
  });
});

describe('the training of generators', () => {
  const run = { seed: 3, name: 'stage-1' };
  const losses = { kind: 'training', cycleSource: 1.5, cycleTarget: 2 };
  const picture = encodePng({ height: 6, width: 4, channels: 1, pixels: new Uint8Array(24) });
  const pictureOf = (step: number): string => `gallery/step-${String(step).padStart(9, '0')}.png`;
  it('is read from its log and its pictures: the one nearest to the chosen checkpoint, and the newest', async () => {
    const flipRate = { toTarget: 0.5, toSource: 1 };
    const folder = folderOf('generators', [
      { step: 1, ...losses },
      { step: 2, ...losses },
      { step: 2, kind: 'evaluation', flipRate, score: 0.25 },
      ...[100, 200, 210, 290, 300].map((step) => pictureRecord(step, 'translations', pictureOf(step))),
    ]);
    // Step 290's is gone, and 400's was made before the run went back to step 300.
    for (const step of [100, 200, 300, 400]) writeFileSync(join(folder, pictureOf(step)), picture);
    writeFileSync(join(folder, pictureOf(210)), 'no picture');
    const read = (await readTranslationRun(folder, run, 190))!;
    expect(read.curve).toEqual([
      { step: 1, flipRate: null, score: null, cycleLoss: 3.5 },
      { step: 2, flipRate, score: 0.25, cycleLoss: 3.5 },
    ]);
    const png = Buffer.from(picture).toString('base64');
    expect(read.galleries).toEqual([
      { step: 200, png, width: 4 },
      { step: 300, png, width: 4 },
    ]);
    // The nearest to step 212 is damaged, and left out.
    expect((await readTranslationRun(folder, run, 212))!.galleries.map(({ step }) => step)).toEqual([300]);
    expect((await readTranslationRun(folder, run, 288))!.galleries.map(({ step }) => step)).toEqual([300]);
    expect((await readTranslationRun(folder, run, null))!.galleries.map(({ step }) => step)).toEqual([300]);
  });
  it('is null of a run that has not begun', async () => {
    expect(await readTranslationRun(join(scratch, 'nowhere'), run, null)).toBeNull();
  });
});
