import { expect, it } from 'vitest';
import {
  advance,
  bytesOfModule,
  constant,
  copy,
  get,
  INTEGER,
  lanes,
  list,
  plus,
  product,
  repeat,
  set,
  unsigned,
  vector,
} from '../src/assembly.ts';

/** The exported function of a module with this code, and the floats of its memory. */
function assembled(parameters: number, code: readonly number[]) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(
    bytesOfModule(false, [{ name: 'run', parameters, code: vector(code) }]),
  );
  const { exports } = new WebAssembly.Instance(module, { backend: { memory } });
  return {
    run: exports['run'] as (...integers: number[]) => void,
    floats: new Float32Array(memory.buffer),
    integers: new Int32Array(memory.buffer),
  };
}

/** A store of an integer: address, value. */
const storeInteger = (address: readonly number[], value: readonly number[]): number[] => [
  ...address,
  ...value,
  ...[0x36, 2, 0],
];

it('numbers are LEB128, as the DWARF standard and the specification of WebAssembly have them', () => {
  expect([2, 127, 128, 129, 12_857, 624_485].map(unsigned)).toEqual([
    [2],
    [0x7f],
    [0x80, 1],
    [0x81, 1],
    [0xb9, 0x64],
    [0xe5, 0x8e, 0x26],
  ]);
  // A constant has a sign: 64 needs a second byte, or it would be −64.
  expect([63, 64].map(constant)).toEqual([
    [0x41, 63],
    [0x41, 0xc0, 0],
  ]);
});

it('integers of any size come back from a module that stores them', () => {
  const values = [0, 1, 63, 64, 127, 128, 8191, 8192, 65_535, 1_000_003, 2 ** 31 - 1];
  const code = values.flatMap((value, i) => storeInteger(constant(4 * i), constant(value)));
  const { run, integers } = assembled(0, [...list([]), ...code, 0x0b]);
  run();
  expect([...integers.subarray(0, values.length)]).toEqual(values);
});

it('a loop runs as often as it is told: n additions of m are n·m', () => {
  const [n, m, counter, sum] = [0, 1, 2, 3];
  const locals = list([[2, INTEGER]]);
  const code = [
    ...repeat(counter, get(n), advance(sum, get(m))),
    ...storeInteger(constant(0), get(sum)),
    ...storeInteger(constant(4), plus(product(get(n), get(m)), constant(1))),
    ...copy(sum, counter),
    ...storeInteger(constant(8), get(counter)),
    0x0b,
  ];
  const { run, integers } = assembled(2, [...locals, ...code]);
  for (const [times, by] of [
    [1, 7],
    [2, 70],
    [1000, 3],
  ] as const) {
    run(times, by);
    expect([...integers.subarray(0, 3)]).toEqual([times * by, times * by + 1, times * by]);
  }
});

it('four lanes do what one does: x·x + x, and larger is x where y is no number', () => {
  const { four } = lanes;
  const x = [...constant(0), ...four.load(0)];
  const code = [
    ...[...constant(16), ...x, ...x, ...four.multiply, ...x, ...four.add, ...four.store(0)],
    ...[...constant(32), ...x, ...constant(48), ...four.load(0), ...four.larger, ...four.store(0)],
    0x0b,
  ];
  const { run, floats } = assembled(0, [...list([]), ...code]);
  floats.set([1, -2, 0.5, 4], 0);
  floats.set([3, NaN, -1, 4], 12);
  run();
  expect([...floats.subarray(4, 8)]).toEqual([2, 2, 0.75, 20]);
  expect([...floats.subarray(8, 12)]).toEqual([3, -2, 0.5, 4]);
  expect(set(3)).toEqual([0x21, 3]);
});
