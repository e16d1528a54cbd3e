/** Decoders of images: PNG, JPEG, their headers and orientation, IDX and MNIST folders. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import type { either as E } from 'fp-ts';
import { encode } from 'fast-png';
import { decodeImage } from '../../src/data/decode-image.ts';
import { largestSixteenBitValue } from '../../src/data/decode-image.ts';
import { decodeIdx, encodeIdx } from '../../src/data/idx.ts';
import { readImageHeader } from '../../src/data/image-header.ts';
import { encodeJpeg } from '../../src/data/jpeg/encode-jpeg.ts';
import { exifOrientation } from '../../src/data/orientation.ts';
import { encodePng, type ByteImage } from '../../src/data/png.ts';
import { readMnist } from '../../src/streams/mnist-files.ts';
import { cases } from '../data/image-cases.ts';
import { JPEG_IMAGES } from '../data/jpeg-cases.ts';
import { bombOf } from './bombs.ts';
import { anyOf, eitherFault, repositoryFile, type Decoder } from './decoder.ts';
import { BYTE_MUTATIONS, type Mutation } from './mutations.ts';
import { repairPng } from './repairs.ts';

/** Images beside the repository's, where this machine has some. */
const CASES = fileURLToPath(new URL('../../../shared/cases', import.meta.url));

const othersOf = (ending: string): Uint8Array[] =>
  existsSync(CASES)
    ? readdirSync(CASES)
        .filter((file) => file.endsWith(ending))
        .map((file) => new Uint8Array(readFileSync(join(CASES, file))))
    : [];

const decoded = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const values = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * i * 7 + i) & 255);

const image = (height: number, width: number, channels: 1 | 3): ByteImage => ({
  height,
  width,
  channels,
  pixels: values(height * width * channels),
});

const isPng = (file: Uint8Array): boolean => file[0] === 0x89;
const fixtures = cases.map(({ base64 }) => decoded(base64));

const PNGS = (): Uint8Array[] => [
  encodePng(image(9, 7, 1)),
  encodePng(image(12, 11, 3)),
  encode({ height: 5, width: 6, channels: 4, depth: 16, data: new Uint16Array(values(240).buffer) }),
  encode({ height: 5, width: 6, channels: 2, depth: 8, data: values(60) }),
  ...fixtures.filter(isPng),
  ...othersOf('.png'),
];

const JPEGS = (): Uint8Array[] => [
  encodeJpeg(image(20, 17, 3), 80),
  encodeJpeg(image(9, 9, 1), 50),
  ...JPEG_IMAGES.cases.map(({ base64 }) => decoded(base64)),
  ...JPEG_IMAGES.turned.map(({ base64 }) => decoded(base64)),
  ...fixtures.filter((file) => !isPng(file)),
  ...othersOf('.jpg'),
];

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Damages the pixels behind their compression, or packs far more of them than the header says. */
const mutatePixels: Mutation = (file, draws, others) => {
  for (let at = 8; at + 12 <= file.length;) {
    const length = viewOf(file).getUint32(at);
    const data = file.subarray(at + 8, at + 8 + length);
    if (Buffer.from(file.subarray(at + 4, at + 8)).toString('latin1') === 'IDAT') {
      let pixels: Uint8Array;
      try {
        pixels = inflateSync(data, { maxOutputLength: 2 ** 20 });
      } catch {
        return file;
      }
      const packed = draws.chance(0.05)
        ? bombOf('zlib', draws.one([2 ** 16, 2 ** 20, 2 ** 27]))
        : deflateSync(draws.one(BYTE_MUTATIONS)(new Uint8Array(pixels), draws, others), { level: 1 });
      const size = Buffer.alloc(4);
      size.writeUInt32BE(packed.length);
      const type = file.subarray(at + 4, at + 8);
      return new Uint8Array(
        Buffer.concat([file.subarray(0, at), size, type, packed, file.subarray(at + 8 + length)]),
      );
    }
    at += 12 + length;
  }
  return file;
};

/** Sets the size that the header of a PNG says. */
const mutateHeader: Mutation = (file, draws) => {
  const copy = file.slice();
  if (copy.length < 33) return copy;
  const at = draws.below(5);
  const sides = [0, 1, 7, 8, 100, 8192, 16_384, 65_535, 2 ** 26, 2 ** 31 - 1, 2 ** 32 - 1];
  if (at < 2) viewOf(copy).setUint32(16 + 4 * at, draws.one(sides));
  else copy[24 + draws.below(5)] = draws.one([0, 1, 2, 3, 4, 6, 8, 16, 255]);
  return copy;
};

/** Adds a compressed profile or text that unpacks to a lot, before the pixels. */
const addBomb: Mutation = (file, draws) => {
  const packed = bombOf('zlib', draws.one([10, 2 ** 20, 2 ** 27]));
  const type = draws.one(['iCCP', 'zTXt', 'iTXt', 'tEXt', 'fdAT', 'IDAT', 'eXIf', 'tRNS', 'PLTE']);
  const body = Buffer.concat([Buffer.from('name\0\0', 'latin1'), packed]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length);
  const chunk = Buffer.concat([size, Buffer.from(type, 'latin1'), body, Buffer.alloc(4)]);
  return new Uint8Array(Buffer.concat([file.subarray(0, 33), chunk, file.subarray(33)]));
};

