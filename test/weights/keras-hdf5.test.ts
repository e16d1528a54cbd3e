import { either as E } from 'fp-ts';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKerasHdf5, encodeKerasHdf5 } from '../../src/weights/keras-hdf5.ts';
import { storedValues } from '../../src/weights/stored-weight.ts';
import { weightFile } from '../support/weight-fixtures.ts';
import { bytesOf, decoded, faultOf, layers } from './keras-layers.ts';

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
