import { describe, expect, it } from 'vitest';
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
