/**
 * The loops of random.ts and of dropout's masks as WebAssembly take four blocks of Threefry at a time, with the same
 * bits. CAMEL's masks for 300 small images are two million draws a step.
 */
import {
  advance,
  get,
  constant,
  integers,
  INTEGER,
  lanes,
  list,
  bytesOfModule,
  repeat,
  set,
  vector,
  type Assembled,
  type Code,
} from '../assembly.ts';
import { DRAWN_STREAM, KEY_PARITY, ROTATIONS, threefry2x32, type RandomKey } from './threefry.ts';

/** Loops that fill arrays with draws of a key. */
interface RandomLoops {
  /** With the first words of a stream, as `randomWords` has them. */
  fillWords(words: Uint32Array, key: RandomKey, stream: number): void;
  /** With the bits `kept` where the drawn byte of that place is at least `threshold`, else with 0. */
  fillMask(mask: Int32Array, key: RandomKey, threshold: number, kept: number): void;
}

/** What this file has of WebAssembly, whose types belong to the browser's and to Node's. */
interface Engine {
  readonly Memory: new (limits: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
}

const at = { key: [0, 1, 2], second: 3, block: 4, words: 5, groups: 6, counter: 7, x0: 8, x1: 9 } as const;

/** A counter and two vectors, of either function. */
const LOCALS = list([
  [1, INTEGER],
  [2, lanes.four.type],
]);

/** x₁ turned left by `bits`, exclusively or-ed with x₀. */
const turn = (bits: number): Code => [
  ...[...get(at.x1), ...constant(bits), ...integers.shiftLeft],
  ...[...get(at.x1), ...constant(32 - bits), ...integers.shiftRight],
  ...[...integers.or, ...get(at.x0), ...integers.exclusiveOr, ...set(at.x1)],
];

const increase = (x: number, by: Code): Code => [...get(x), ...by, ...integers.add, ...set(x)];

const round = (index: number): Code => [
  ...increase(at.x0, get(at.x1)),
  ...turn(ROTATIONS[index & 7]!),
  ...((index & 3) === 3 ? injection((index + 1) >> 2) : []),
];

const keyWord = (index: number): Code => [...get(at.key[index % 3]!), ...integers.spread];

const injection = (index: number): Code => [
  ...increase(at.x0, keyWord(index)),
  ...increase(at.x1, keyWord(index + 1)),
  ...increase(at.x1, integers.constant([index, index, index, index])),
];

/** `groups` times four blocks, from the block `block` on; `second` is the second counter plus the second word of the key. */
function wordsFunction(): Assembled {
  const { store } = lanes.four;
  const four = [
    ...[...get(at.block), ...integers.spread, ...integers.constant([0, 1, 2, 3]), ...integers.add],
    ...[...keyWord(0), ...integers.add, ...set(at.x0), ...get(at.second), ...integers.spread, ...set(at.x1)],
    ...Array.from({ length: 20 }, (_, index) => round(index)).flat(),
    ...[...get(at.words), ...get(at.x0), ...get(at.x1), ...integers.pick([0, 4, 1, 5]), ...store(0)],
    ...[...get(at.words), ...get(at.x0), ...get(at.x1), ...integers.pick([2, 6, 3, 7]), ...store(16)],
    ...[...advance(at.words, constant(32)), ...advance(at.block, constant(4))],
  ];
  const code = vector([...LOCALS, ...repeat(at.counter, get(at.groups), four), 0x0b]);
  return { name: 'words', parameters: 7, code };
}

/** Sixteen bytes at a time, `vectors` times. */
function maskFunction(): Assembled {
  const [bytes, mask, vectors, threshold, kept, counter, kept4, drawn] = [0, 1, 2, 3, 4, 5, 6, 7] as const;
  const { load, store, and } = lanes.four;
  const quarter = (index: number): Code => [
    ...[...get(mask), ...get(drawn), ...integers.bytes.widen[index >> 1]!, ...integers.widen[index & 1]!],
    ...[...get(kept4), ...and, ...store(16 * index)],
  ];
  const sixteen = [
    ...[...get(bytes), ...load(0), ...get(threshold), ...integers.bytes.spread, ...integers.bytes.notLess],
    ...[...set(drawn), ...[0, 1, 2, 3].flatMap(quarter)],
    ...[...advance(bytes, constant(16)), ...advance(mask, constant(64))],
  ];
  const start = [...get(kept), ...integers.spread, ...set(kept4)];
  const code = vector([...LOCALS, ...start, ...repeat(counter, get(vectors), sixteen), 0x0b]);
  return { name: 'mask', parameters: 5, code };
}

/** Words made at a time: with the mask of their bytes they stay in a processor's cache. */
const CHUNK = 2048;
const WORDS_AT = 0;
const MASK_AT = 4 * CHUNK;
const PAGE = 65536;

type Functions = Readonly<Record<'words' | 'mask', (...operands: number[]) => void>>;

function functionsOnMemory(): { readonly functions: Functions; readonly buffer: ArrayBuffer } | undefined {
  const { WebAssembly: engine } = globalThis as { WebAssembly?: Engine };
  if (engine === undefined) return undefined;
  try {
    const memory = new engine.Memory({ initial: Math.ceil((MASK_AT + 16 * CHUNK) / PAGE) });
    const module = new engine.Module(bytesOfModule(false, [wordsFunction(), maskFunction()]));
    const { exports } = new engine.Instance(module, { backend: { memory } });
    return { functions: exports as Functions, buffer: memory.buffer };
  } catch {
    // An engine without vector instructions, or a page whose policy forbids WebAssembly.
    return undefined;
  }
}

function compile(): RandomLoops | undefined {
  const instance = functionsOnMemory();
  if (instance === undefined) return undefined;
  const { functions, buffer } = instance;
  const chunk = new Uint32Array(buffer, WORDS_AT, CHUNK);
  const maskOfChunk = new Int32Array(buffer, MASK_AT, 4 * CHUNK);

  const makeChunk = ([k0, k1]: RandomKey, stream: number, firstWord: number, count: number): void =>
    functions.words(k0, k1, KEY_PARITY ^ k0 ^ k1, stream + k1, firstWord / 2, WORDS_AT, Math.ceil(count / 8));

  const key: RandomKey = [1, 2];
  makeChunk(key, 3, 0, 2);
  // A processor that stores the last byte of a word first is none for these loops.
  if (threefry2x32(key, 0, 3).some((word, i) => word !== chunk[i])) return undefined;

  return {
    fillWords(words, key, stream) {
      for (let first = 0; first < words.length; first += CHUNK) {
        const count = Math.min(CHUNK, words.length - first);
        makeChunk(key, stream, first, count);
        words.set(chunk.subarray(0, count), first);
      }
    },
    fillMask(mask, key, threshold, kept) {
      for (let first = 0; first < mask.length; first += 4 * CHUNK) {
        const count = Math.min(4 * CHUNK, mask.length - first);
        makeChunk(key, DRAWN_STREAM, first / 4, Math.ceil(count / 4));
        functions.mask(WORDS_AT, MASK_AT, Math.ceil(count / 16), threshold, kept);
        mask.set(maskOfChunk.subarray(0, count), first);
      }
    },
  };
}

/** The core's only state: a cache, on which no result depends. */
let compiled: RandomLoops | undefined | null = null;

/** The loops, compiled once; undefined where there is no WebAssembly with vector instructions. */
export const randomLoops = (): RandomLoops | undefined =>
  compiled === null ? (compiled = compile()) : compiled;
