import { describe, expect, it } from 'vitest';
import { encodeHdf5, type Hdf5Group } from '../../src/weights/hdf5-writer.ts';
import { bytesOf, faultOf, layers } from './keras-layers.ts';

describe('damaged and foreign files', () => {
  it('another file is no HDF5', () => {
    expect(faultOf(Buffer.from('<html>'))).toMatchObject({ where: 'w.h5', found: 'another one' });
  });

  it('an absurd shape is refused before anything is allocated', () => {
    const file = bytesOf(layers('a'));
    // The dimensions [2, 1] of the only array, as the dataspace message holds them.
    const dimensions = Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    const at = file.indexOf(dimensions);
    expect(at).toBeGreaterThan(0);
    file.writeBigUInt64LE(2n ** 60n, at);
    expect(faultOf(file).expected).toMatch(/bytes for shape \[115292150460684\d{4}, 1\]/);
  });

  it('a ring of tree nodes ends', () => {
    const file = bytesOf(layers('a'));
    const tree = file.lastIndexOf('TREE');
    file.writeBigUInt64LE(BigInt(tree), tree + 32);
    expect(faultOf(file).found).toBe(`a ring at byte ${tree}`);
  });
});

describe('files whose parts overlap', () => {
  it('layers and weights that are listed again and again are not read as often as that', () => {
    const values = Float32Array.of(1, 2);
    const layer: Hdf5Group = {
      kind: 'group',
      members: new Map([['k', { kind: 'array', shape: [2], values }]]),
      attributes: new Map([['weight_names', Array.from({ length: 5000 }, () => 'k')]]),
    };
    const file = encodeHdf5({
      kind: 'group',
      members: new Map([['a', layer]]),
      attributes: new Map([['layer_names', Array.from({ length: 20_000 }, () => 'a')]]),
    });
    // A hundred million weights in forty kilobytes.
    expect(faultOf(Buffer.concat(file)).found).toBe('parts that overlap');
  });

  it('a name that goes on to the end of its heap is none', () => {
    const file = bytesOf(layers('a'));
    const heap = file.indexOf('HEAP');
    const names = file.length;
    const padded = Buffer.concat([file, Buffer.alloc(8192, 'x')]);
    padded.writeBigUInt64LE(8192n, heap + 8);
    padded.writeBigUInt64LE(BigInt(names), heap + 24);
    // The end of the file, as its superblock says it.
    padded.writeBigUInt64LE(BigInt(padded.length), 40);
    expect(faultOf(padded).found).toBe('one without an end');
  });
});
