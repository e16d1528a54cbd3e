import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, describe, expect, it } from 'vitest';
import { DataCodec } from '../../../src/config/schema/data-settings.ts';
import { decode } from '../../../src/config/decoding.ts';
import { openExperimentImages } from '../../../src/experiment/images/open-images.ts';

const scratch = mkdtempSync(join(tmpdir(), 'sixteen-bits-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A data set of images of one pixel, and what opening it notices. */
async function open(values: readonly number[], depth: 8 | 16, settings: object = {}) {
  const root = mkdtempSync(join(scratch, 'data-'));
  const data = (value: number) => (depth === 16 ? Uint16Array.of(value) : Uint8Array.of(value));
  values.forEach((value, i) =>
    writeFileSync(
      join(root, `${i}.png`),
      encode({ height: 1, width: 1, channels: 1, depth, data: data(value) }),
    ),
  );
  const rows = values.map((_, i) => `${i}.png,train,${i % 2 === 0 ? 'a' : 'b'},c`);
  writeFileSync(join(root, 'metadata.csv'), ['filename,split,y,z', ...rows].join('\n'));
  const image = { height: 1, width: 1, channels: 1 };
  const given = { kind: 'folder', root: 'data', classes: ['a', 'b'], subgroups: ['c'], image, ...settings };
  const decoded = decode(DataCodec, given, 'data');
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
  const images = await openExperimentImages({ ...decoded.right, root }, { workers: 0 });
  const loaded = await Promise.all(images.examples('train').map(({ image: file }) => images.load(file)));
  await images.close();
  return {
    notices: images.notices,
    pixels: loaded.map((pixels) => (pixels._tag === 'Right' ? pixels.right[0] : pixels.left.found)),
  };
}

describe('sixteen-bit images', () => {
  it('that use few of the bits are warned of, with the range and the setting', async () => {
    const { notices, pixels } = await open([0, 100, 4011, 2048], 16);
    expect(pixels).toEqual([0, 0, 15, 8]);
    expect(notices).toEqual([
      'warning: 4 sixteen-bit images that were looked at have values from 0 to 4011 of 65535; data.sixteenBitMaximum: 4095 makes the largest of 12 bits white',
    ]);
  });

  it('are scaled alike by the setting, and then not warned of', async () => {
    const scaled = await open([0, 100, 4011, 2048], 16, { sixteenBitMaximum: 4095 });
    expect(scaled).toEqual({ notices: [], pixels: [0, 6, 250, 128] });
    const exceeding = await open([0, 2048], 16, { sixteenBitMaximum: 1023 });
    expect(exceeding.pixels).toEqual([0, '2048']);
  });

  it('that use all bits, and images of eight, are not warned of', async () => {
    expect((await open([3, 40_000], 16)).notices).toEqual([]);
    expect((await open([3, 40], 8)).notices).toEqual([]);
  });

  it('are found where only some of many are of that kind', async () => {
    const many = Array.from({ length: 60 }, (_, i) => 10 + i);
    expect((await open(many, 16)).notices?.[0]).toMatch(/^warning: 24 sixteen-bit images .* from 0 to 6\d /);
  });
});
