import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
function written(name: string, rows: readonly Row[], side = 64): readonly [DataSettings, DataSettings] {
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
      image: { height: side, width: side, channels: 1 },
    },
    network: { kind: 'small-cnn' },
    method: { kind: 'erm' },
  });
  if (decoded._tag === 'Left') throw new Error('settings');
  const { data } = decoded.right;
  return [data, { ...data, root: folder } as DataSettings];
}

/** So many images that are each twice in training and once in every other split. */
const pairs = (count: number): readonly Row[] =>
  Array.from({ length: count }, (_, i) => picture(i)).flatMap((bytes, i) =>
    [
      ['train', ''],
      ['train', '-again'],
      ['val', ''],
      ['test', ''],
    ].map(([split, more]): Row => [`${split}-${i}${more}.png`, split!, i % 2 ? 'cat' : 'dog', 'in', bytes]),
  );

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
    expect(damaged).toEqual({ train: 1, validation: 0, test: 1 });
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
    expect(lines.slice(13)).toEqual([
      'warning: 1 training image has the contents of an image in another split, so that results look better than they are:',
      '  b.png (train) = e.png (test)',
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
    expect(damaged).toEqual({ train: 0, validation: 0, test: 0 });
    expect(lines).toContain('damaged: none');
    expect(lines).toContain('leaks: none');
    expect(lines.find((line) => line.startsWith('stage-1 would refuse: '))).toMatch(/target/);
    expect(lines.at(-1)).toBe('stage-2: nothing to refuse');
  });

  it('says what the stages would refuse of its settings, as they do before they open the data', async () => {
    const { lines } = await survey(written('small', pairs(2), 8));
    expect(lines.slice(-4).map((line) => line.split(', found')[0])).toEqual([
      'stage-1 would refuse: discriminator.filters: expected images of at least 17×17 pixels for its discriminators of 4 filters',
      'stage-1 with a gate would refuse: discriminator.filters: expected images of at least 17×17 pixels for its discriminators of 4 filters',
      'stage-1 with a gate would refuse: gate.kind: expected images of at least 10×10 pixels for its small convolutional classifier',
      'stage-2: nothing to refuse',
    ]);
  });

  it('has all that is damaged, doubled or leaked listed, and unreadable images for neither', async () => {
    const settings = written('many', pairs(7));
    rmSync(join(settings[1].root, 'train-6.png'));
    rmSync(join(settings[1].root, 'test-6.png'));
    for (const name of ['train-6.png', 'test-6.png'])
      symlinkSync(join(scratch, 'nowhere'), join(settings[1].root, name));
    // Those of the sixth pair that are in training become others.
    for (const name of ['train-5.png', 'train-5-again.png'])
      writeFileSync(join(settings[1].root, name), picture(100));
    const { lines, damaged } = await survey(settings);
    const after = (start: string, count: number): readonly string[] => {
      const at = lines.findIndex((line) => line.startsWith(start));
      return lines.slice(at, at + count + 1);
    };
    expect(after('damaged: ', 2).map((line) => line.split(/: |\//).at(0))).toEqual(['damaged', '  ', '  ']);
    expect(after('doubled: ', 7)).toEqual([
      'doubled: 6 within a split',
      ...[0, 1, 2, 3, 4, 5].map((i) => `  train-${i}.png = train-${i}-again.png`),
      'warning: 11 training images have the contents of images in another split, so that results look better than they are:',
    ]);
    expect(after('warning: 11', 7)).toEqual([
      expect.any(String),
      ...[0, 1, 2, 3, 4].map(
        (i) =>
          `  train-${i}.png (train) = train-${i}-again.png (train) = val-${i}.png (validation) = test-${i}.png (test)`,
      ),
      '  train-6-again.png (train) = val-6.png (validation)',
      'warning: 1 test image has the contents of a validation image, so that checkpoints are selected by what they are tested on:',
    ]);
    expect(after('warning: 1 test', 1)[1]).toBe('  val-5.png (validation) = test-5.png (test)');
    expect(damaged).toEqual({ train: 1, validation: 0, test: 1 });
  });
});
