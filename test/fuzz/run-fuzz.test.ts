/** The fuzzing notices what it is to notice, and the same input comes again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DECODERS as damaged } from './damaged-decoders.ts';
import { inputOf } from './input.ts';
import { canMeasure } from './memory.ts';
import { fuzz, repeatLine } from './run-fuzz.ts';

const folder = mkdtempSync(join(tmpdir(), 'run-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const decoders = new URL('damaged-decoders.ts', import.meta.url).href;
const seed = 5;

const run = (names: readonly string[], to = 12) =>
  fuzz(
    names.map((decoder) => ({ decoder, seed, from: 0, to })),
    { folder, decoders, patience: 800 },
  );

/** The input of a decoder as it is made here. */
const made = (name: string, input: number): Uint8Array => {
  const decoder = damaged.find((each) => each.name === name)!;
  return inputOf(decoder, decoder.files() as readonly Uint8Array[], seed, input);
};

describe('fuzzing', () => {
  it('passes a decoder that answers with values and refusals', async () => {
    const { summaries, failures } = await run(['good'], 100);
    expect(failures).toEqual([]);
    expect(summaries).toMatchObject([{ decoder: 'good', inputs: 100, files: 1, accepted: 1 }]);
    expect(summaries[0]!.refused).toBeGreaterThan(10);
  });

  it('finds what is thrown, no answer, and faults that are no line, and writes their inputs', async () => {
    const { failures } = await run(['throws', 'answers-nothing', 'refuses-at-length'], 40);
    const [first] = failures.filter(({ decoder }) => decoder === 'throws');
    expect(first!.what).toContain('no such length');
    expect(new Uint8Array(readFileSync(first!.file))).toEqual(made('throws', first!.input));
    expect(repeatLine(seed, first!)).toBe(
      `npm run fuzz -- --decoder throws --seed 5 --input ${first!.input}`,
    );
    const of = (name: string) => failures.filter(({ decoder }) => decoder === name);
    expect(of('answers-nothing')).toHaveLength(40);
    expect(of('refuses-at-length')).toHaveLength(40);
  });

  it('ends what hangs, goes on behind what dies, and writes their inputs', async () => {
    const longer = (name: string) =>
      Array.from({ length: 4 }, (_, i) => i).filter((i) => made(name, i).length > 20);
    const { summaries, failures } = await run(['hangs', 'dies', 'good'], 4);
    const of = (name: string) => failures.filter(({ decoder }) => decoder === name);
    expect(longer('hangs').length).toBeGreaterThan(0);
    expect(of('hangs').map(({ input }) => input)).toEqual(longer('hangs'));
    expect(of('hangs')[0]!.what).toContain('no end after 800 ms');
    expect(of('dies').map(({ input }) => input)).toEqual(longer('dies'));
    expect(new Uint8Array(readFileSync(of('dies')[0]!.file))).toEqual(made('dies', of('dies')[0]!.input));
    expect(summaries.at(-1)).toMatchObject({ decoder: 'good', inputs: 4 });
  });

  it('finds what is slow, and what takes memory or reserves it', async () => {
    const { failures } = await run(['is-slow', 'takes-memory', 'reserves-memory'], 3);
    const of = (name: string) => failures.filter(({ decoder }) => decoder === name).map(({ input }) => input);
    const longer = (name: string) => [0, 1, 2].filter((i) => made(name, i).length > 20);
    expect(of('is-slow')).toEqual(longer('is-slow'));
    // Only Linux tells the peak of a process.
    if (canMeasure())
      for (const name of ['takes-memory', 'reserves-memory']) expect(of(name), name).toEqual(longer(name));
  });
});
