import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeFileAtomically } from '../../src/system/atomic-file.ts';
import { decodeSafetensors, encodeSafetensors, restoreTree } from '../../src/runs/safetensors.ts';
import type { TensorTree } from '../../src/tensor-tree.ts';
import { useBackend } from '../support/backend.ts';

beforeAll(() => useBackend('cpu'));
let tensors = 0;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

const encode = async (tree: TensorTree, metadata?: Record<string, string>): Promise<Uint8Array> =>
  new Uint8Array(Buffer.concat(await encodeSafetensors(tree, metadata)));

/** A file with any header, as another program might write it. */
function fileOf(header: unknown, data: readonly number[] = []): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeUInt32LE(json.length);
  return new Uint8Array(Buffer.concat([length, json, Buffer.from(data)]));
}

function errorOf(bytes: Uint8Array): string {
  const decoded = decodeSafetensors(bytes, 'weights');
  if (E.isRight(decoded)) throw new Error('expected a fault, found none');
  expect(decoded.left.where).toBe('weights');
  return `expected ${decoded.left.expected}, found ${decoded.left.found}`;
}

describe('a file of two small tensors', () => {
  it('holds the length, the header and the data, byte by byte', async () => {
    const tree = { a: tf.tensor1d([1.5, -2]), b: { c: tf.tensor2d([[3], [-1]], [2, 1], 'int32') } };
    const bytes = await encode(tree);
    tf.dispose(tree);
    const text = Buffer.from(bytes).toString('latin1');
    const checksum = /"model-patching\.sha256":"([0-9a-f]{64})"/.exec(text)![1]!;
    const header =
      `{"__metadata__":{"model-patching.sha256":"${checksum}"},` +
      '"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"b/c":{"dtype":"I32","shape":[2,1],"data_offsets":[8,16]}}';
    const padded = header.padEnd(Math.ceil(header.length / 8) * 8, ' ');
    expect([...bytes.subarray(0, 8)]).toEqual([padded.length & 255, padded.length >> 8, 0, 0, 0, 0, 0, 0]);
    expect(text.slice(8, 8 + padded.length)).toBe(padded);
    expect([...bytes.subarray(8 + padded.length)]).toEqual([
      ...[0x00, 0x00, 0xc0, 0x3f], // 1.5
      ...[0x00, 0x00, 0x00, 0xc0], // −2
      ...[3, 0, 0, 0],
      ...[0xff, 0xff, 0xff, 0xff],
    ]);
  });

  it('is the same whatever is read: a Buffer in the middle of another, or the file itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'safetensors-'));
    const tree = {
      a: tf.tensor1d([1, 2, 3]),
      b: tf.tensor1d([true, false, true], 'bool'),
      c: tf.zeros([0, 4]),
    };
    const path = join(folder, 'x.safetensors');
    await writeFileAtomically(path, await encodeSafetensors(tree));
    const file = await readFile(path);
    const inside = Buffer.concat([Buffer.from([9, 9, 9]), file, Buffer.from([9])]).subarray(
      3,
      3 + file.length,
    );
    for (const bytes of [file, inside]) {
      const decoded = E.getOrElseW((error) => {
        throw new Error(JSON.stringify(error));
      })(decodeSafetensors(bytes, path));
      const restored = restoreTree(decoded, tree, path);
      if (E.isLeft(restored)) throw new Error(restored.left.found);
      expect(await restored.right.a.data()).toEqual(new Float32Array([1, 2, 3]));
      expect(await restored.right.b.data()).toEqual(new Uint8Array([1, 0, 1]));
      expect(restored.right.c.shape).toEqual([0, 4]);
      tf.dispose(restored.right);
    }
    tf.dispose(tree);
    await rm(folder, { recursive: true });
  });

  it('returns any float bit for bit, and the metadata', async () => {
    const special = [Number.NaN, -0, 0, Infinity, -Infinity, 1e-45, 3.4028234e38];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noDefaultInfinity: false }), { maxLength: 20 }),
        fc.string(),
        async (values, text) => {
          const all = new Float32Array([...special, ...values]);
          const tree = { x: tf.tensor1d(all) };
          const decoded = decodeSafetensors(await encode(tree, { text }), 'weights');
          if (E.isLeft(decoded)) throw new Error(decoded.left.found);
          expect(decoded.right.metadata['text']).toBe(text);
          const restored = restoreTree(decoded.right, tree, 'weights');
          if (E.isLeft(restored)) throw new Error(restored.left.found);
          const back = (await restored.right.x.data()) as Float32Array;
          expect(new Uint32Array(back.buffer, back.byteOffset, back.length)).toEqual(
            new Uint32Array(all.buffer),
          );
          tf.dispose([tree, restored.right]);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('damage is told', () => {
  const entry = (offsets: readonly number[], shape = [1], dtype = 'F32') => ({
    dtype,
    shape,
    data_offsets: offsets,
  });

  it('a file cut short, at every length', async () => {
    const tree = { a: tf.tensor1d([1, 2]) };
    const bytes = await encode(tree);
    tf.dispose(tree);
    for (let length = 0; length < bytes.length; length++)
      expect(E.isLeft(decodeSafetensors(bytes.subarray(0, length), 'weights')), `${length} bytes`).toBe(true);
    expect(errorOf(bytes.subarray(0, 5))).toBe('expected at least 8 bytes, found 5');
    expect(errorOf(bytes.subarray(0, bytes.length - 1))).toMatch(/"a" from byte 0 to 8 of the data's 7/);
  });

  it('a byte too many', async () => {
    expect(errorOf(fileOf({ a: entry([0, 4]) }, [0, 0, 0, 0, 7]))).toBe('expected 4 bytes of data, found 5');
  });

  it('every flipped bit, in the header as in the data', async () => {
    const tree = { a: tf.tensor1d([1, 2]), b: tf.scalar(3, 'int32') };
    const bytes = await encode(tree, { step: '10', score: '0.5' });
    const intact = decodeSafetensors(bytes, 'weights');
    if (E.isLeft(intact)) throw new Error(intact.left.found);
    const unnoticed: string[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const decoded = decodeSafetensors(damaged, 'weights');
      if (E.isLeft(decoded)) continue;
      unnoticed.push(Buffer.from(damaged.subarray(8, 60)).toString('latin1'));
      // Only a checksum whose own name is damaged cannot warn; what it vouched for is as it was.
      expect(decoded.right.metadata['model-patching.sha256']).toBeUndefined();
      expect([...decoded.right.tensors.entries()]).toEqual([...intact.right.tensors.entries()]);
      expect(decoded.right.metadata['step']).toBe('10');
    }
    expect(unnoticed.length).toBeLessThanOrEqual('model-patching.sha256'.length * 8);
    const flipped = bytes.slice();
    flipped[bytes.length - 1]! ^= 1;
    expect(errorOf(flipped)).toBe(
      'expected the contents that its checksum was made of, found others: the file is damaged',
    );
    tf.dispose(tree);
  });

  it('a header length of 2^60', () => {
    const bytes = fileOf({});
    new DataView(bytes.buffer).setBigUint64(0, 2n ** 60n, true);
    expect(errorOf(bytes)).toBe(
      "expected a header within the file's 10 bytes, found one of 1152921504606846976 bytes",
    );
  });

  it.each([
    ['not JSON', '{"a":', 'expected a header of JSON'],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0xff, 0x7d]).toString('latin1'),
      'expected a header of JSON',
    ],
    ['a list', '[]', 'expected a JSON object as header'],
    ['null', 'null', 'expected a JSON object as header'],
    ['metadata that are no text', { __metadata__: { step: 3 } }, 'expected metadata of text by name'],
    ['an unknown type', { a: entry([0, 4], [1], 'F4') }, 'of "a", found {"dtype":"F4"'],
    ['a negative dimension', { a: entry([0, 4], [-1, -1]) }, 'of "a", found {"dtype":"F32","shape":[-1,-1]'],
    ['a fraction as dimension', { a: entry([0, 4], [0.5]) }, 'of "a"'],
    ['a missing shape', { a: { dtype: 'F32', data_offsets: [0, 4] } }, 'of "a"'],
    ['one offset', { a: entry([0]) }, 'of "a"'],
  ])('a header of %s', (_, header, message) => {
    expect(errorOf(fileOf(header, [0, 0, 0, 0]))).toContain(message);
  });

  it.each([
    [
      'overlap',
      [
        [0, 4],
        [2, 6],
      ],
      6,
      '"b" from byte 4 to 8',
    ],
    [
      'coincide',
      [
        [0, 4],
        [0, 4],
      ],
      4,
      '"b" from byte 4 to 8',
    ],
    [
      'leave a gap',
      [
        [0, 4],
        [5, 9],
      ],
      9,
      '"b" from byte 4 to 8',
    ],
    [
      'begin late',
      [
        [1, 5],
        [5, 9],
      ],
      9,
      '"a" from byte 0 to 4',
    ],
    [
      'are negative',
      [
        [-4, 0],
        [0, 4],
      ],
      4,
      '"a" from byte 0 to 4',
    ],
    [
      'are larger than the shape',
      [
        [0, 8],
        [8, 12],
      ],
      12,
      '"a" from byte 0 to 4',
    ],
    [
      'end behind the file',
      [
        [0, 4],
        [4, 8],
      ],
      6,
      "of the data's 6",
    ],
  ])('offsets that %s', (_, [a, b], length, message) => {
    const header = { a: entry(a!), b: entry(b!) };
    expect(errorOf(fileOf(header, new Array<number>(length).fill(0)))).toContain(message);
  });

  it('nothing, in a file of another program: any order of entries, no checksum, no padding', () => {
    const header = { b: entry([4, 5], [1], 'BOOL'), a: entry([0, 4]) };
    const decoded = decodeSafetensors(fileOf(header, [0, 0, 128, 63, 1]), 'weights');
    if (E.isLeft(decoded)) throw new Error(decoded.left.found);
    const tree = { a: tf.zeros([1]), b: tf.zeros([1], 'bool') };
    const restored = restoreTree(decoded.right, tree, 'weights');
    if (E.isLeft(restored)) throw new Error(restored.left.found);
    expect([...restored.right.a.dataSync(), ...restored.right.b.dataSync()]).toEqual([1, 1]);
    tf.dispose([tree, restored.right]);
  });
});

