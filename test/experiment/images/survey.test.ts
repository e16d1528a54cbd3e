import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DataSettings } from '../../../src/config/schema/data-settings.ts';
import { StageTwoCodec } from '../../../src/config/schema/stage-two.ts';
import { encodePng } from '../../../src/data/png.ts';
import { openExperimentImages } from '../../../src/experiment/images/open-images.ts';
import { surveyData } from '../../../src/experiment/images/survey.ts';
import { closing } from '../../../src/system/closing.ts';

const scratch = mkdtempSync(join(tmpdir(), 'survey-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const picture = (seed: number, [height, width] = [10, 10]): Uint8Array =>
  encodePng({
    height: height!,
    width: width!,
    channels: 1,
    pixels: Uint8Array.from({ length: height! * width! }, (_, k) => (37 * k + 11 * seed) % 256),
  });

type Row = readonly [name: string, split: string, y: string, z: string, bytes: Uint8Array];

/** The settings as a file writes them, and with the root put in. */
function written(name: string, rows: readonly Row[]): readonly [DataSettings, DataSettings] {
  const folder = join(scratch, name);
  mkdirSync(folder);
  rows.forEach(([file, , , , bytes]) => writeFileSync(join(folder, file), bytes));
  const table = rows.map((row) => row.slice(0, 4).join());
  writeFileSync(join(folder, 'metadata.csv'), ['filename,split,y,z', ...table].join('\n'));
  const decoded = StageTwoCodec.decode({
    version: 1,
    kind: 'stage-2',
    data: {
      kind: 'folder',
      root: '${DATA}',
      classes: ['cat', 'dog'],
      subgroups: ['in', 'out'],
      image: { height: 10, width: 10, channels: 1 },
    },
    network: { kind: 'small-cnn' },
    method: { kind: 'erm' },
  });
  if (decoded._tag === 'Left') throw new Error('settings');
  const { data } = decoded.right;
  return [data, { ...data, root: folder } as DataSettings];
}

const survey = async ([data, rooted]: readonly [DataSettings, DataSettings]) =>
  closing(await openExperimentImages(rooted, { workers: 0 }), (images) => surveyData(data, images));

describe('a data set that is read from end to end', () => {
  it('has its groups, formats, sizes, damage, doubles and leaks told', async () => {
    const { lines, damaged } = await survey(
      written('pets', [
        ['a.png', 'train', 'cat', 'in', picture(1)],
        ['b.png', 'train', 'cat', 'out', picture(2, [12, 8])],
        ['c.png', 'train', 'dog', 'in', picture(1)],
        ['d.png', 'train', 'dog', 'out', picture(4).slice(0, 60)],
        ['e.png', 'test', 'cat', 'in', picture(2, [12, 8])],
        ['f.png', 'test', 'dog', 'in', new TextEncoder().encode('no image')],
      ]),
    );
    expect(damaged).toBe(2);
    expect(lines.slice(0, 9)).toEqual([
      'group       train  validation  test',
      '(Y=0)(Z=0)      1           0     1',
      '(Y=0)(Z=1)      1           0     0',
      '(Y=1)(Z=0)      1           0     1',
      '(Y=1)(Z=1)      1           0     0',
      'all             4           0     2',
      'formats: png, 8 bits (5)',
      'height × width: 10 × 10 (3), 12 × 8 (2)',
      'damaged: 2',
    ]);
    expect(lines[9]).toMatch(/d\.png/);
    expect(lines[10]).toMatch(/f\.png: .*text that begins/);
    expect(lines.slice(11, 13)).toEqual([
      'doubled: 1 within a split, 1 of them with several classes',
      '  a.png = c.png',
    ]);
    expect(lines[13]).toMatch(/^warning: 1 training image .* b\.png \(train\) = e\.png \(test\)$/);
    expect(lines.slice(14)).toEqual([
      'stage-1: nothing to refuse',
      'stage-1 with a gate would refuse: gate: expected at least 4 validation images of group (Y=0)(Z=0) in metadata.csv, found 0; add some, or set gate.kind to none',
      'stage-2: nothing to refuse',
    ]);
  });

  it('says what the stages would refuse', async () => {
    const { lines, damaged } = await survey(
      written('half', [
        ['a.png', 'train', 'cat', 'in', picture(1)],
        ['c.png', 'train', 'dog', 'in', picture(3)],
      ]),
    );
    expect(damaged).toBe(0);
    expect(lines).toContain('damaged: none');
    expect(lines).toContain('leaks: none');
    expect(lines.find((line) => line.startsWith('stage-1 would refuse: '))).toMatch(/target/);
    expect(lines.at(-1)).toBe('stage-2: nothing to refuse');
  });
});
