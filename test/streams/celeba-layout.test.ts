import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { formatDataError } from '../../src/data/data-error.ts';
import { openDataset } from '../../src/streams/open-dataset.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'celeba-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (name: string, text = ''): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
};

/** Two training images: blond women, then men who are not. */
const TABLES = {
  attributes: '2\nBlond_Hair Male\n000001.jpg  1 -1\n000002.jpg -1  1\n',
  partition: '000001.jpg 0\n000002.jpg 0\n',
};

const officialTables = (): void => {
  write('Anno/list_attr_celeba.txt', TABLES.attributes);
  write('Eval/list_eval_partition.txt', TABLES.partition);
};

async function open() {
  const opened = await openDataset({ kind: 'celeba', root });
  if (E.isLeft(opened)) throw new Error(formatDataError(opened.left));
  const { dataset, notices, close } = opened.right;
  await close();
  return {
    images: dataset.splits.train.map(({ image, label, subgroup }) => [image.file, label, subgroup]),
    notices,
  };
}

describe('CelebA', () => {
  it.each(['img_align_celeba', 'Img/img_align_celeba', 'img_align_celeba/img_align_celeba'])(
    'is found with its tables in Anno and Eval and its images in %s',
    async (folder) => {
      officialTables();
      ['000001.jpg', '000002.jpg'].forEach((name) => write(`${folder}/${name}`));
      expect(await open()).toEqual({
        images: [
          [join(root, folder, '000001.jpg'), 1, 0],
          [join(root, folder, '000002.jpg'), 0, 1],
        ],
        notices: [],
      });
    },
  );

  it('is found as PNG, with a line', async () => {
    officialTables();
    const folder = 'Img/img_align_celeba_png';
    ['000001.png', '000002.png'].forEach((name) => write(`${folder}/${name}`));
    expect(await open()).toEqual({
      images: [
        [join(root, folder, '000001.png'), 1, 0],
        [join(root, folder, '000002.png'), 0, 1],
      ],
      notices: [`${join(root, folder)}: PNG images for what the tables call .jpg`],
    });
  });

  it('is refused with its first image where none is found', async () => {
    officialTables();
    expect(await openDataset({ kind: 'celeba', root })).toMatchObject({
      left: { where: expect.stringContaining('img_align_celeba') as string },
    });
  });
});
