/**
 * The loop of max pooling's gradient runs as WebAssembly on the memory of tfjs's backend. Four channels at a time, the
 * largest number of a window is found, and its first holder receives the output's gradient. Which pixel that is stays
 * in a mask, so that nothing is searched twice and no position leaves a register.
 */
import {
  INTEGER,
  advance,
  copy,
  get,
  constant,
  lanes,
  list,
  bytesOfModule,
  repeat,
  set,
  plus,
  vector,
  type Code,
} from '../assembly.ts';
import { instantiate } from './instantiate.ts';

const FLOAT = 4;

/** Addresses and strides in bytes. */
export interface Windows {
  /** The first pixel of the first window in the input; the same one in its gradient is `toGradient` bytes further on. */
  readonly x: number;
  readonly toGradient: number;
  /** The gradient of the first output. */
  readonly dy: number;
  readonly channels: number;
  readonly rows: number;
  readonly columns: number;
  readonly rowStride: number;
  readonly pixelStride: number;
  /** Outputs side by side whose windows are whole, from one to the next `xStep` in the input and `dyStep` in `dy`. */
  readonly outputs: number;
  readonly xStep: number;
  readonly dyStep: number;
}

/** Adds the gradient of each output to the first largest pixel of its window. */
export type WindowLoop = (windows: Windows) => void;

const PARAMETERS = [
  ...(['x', 'toGradient', 'dy', 'vectors', 'rows', 'columns'] as const),
  ...(['rowStride', 'pixelStride', 'outputs', 'xStep', 'dyStep'] as const),
];
const COUNTERS = ['output', 'vector', 'i', 'j', 'window', 'upstreamAt', 'row', 'pixel', 'gradient'] as const;
const VECTORS = ['largest', 'open', 'upstream', 'holds'] as const;
type Local = (typeof PARAMETERS | typeof COUNTERS | typeof VECTORS)[number];
const at = Object.fromEntries(
  [...PARAMETERS, ...COUNTERS, ...VECTORS].map((local, index) => [local, index]),
) as Record<Local, number>;

/** Minus infinity, four times. */
const LEAST = [0xfd, 0x0c, ...[1, 2, 3, 4].flatMap(() => [0, 0, 0x80, 0xff])];

function eachPixel(body: Code): number[] {
  const row = [
    ...copy(at.row, at.pixel),
    ...repeat(at.j, get(at.columns), [...body, ...advance(at.pixel, get(at.pixelStride))]),
    ...advance(at.row, get(at.rowStride)),
  ];
  return [...copy(at.window, at.row), ...repeat(at.i, get(at.rows), row)];
}

function windowCode(): number[] {
  const { load, store, add, equal, greater, larger, and, andNot, bytes, type } = lanes.four;
  const find = [...get(at.largest), ...get(at.pixel), ...load(0), ...larger, ...set(at.largest)];
  const give = [
    ...[...get(at.pixel), ...load(0), ...get(at.largest), ...equal],
    ...[...get(at.open), ...and, ...set(at.holds)],
    ...[...plus(get(at.pixel), get(at.toGradient)), ...set(at.gradient)],
    ...[...get(at.gradient), ...get(at.gradient), ...load(0)],
    ...[...get(at.upstream), ...get(at.holds), ...and, ...add, ...store(0)],
    ...[...get(at.open), ...get(at.holds), ...andNot, ...set(at.open)],
  ];
  const four = [
    ...[...LEAST, ...set(at.largest), ...eachPixel(find)],
    ...[...get(at.largest), ...LEAST, ...greater, ...set(at.open)],
    ...[...get(at.upstreamAt), ...load(0), ...set(at.upstream), ...eachPixel(give)],
    ...[at.window, at.upstreamAt].flatMap((pointer) => advance(pointer, constant(bytes))),
  ];
  const one = [
    ...[...copy(at.x, at.window), ...copy(at.dy, at.upstreamAt), ...repeat(at.vector, get(at.vectors), four)],
    ...[...advance(at.x, get(at.xStep)), ...advance(at.dy, get(at.dyStep))],
  ];
  const locals = list([
    [COUNTERS.length, INTEGER],
    [VECTORS.length, type],
  ]);
  return vector([...locals, ...repeat(at.output, get(at.outputs), one), 0x0b]);
}

const moduleBytes = (shared: boolean): Uint8Array<ArrayBuffer> =>
  bytesOfModule(shared, [{ name: 'windows', parameters: PARAMETERS.length, code: windowCode() }]);

const empty = ({ channels, rows, columns, outputs }: Windows): boolean =>
  Math.min(channels, rows, columns, outputs) < 1;

/** The loop on this memory; undefined where WebAssembly has no vector instructions. */
export function compileWindowLoop(memory: WebAssembly.Memory): WindowLoop | undefined {
  const compiled = instantiate(memory, moduleBytes)?.['windows'];
  if (!compiled) return undefined;
  return (windows) => {
    if (empty(windows)) return;
    const { x, toGradient, dy, channels, rows, columns, rowStride, pixelStride, outputs } = windows;
    const { xStep, dyStep } = windows;
    const vectors = Math.floor(channels / 4);
    if (vectors > 0)
      compiled(x, toGradient, dy, vectors, rows, columns, rowStride, pixelStride, outputs, xStep, dyStep);
    if (channels > 4 * vectors) addChannels(new Float32Array(memory.buffer), windows, 4 * vectors);
  };
}

/** The same in plain JavaScript, for engines without vector instructions. `floats` reads the memory as it is now. */
export function plainWindowLoop(floats: () => Float32Array): WindowLoop {
  return (windows) => {
    if (!empty(windows)) addChannels(floats(), windows, 0);
  };
}

function addChannels(memory: Float32Array, windows: Windows, firstChannel: number): void {
  const { x, toGradient, dy, channels, rows, columns, rowStride, pixelStride } = windows;
  for (let output = 0; output < windows.outputs; output++)
    for (let c = firstChannel; c < channels; c++) {
      const window = x + output * windows.xStep + c * FLOAT;
      let largest = -Infinity;
      let position = -1;
      for (let row = window; row < window + rows * rowStride; row += rowStride)
        for (let pixel = row; pixel < row + columns * pixelStride; pixel += pixelStride) {
          const value = memory[pixel / FLOAT]!;
          if (value > largest) [largest, position] = [value, pixel];
        }
      if (position >= 0)
        memory[(position + toGradient) / FLOAT]! += memory[(dy + output * windows.dyStep) / FLOAT + c]!;
    }
}
