import { describe, expect, it } from 'vitest';
import { storedValues } from '../../src/weights/stored-weight.ts';
import { bytesOf, decoded, layers } from './keras-layers.ts';

describe('files written here', () => {
  it.each([8, 9, 256, 257, 1100])('hold %i layers in trees of any depth', (count) => {
    const names = Array.from({ length: count }, (_, i) => `a_layer_of_a_long_name_${i}`);
    const found = decoded(bytesOf(layers(...names)));
    expect(found.map(({ layer }) => layer)).toEqual(names);
    expect(found.every((weight, i) => storedValues(weight)[0] === i)).toBe(true);
  });
});
