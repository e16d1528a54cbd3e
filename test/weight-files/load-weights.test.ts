import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataError } from '../../src/data/data-error.ts';
import { decodeNpy, encodeNpy } from '../../src/weights/npy.ts';
import { storedValues } from '../../src/weights/stored-weight.ts';
import { networkFromModel } from '../../src/models/network-from-model.ts';
import type { Network } from '../../src/models/network.ts';
import {
  describeWeightReport,
  loadWeights,
  type LoadWeightsOptions,
} from '../../src/weight-files/load-weights.ts';
import { encodeWeights } from '../../src/weight-files/save-weights.ts';
import { encodeNpz } from '../../src/weight-files/npz.ts';
import { useBackend } from '../support/backend.ts';
import { weightFile } from '../support/weight-fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'model-patching-bad-weights-'));

let network: Network;

beforeAll(async () => {
  await useBackend('cpu');
  const layers = [tf.layers.dense({ name: 'out', units: 3, inputShape: [2] })];
  network = networkFromModel(tf.sequential({ layers }));
});

afterAll(() => {
  network.model.dispose();
  rmSync(folder, { recursive: true });
});

async function fault(source: string | Uint8Array): Promise<DataError> {
  const before = tf.memory().numTensors;
  const result = await loadWeights(source, network);
  if (E.isRight(result)) throw new Error('a fault expected');
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  return result.left;
}

const safetensors = (header: unknown, data = Buffer.alloc(0)): Buffer => {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
};

const npz = (...arrays: (readonly [name: string, shape: number[]])[]): Buffer =>
  Buffer.concat(
    encodeNpz(
      arrays.map(([name, shape]) => ({
        name,
        shape,
        values: new Float32Array(shape.reduce((p, n) => p * n, 1)),
      })),
    ),
  );