/** Sets the size that the frame of a JPEG says, or its factors. */
const mutateFrame: Mutation = (file, draws) => {
  const copy = file.slice();
  const at = copy.findIndex((byte, i) => byte === 0xff && [0xc0, 0xc1, 0xc2].includes(copy[i + 1]!));
  if (at < 0 || at + 20 > copy.length) return copy;
  const place = at + 4 + draws.below(15);
  copy[place] = draws.one([0, 1, 2, 3, 4, 8, 17, 34, 68, 255, draws.below(256)]);
  return copy;
};

/** What is wrong with a decoded image: it has as many pixels as it says. */
function imageFault(result: unknown): string | undefined {
  const either = result as E.Either<unknown, ByteImage>;
  if (either._tag !== 'Right') return eitherFault(result);
  const { height, width, channels, pixels } = either.right;
  return pixels.length === height * width * channels && pixels instanceof Uint8Array
    ? undefined
    : `${pixels.length} pixel values of ${height} × ${width} × ${channels}`;
}

const IDX = (): Uint8Array[] => [
  encodeIdx({ shape: [12], values: values(12) }),
  encodeIdx({ shape: [3, 28, 28], values: values(3 * 784) }),
  new Uint8Array(gunzipSync(repositoryFile('examples/data/mnist/t10k-labels-idx1-ubyte.gz'))),
];

/** Two digits with their labels, as the files of both splits. */
const MNIST = { images: [2, 28, 28], labels: [2] };
const MNIST_NAMES = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];

export const IMAGE_DECODERS: readonly Decoder[] = [
  {
    name: 'png',
    of: 'src/data/decode-image.ts, decode-png.ts',
    files: PNGS,
    magic: 16,
    repair: repairPng,
    mutations: [
      ...BYTE_MUTATIONS,
      ...Array.from({ length: 4 }, () => mutatePixels),
      mutateHeader,
      mutateHeader,
      addBomb,
    ],
    run: (file) => decodeImage(file),
    check: imageFault,
  },
  {
    name: 'sixteen-bit-png',
    of: 'src/data/decode-image.ts',
    files: PNGS,
    magic: 16,
    repair: repairPng,
    mutations: [...BYTE_MUTATIONS, mutatePixels, mutateHeader],
    run: (file) => largestSixteenBitValue(file),
  },
  {
    name: 'jpeg',
    of: 'src/data/jpeg',
    files: JPEGS,
    magic: 2,
    mutations: [...BYTE_MUTATIONS, mutateFrame, mutateFrame],
    run: (file) => decodeImage(file),
    check: imageFault,
  },
  {
    name: 'image-header',
    of: 'src/data/image-header.ts, orientation.ts',
    files: () => [...PNGS(), ...JPEGS()],
    magic: 2,
    run: (file) => anyOf(readImageHeader(file), readImageHeader(file, 'b', { orientation: 'stored' })),
  },
  {
    name: 'exif',
    of: 'src/data/orientation.ts',
    files: () =>
      JPEG_IMAGES.turned.flatMap(({ base64 }) => {
        const file = decoded(base64);
        const at = Buffer.from(file).indexOf('Exif\0\0', 0, 'latin1');
        return at < 0 ? [] : [file.slice(at + 6, at + 6 + 120)];
      }),
    magic: 4,
    run: (file) => exifOrientation(file),
    check: (result) =>
      result === undefined || (Number(result) >= 1 && Number(result) <= 8)
        ? undefined
        : `orientation ${String(result)}`,
  },
  { name: 'idx', of: 'src/data/idx.ts', files: IDX, magic: 3, run: (file) => decodeIdx(file) },
  {
    name: 'mnist-folder',
    of: 'src/streams/mnist-files.ts, src/data/mnist.ts',
    files: () => {
      const images = encodeIdx({ shape: MNIST.images, values: values(2 * 784) });
      const labels = encodeIdx({ shape: MNIST.labels, values: Uint8Array.of(3, 9) });
      return [images, labels].flatMap((file) => [file, new Uint8Array(gzipSync(file))]);
    },
    magic: 3,
    mutations: [
      ...BYTE_MUTATIONS,
      (file, draws) => (draws.chance(0.9) ? new Uint8Array(gzipSync(file)) : bombOf('gzip', 2 ** 26 + 1)),
    ],
    run: (file, folder) => {
      const images = encodeIdx({ shape: MNIST.images, values: values(2 * 784) });
      const labels = encodeIdx({ shape: MNIST.labels, values: Uint8Array.of(3, 9) });
      // It takes the place of the first images, or of the first labels if it is short.
      const isShort = file.length < 100;
      [isShort ? images : file, isShort ? file : labels, images, labels].forEach((bytes, i) =>
        writeFileSync(join(folder, `${MNIST_NAMES[i]!}-ubyte`), bytes),
      );
      return readMnist(folder);
    },
  },
];
