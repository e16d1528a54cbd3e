/** Decoders that do what none may do, to see that each is noticed. The last bytes of an input are of no meaning. */
import { either as E } from 'fp-ts';
import type { Decoder } from './decoder.ts';

const of = 'test/fuzz/damaged-decoders.ts';
const files = (): readonly Uint8Array[] => [new Uint8Array(20).fill(7)];

/** Works for so many milliseconds. */
function work(milliseconds: number): void {
  for (const end = performance.now() + milliseconds; performance.now() < end;);
}

export const DECODERS: readonly Decoder[] = [
  { name: 'good', of, files, run: (file) => (file.length > 19 ? E.right(file) : refusal('short')) },
  {
    name: 'throws',
    of,
    files,
    run: (file) => {
      if (file.length !== 20) throw new TypeError('no such length');
      return E.right(file);
    },
  },
  { name: 'answers-nothing', of, files, run: () => undefined },
  { name: 'refuses-at-length', of, files, run: () => refusal('x'.repeat(10_000)) },
  {
    name: 'is-slow',
    of,
    files,
    run: (file) => {
      if (file.length > 20) work(1200);
      return E.right(file);
    },
  },
  {
    name: 'hangs',
    of,
    files,
    run: (file) => {
      while (file.length > 20);
      return E.right(file);
    },
  },
  {
    name: 'dies',
    of,
    files,
    run: (file) => {
      if (file.length > 20) process.abort();
      return E.right(file);
    },
  },
  {
    name: 'takes-memory',
    of,
    files,
    run: (file) => E.right(file.length > 20 ? new Uint8Array(2 ** 27).fill(1) : file),
  },
  {
    name: 'reserves-memory',
    of,
    files,
    run: (file) => E.right(file.length > 20 ? new Uint8Array(2 ** 30) : file),
  },
];

function refusal(found: string) {
  return E.left({ where: 'a', expected: 'b', found, cure: 'c' });
}