describe('a file of weights is refused with its place, what is expected and what is there', () => {
  it('that is missing', async () => {
    expect(await fault(join(folder, 'none.h5'))).toMatchObject({
      where: join(folder, 'none.h5'),
      found: 'none',
    });
  });

  it('that is of no known format', async () => {
    const error = await fault(Buffer.from('what this is nobody knows'));
    expect(error.expected).toContain('as safetensors, since it is no HDF5 or zip file');
    expect(error.cure).toContain('.npz');
  });

  it.each(['h5', 'npz', 'safetensors'] as const)('that is cut off, .%s', async (format) => {
    const whole = Buffer.concat(await encodeWeights(format, network));
    for (const length of [0, 1, 9, Math.floor(whole.length / 2), whole.length - 1])
      expect((await fault(whole.subarray(0, length))).where, `${length} bytes`).toBe('weights');
  });

  it('that holds a weight of another shape', async () => {
    expect(await fault(npz(['out/kernel', [3, 2]], ['out/bias', [3]]))).toMatchObject({
      where: 'weights, out/kernel',
      expected: 'shape [2, 3]',
      found: 'out/kernel of shape [3, 2]',
      // Whoever has a configuration cannot pass options.
      cure: expect.stringContaining('network.weights={ kind: random }') as string,
    });
  });

  it('that lacks a weight', async () => {
    expect(await fault(npz(['out/kernel', [2, 3]], ['else/gamma', [3]]))).toMatchObject({
      where: 'weights, out/bias',
      found: 'nothing of this name among its 2 tensors',
    });
  });

  it('that holds integers in place of a weight', async () => {
    const header = {
      'out/kernel': { dtype: 'I64', shape: [2, 3], data_offsets: [0, 48] },
      'out/bias': { dtype: 'F32', shape: [3], data_offsets: [48, 60] },
    };
    expect((await fault(safetensors(header, Buffer.alloc(60)))).found).toContain('no floating-point numbers');
  });

  it('that has more tensors than the network, where only their order counts', async () => {
    expect(await fault(npz(['arr_0', [2, 3]], ['arr_1', [3]], ['arr_2', [1]]))).toMatchObject({
      expected: '2 weights, since they are matched by order',
      found: '3',
    });
  });

  it('that is of another network', async () => {
    expect((await fault(weightFile('resnet50.h5.gz'))).where).toBe('weights, out/kernel');
  });

  it('that announces absurd sizes, before it is read or unpacked', async () => {
    const big = join(folder, 'big.h5');
    writeFileSync(big, '');
    const { truncateSync } = await import('node:fs');
    truncateSync(big, 2 ** 34);
    expect(await fault(big)).toMatchObject({
      expected: `at most ${8 * 4 * 9 + 2 ** 24} bytes for this network`,
      found: String(2 ** 34),
    });
    const header = { a: { dtype: 'F32', shape: [2 ** 31, 2 ** 31], data_offsets: [0, 2 ** 53] } };
    expect((await fault(safetensors(header))).found).toContain('from 0 to 9007199254740992');
    const bomb = Buffer.concat(encodeNpz([{ name: 'a', shape: [1], values: Float32Array.of(0) }]));
    const central = bomb.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    bomb.writeUInt32LE(0xfffffff0, central + 24);
    expect((await fault(bomb)).found).toBe('4294967280 announced');
  });

  it('that inflates to more than it announces', async () => {
    const array = encodeNpy([2 ** 20], new Float32Array(2 ** 20));
    const deflated = deflateRawSync(array);
    const parts = encodeNpz([{ name: 'a', shape: [1], values: Float32Array.of(0) }]);
    const size = parts[2]!.length;
    const [local, name, , central, title, end] = parts.map((part) => Buffer.from(part)) as [
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
      Buffer,
    ];
    central.writeUInt16LE(8, 10);
    central.writeUInt32LE(crc32(array), 16);
    central.writeUInt32LE(deflated.length, 20);
    end.writeUInt32LE(local.length + name.length + deflated.length, 16);
    const error = await fault(Buffer.concat([local, name, deflated, central, title, end]));
    expect(error).toMatchObject({ where: 'weights, a.npy', expected: `${size} deflated bytes` });
  });

  it('with a name that means something to objects, without harm', async () => {
    const error = await fault(npz(['__proto__', [2, 3]], ['constructor/kernel', [3]]));
    expect(error.where).toBe('weights, out/bias');
    expect(({} as Record<string, unknown>)['kernel']).toBe(undefined);
  });

  it('whose contents are not those of its checksum', async () => {
    const bytes = npz(['out/kernel', [2, 3]], ['out/bias', [3]]);
    bytes[bytes.indexOf('NUMPY') + 122] = 1;
    expect((await fault(bytes)).found).toContain('damaged');
  });
});

const load = async (source: string | Uint8Array, options: LoadWeightsOptions = {}) => {
  const result = await loadWeights(source, network, options);
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  const { weights, report } = result.right;
  const kernel = [...weights.trainable['out/kernel']!.dataSync()];
  tf.dispose([weights.trainable, weights.statistics]);
  return { kernel, report, lines: describeWeightReport(report) };
};

const floats = (...values: number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);