describe('another structure is told', () => {
  it.each([
    ['shape', { layer: { kernel: [3, 2] } }, 'weights, layer/kernel', 'float32 [3, 2]', 'float32 [2, 3]'],
    ['path', { layer: { bias: [2, 3] } }, 'weights, layer/bias', 'float32 [2, 3]', 'no such tensor'],
    ['fewer', {}, 'weights, layer/kernel', 'no such tensor', 'float32 [2, 3]'],
  ])(
    'by path and both shapes: %s',
    async (_, shapes: Record<string, Record<string, number[]>>, where, expected, found) => {
      const tree = { layer: { kernel: tf.zeros([2, 3]) } };
      const decoded = decodeSafetensors(await encode(tree), 'weights');
      if (E.isLeft(decoded)) throw new Error(decoded.left.found);
      const other = Object.fromEntries(
        Object.entries(shapes).map(([name, inner]) => [
          name,
          Object.fromEntries(Object.entries(inner).map(([key, shape]) => [key, tf.zeros(shape)])),
        ]),
      );
      const restored = restoreTree(decoded.right, other, 'weights');
      expect(restored).toEqual(
        E.left({ where, expected, found, cure: 'use a checkpoint of the same networks and settings' }),
      );
      tf.dispose([tree, other]);
    },
  );

  it('by type', async () => {
    const tree = { a: tf.zeros([2]) };
    const decoded = decodeSafetensors(await encode(tree), 'weights');
    const other = { a: tf.zeros([2], 'int32') };
    expect(E.isRight(decoded) && restoreTree(decoded.right, other, 'weights')).toMatchObject({
      left: { expected: 'int32 [2]', found: 'float32 [2]' },
    });
    tf.dispose([tree, other]);
  });
});

describe('misuse throws', () => {
  it('for a type that the format lacks', async () => {
    const tree = { name: tf.tensor1d(['a']) };
    await expect(encodeSafetensors(tree)).rejects.toThrow(
      "expected float32, int32 or bool at 'name', received string",
    );
    tf.dispose(tree);
  });

  it('for two tensors of one path', async () => {
    const tree = { 'a/b': tf.scalar(1), a: { b: tf.scalar(2) } };
    await expect(encodeSafetensors(tree)).rejects.toThrow("received 'a/b'");
    tf.dispose(tree);
  });
});

it('a header of ten thousand brackets is no header', () => {
  const json = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`;
  const bytes = new Uint8Array(8 + json.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(new TextEncoder().encode(json), 8);
  expect(decodeSafetensors(bytes, 'a')).toMatchObject({ left: { expected: 'a header of JSON' } });
});
