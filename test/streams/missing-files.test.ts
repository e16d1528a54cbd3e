import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { encodePng } from '../../src/data/png.ts';
import { missingFilesFault } from '../../src/streams/missing-files.ts';
import { openDataset, type DatasetSettings } from '../../src/streams/open-dataset.ts';

const scratch = mkdtempSync(join(tmpdir(), 'missing-files-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const PIXEL = encodePng({ height: 1, width: 1, channels: 1, pixels: Uint8Array.of(7) });

/** A data set of the given files, whose table names the given images. */
function folderWith(files: readonly string[], images: readonly string[]): string {
  const root = mkdtempSync(join(scratch, 'data-'));
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), PIXEL);
  }
  const rows = images.map((image, i) => `"${image}",train,${i % 2},0`);
  writeFileSync(join(root, 'metadata.csv'), ['filename,split,y,z', ...rows].join('\n'));
  return root;
}

const opened = (root: string, settings: object = {}) =>
  openDataset({ kind: 'folder', root, ...settings } as DatasetSettings);

async function refusal(root: string, settings: object = {}) {
  const result = await opened(root, settings);
  if (result._tag === 'Right') throw new Error('expected a missing image');
  return result.left;
}

describe('an image that is missing', () => {
  it.each([
    ['a', 'a.jpg', {}, { extension: '.jpg' }, 'data.extension: ".jpg"'],
    ['a', 'a.JPG', { extension: '.jpg' }, { extension: '.JPG' }, 'data.extension: ".JPG"'],
    ['a.jpg', 'images/a.jpg', {}, { imageFolder: 'images' }, 'data.imageFolder: "images"'],
    ['x/a.jpg', 'deep/er/x/a.jpg', {}, { imageFolder: 'deep/er' }, 'data.imageFolder: "deep/er"'],
    ['a.jpg', 'a.jpg', { imageFolder: 'images' }, { imageFolder: '' }, 'data.imageFolder: ""'],
    [
      'a.jpg',
      'pictures/a.jpg',
      { imageFolder: './images/' },
      { imageFolder: 'pictures' },
      'data.imageFolder: "pictures"',
    ],
    [
      'a',
      'b/a.png',
      {},
      { imageFolder: 'b', extension: '.png' },
      'data.imageFolder: "b" and data.extension: ".png"',
    ],
  ])('%j is found as %j by the setting that is said', async (image, file, settings, mended, cure) => {
    const root = folderWith([file, 'other.txt'], [image]);
    const fault = await refusal(root, settings);
    expect(fault.found).toContain(`the nearest is ${JSON.stringify(file)}`);
    expect(fault.cure).toBe(`set ${cure}, which finds it`);
    expect(await opened(root, { ...settings, ...mended })).toMatchObject({
      right: { dataset: { splits: { train: [{}] } } },
    });
  });

  it.each([
    ['a.jpg', 'a.JPG', 'in other capitals', true],
    ['a.jpg', 'a.png', 'with the ending .png', true],
    ['caf\u00e9.jpg', 'cafe\u0301.jpg', 'with accents composed otherwise', true],
    ['a.jpg', 'a.jpg ', 'with a blank around its name', false],
    ['a.jpg', ' a.jpg', 'with a blank around its name', false],
    ['x/a.jpg', 'x\\a.jpg', 'with a backslash in its name', false],
    ['x/a.jpg', 'y/a.jpg', 'in another folder', true],
  ])('%j gets the near %j in its message', async (image, file, difference, canBeNamed) => {
    const root = folderWith([file], [image]);
    const fault = await refusal(root);
    expect(fault.found).toBe(`no such file; the nearest is ${JSON.stringify(file)}, ${difference}`);
    const rename = `rename the file to ${JSON.stringify(image)}`;
    expect(fault.cure).toBe(
      canBeNamed ? `name the image in the table as its file is named, or ${rename}` : rename,
    );
    const named = await opened(folderWith([file], [file]));
    expect(named._tag).toBe(canBeNamed ? 'Right' : 'Left');
    mkdirSync(dirname(join(root, image)), { recursive: true });
    renameSync(join(root, file), join(root, image));
    expect(await opened(root)).toMatchObject({ _tag: 'Right' });
  });

  it('cannot be named where it is in another folder than that of the images', async () => {
    const root = folderWith(['pictures/A.jpg'], ['a.jpg']);
    expect((await refusal(root, { imageFolder: 'images' })).cure).toBe('rename the file to "images/a.jpg"');
  });

  it('without a near one says so plainly, and counts the others', async () => {
    const fault = await refusal(folderWith(['000001.png'], ['000002.png', '000003.png', '000004.png']));
    expect(fault.found).toBe('no such file, and 2 others likewise');
    expect(fault.cure).toBe('unpack all images there, or give the folder that holds them');
  });

  it('is one of several, of which the first three get their near ones', async () => {
    const names = ['aa', 'bb', 'cc', 'dd'];
    const root = folderWith(
      names.map((name) => `${name}.PNG`),
      names.map((name) => `${name}.png`),
    );
    const { where, found } = await refusal(root);
    expect(where).toBe(join(root, 'aa.png'));
    expect(found).toBe(
      'no such file, and 3 others likewise; the nearest is "aa.PNG", in other capitals; to "bb.png" "bb.PNG", in other capitals; to "cc.png" "cc.PNG", in other capitals',
    );
  });

  it('is looked for in folders that are links', async () => {
    const root = folderWith(['images/a.png'], ['a.png']);
    renameSync(join(root, 'images'), join(scratch, 'linked'));
    symlinkSync(join(scratch, 'linked'), join(root, 'pictures'), 'dir');
    expect((await refusal(root)).cure).toBe('set data.imageFolder: "pictures", which finds it');
  });

  it('with a backslash in the table is read as one with a slash', async () => {
    const root = folderWith(['x/a.png'], ['x\\a.png']);
    expect(await opened(root)).toMatchObject({ _tag: 'Right' });
  });

  it('with 5,000 others among 2,000 files is looked for within seconds', async () => {
    const root = mkdtempSync(join(scratch, 'many-'));
    // Only the first three missing images are compared with every file.
    for (let i = 0; i < 2000; i++) writeFileSync(join(root, `image-of-somebody-${i}.jpg`), '');
    const missing = Array.from({ length: 5000 }, (_, i) => join(root, `image_of-somebody-${i}.jpg`));
    const begun = performance.now();
    const fault = await missingFilesFault(missing, { name: 'people', root });
    const seconds = (performance.now() - begun) / 1000;
    expect(fault.found).toContain('the nearest is "image-of-somebody-0.jpg"');
    expect(seconds).toBeLessThan(2);
  });
});