describe('a file of somebody else', () => {
  const KERNEL = [1, 2, 3, 4, 5, 6];

  it('may hold arrays column by column, as NumPy keeps transposed ones', () => {
    const array = Buffer.from(encodeNpy([2, 3], Float32Array.of(1, 4, 2, 5, 3, 6))).toString('latin1');
    const changed = Buffer.from(
      array.replace("'fortran_order': False,", "'fortran_order': True, "),
      'latin1',
    );
    const decoded = decodeNpy(changed, 'kernel');
    if (E.isLeft(decoded)) throw new Error(decoded.left.found);
    expect([...storedValues(decoded.right)]).toEqual(KERNEL);
  });

  it('is told by its bytes, whatever its name ends in, and names a line that converts it', async () => {
    const path = join(folder, 'model.h5');
    writeFileSync(path, Buffer.from('gAKKCmz8nEb5IGqoUBkugAJN6QMugAJ9cQA', 'base64'));
    const error = await fault(path);
    expect(error.found).toBe('a PyTorch file (torch.save, before 1.6)');
    expect(error.cure).toContain(`give ${join(folder, 'model.safetensors')}: python -c 'import torch;`);
    expect(error.cure).toContain(`torch.load("${path}"`);
  });

  it('is told before its size is, since it need not be read', async () => {
    const path = join(folder, 'large.pth');
    const header = Buffer.from('UEsDBAAACAgAAAAAAAAAAAAAAAAAAAAAAAAKABgAYS9kYXRhLnBrbA', 'base64');
    writeFileSync(path, header);
    truncateSync(path, 2 ** 33);
    expect((await fault(path)).found).toBe('a PyTorch file (torch.save)');
    rmSync(path);
  });

  it('may be several files or a folder of TensorFlow', async () => {
    const model = join(folder, 'tf', 'model.ckpt');
    mkdirSync(join(folder, 'tf', 'saved'), { recursive: true });
    for (const ending of ['index', 'data-00000-of-00001']) writeFileSync(`${model}.${ending}`, 'x');
    for (const path of [model, `${model}.index`, `${model}.data-00000-of-00001`]) {
      const error = await fault(path);
      expect(error).toMatchObject({ where: path, found: 'a checkpoint of TensorFlow' });
      expect(error.cure).toContain(`tf.train.load_checkpoint("${model}")`);
    }
    const saved = join(folder, 'tf', 'saved');
    expect((await fault(saved)).found).toBe('a folder');
    writeFileSync(join(saved, 'model.json'), '{}');
    expect((await fault(saved)).cure).toBe(`give ${join(saved, 'model.json')}`);
    writeFileSync(join(saved, 'saved_model.pb'), '');
    expect((await fault(saved)).cure).toContain(`tf.saved_model.load("${saved}")`);
  });

  it('may be raw numbers of tfjs', async () => {
    const path = join(folder, 'group1-shard1of1.bin');
    writeFileSync(path, floats(...KERNEL));
    expect((await fault(path)).cure).toContain('through the model.json beside them');
  });

  it('has a prefix taken off its names, and what nobody asks for counted', async () => {
    const named: Record<string, [string, number[], number]> = {
      '_orig_mod.module.out/kernel': ['F32', [2, 3], 24],
      '_orig_mod.module.out/bias': ['F32', [3], 12],
      '_orig_mod.module.fc.weight': ['F32', [1], 4],
      '_orig_mod.module.rows': ['I16', [2], 4],
      'optimizer.state.step': ['F8_E5M2', [1], 1],
    };
    for (let i = 0; i < 9; i++) named[`_orig_mod.module.bn${i}.num_batches_tracked`] = ['I64', [], 8];
    let at = 0;
    const header = Object.fromEntries(
      Object.entries(named).map(([name, [dtype, shape, bytes]]) => [
        name,
        { dtype, shape, data_offsets: [at, (at += bytes)] },
      ]),
    );
    const data = Buffer.concat([floats(...KERNEL, 7, 8, 9), Buffer.alloc(at - 36)]);
    const { kernel, report, lines } = await load(safetensors(header, data));
    expect(kernel).toEqual(KERNEL);
    expect(report).toMatchObject({ prefix: '_orig_mod.module.', kept: [] });
    expect(report.loaded[0]).toEqual({ name: 'out/kernel', from: '_orig_mod.module.out/kernel' });
    expect(lines).toEqual([
      '2 of 2 weights loaded from safetensors, matched by names without their prefix "_orig_mod.module."',
      'unused: 12 tensors that nobody asked for: 9 named num_batches_tracked, _orig_mod.module.fc.weight, _orig_mod.module.rows, optimizer.state.step',
    ]);
  });
});
