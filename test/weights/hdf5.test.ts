import { either as E } from 'fp-ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKerasHdf5, encodeKerasHdf5, type LayerWeights } from '../../src/weights/keras-hdf5.ts';
import { storedValues, type StoredWeight } from '../../src/weights/stored-weight.ts';
import { weightFile } from '../support/weight-fixtures.ts';

const layers = (...names: string[]): LayerWeights[] =>
  names.map((name, i) => ({
    name,
    weights: [{ name: `${name}/kernel`, shape: [2, 1], values: Float32Array.of(i, -i) }],
  }));
const bytesOf = (given: readonly LayerWeights[]): Buffer => Buffer.concat(encodeKerasHdf5(given));
const decoded = (bytes: Uint8Array): StoredWeight[] => {
  const result = decodeKerasHdf5(bytes, 'w.h5');
  if (E.isLeft(result)) throw new Error(`${result.left.expected}; ${result.left.found}`);
  return result.right;
};
const faultOf = (bytes: Uint8Array): { where: string; expected: string; found: string } => {
  const result = decodeKerasHdf5(bytes, 'w.h5');
  if (E.isRight(result)) throw new Error('a fault expected');
  return result.left;
};

const name = fc
  .string({ minLength: 1, maxLength: 12, unit: 'grapheme' })
  .filter((text) => !/[/\0]/.test(text) && text.trim() !== '');

describe('files written here', () => {
  it('are read back with every name, shape and number, in order', () => {
    const array = fc.array(fc.nat(3), { maxLength: 4 }).chain((shape) => {
      const size = shape.reduce((product, n) => product * n, 1);
      return fc
        .array(fc.float({ noNaN: true }), { minLength: size, maxLength: size })
        .map((values) => ({ shape, values: Float32Array.from(values) }));
    });
    const layer = fc.tuple(
      name,
      fc.uniqueArray(fc.tuple(name, array), { selector: ([n]) => n, maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.uniqueArray(layer, { selector: ([n]) => n, maxLength: 40 }), (drawn) => {
        const given = drawn.map(([title, weights]) => ({
          name: title,
          weights: weights.map(([weight, rest]) => ({ name: `${title}/${weight}`, ...rest })),
        }));
        const expected = given.flatMap(({ name: title, weights }) =>
          weights.map((weight) => [title, `${weight.name}:0`, weight.shape, weight.values]),
        );
        const found = decoded(bytesOf(given)).map((weight) => [
          weight.layer,
          weight.name,
          weight.shape,
          storedValues(weight),
        ]);
        expect(found).toEqual(expected);
      }),
      { seed: 7, numRuns: 50 },
    );
  });

  it.each([8, 9, 256, 257, 1100])('hold %i layers in trees of any depth', (count) => {
    const names = Array.from({ length: count }, (_, i) => `a_layer_of_a_long_name_${i}`);
    const found = decoded(bytesOf(layers(...names)));
    expect(found.map(({ layer }) => layer)).toEqual(names);
    expect(found.every((weight, i) => storedValues(weight)[0] === i)).toBe(true);
  });

  it('take __proto__ and constructor for names like others', () => {
    const found = decoded(bytesOf(layers('__proto__', 'constructor')));
    expect(found.map((weight) => weight.name)).toEqual(['__proto__/kernel:0', 'constructor/kernel:0']);
    expect(Object.hasOwn(Object.prototype, 'kernel:0')).toBe(false);
  });

  it('refuse two layers of one name', () => {
    expect(() => encodeKerasHdf5(layers('a', 'a'))).toThrow('received a twice');
  });
});

describe('damaged and foreign files', () => {
  const good = Buffer.from(weightFile('generator.h5.gz'));

  it('another file is no HDF5', () => {
    expect(faultOf(Buffer.from('<html>'))).toMatchObject({ where: 'w.h5', found: 'another one' });
  });

  it('a file cut off anywhere is refused, mostly by its stated length', () => {
    for (const length of [0, 7, 8, 40, 95, 96, 1000, good.length - 1])
      expect(E.isLeft(decodeKerasHdf5(good.subarray(0, length), 'w.h5')), String(length)).toBe(true);
    expect(faultOf(good.subarray(0, 20_000))).toMatchObject({
      expected: `${good.length} bytes`,
      found: '20000: it is cut off',
    });
  });

  it('a Keras 3 file and one without lists are told apart', () => {
    const of3 = bytesOf([{ name: 'layers', weights: [] }]);
    const listless = Buffer.from(of3.toString('latin1').replace('layer_names', 'layer_nomes'), 'latin1');
    expect(faultOf(listless).found).toBe('a .weights.h5 file of Keras 3');
    const other = bytesOf(layers('a'));
    const nameless = Buffer.from(other.toString('latin1').replace('layer_names', 'layer_nomes'), 'latin1');
    expect(faultOf(nameless)).toMatchObject({
      expected: 'the attribute layer_names of Keras 1 and 2',
      found: 'none',
    });
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

  it('any damage is a value, never an exception or much time', () => {
    const damage = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 });
    const header = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 20 });
    let slowest = 0;
    fc.assert(
      fc.property(fc.oneof(damage, header), (changes) => {
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        const start = performance.now();
        const result = decodeKerasHdf5(bytes, 'w.h5');
        if (E.isRight(result))
          for (const { bytes: view } of result.right) expect(view.buffer).toBe(bytes.buffer);
        slowest = Math.max(slowest, performance.now() - start);
      }),
      { seed: 3, numRuns: 1000 },
    );
    expect(slowest).toBeLessThan(5000);
  });
});
