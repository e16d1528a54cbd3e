import { describe, expect, it } from 'vitest';
import { notedOrientation } from '../../src/data/orientation-notes.ts';
import { readImageHeader } from '../../src/data/image-header.ts';
import { drawnJpeg } from '../support/plain-jpeg.ts';
import { exif, xmp, type Note } from '../support/plain-pictures.ts';
import { drawnPng } from '../support/plain-png.ts';

const NOTES: readonly Note[] = ['exif-little', 'exif-big', 'xmp-attribute', 'xmp-element', 'raw-profile'];

describe.each(NOTES)('an orientation noted as %s', (note) => {
  it.each([2, 3, 4, 5, 6, 7, 8])('is found in JPEG and PNG: %i', (orientation) => {
    for (const { bytes } of [
      drawnJpeg(3, 9, 'rgb', { seed: 1, orientation, note }),
      drawnPng(3, 9, [2, 8], { seed: 1, orientation, note }),
      drawnPng(3, 9, [3, 4], { seed: 2, orientation, note }),
    ]) {
      const [height, width] = orientation >= 5 ? [9, 3] : [3, 9];
      expect(readImageHeader(bytes)).toMatchObject({ right: { orientation, height, width } });
    }
  });
});

describe('of several notes', () => {
  const ofExif = (orientation: number) => ({
    type: 'APP1',
    data: Buffer.concat([Buffer.from('Exif\0\0'), exif(orientation, true)]),
  });
  const ofXmp = (orientation: number) => ({
    type: 'APP1',
    data: Buffer.from(`http://ns.adobe.com/xap/1.0/\0${xmp(orientation, true)}`),
  });
  const withoutTag = { type: 'eXIf', data: Uint8Array.of(0x49, 0x49, 42, 0, 8, 0, 0, 0, 0, 0) };
  it.each([
    ['none', [], 1],
    ['XMP before Exif: Exif', [ofXmp(3), ofExif(6)], 6],
    ['Exif without the tag, and XMP: XMP', [withoutTag, ofXmp(8)], 8],
    ['Exif that says upright, and XMP: Exif', [ofExif(1), ofXmp(8)], 1],
    ['Exif of no sense, and XMP: neither', [ofExif(9), ofXmp(8)], 1],
    ['XMP of no sense', [ofXmp(9)], 1],
    ['a text that is called otherwise', [{ type: 'tEXt', data: Buffer.from(`Comment\0${xmp(6, true)}`) }], 1],
    [
      'a compressed text that is damaged',
      [{ type: 'zTXt', data: Buffer.from('XML:com.adobe.xmp\0\0nonsense') }],
      1,
    ],
  ])('%s', (_, parts, orientation) => {
    expect(notedOrientation(parts)).toBe(orientation);
  });
});
