/** Makes an input of a decoder and judges what the decoder does with it. */
import { mkdirSync, rmSync } from 'node:fs';
import { eitherFault, type Decoder } from './decoder.ts';
import { drawsOf } from './draws.ts';
import { externalBytes } from './memory.ts';
import { mutated } from './mutations.ts';

/** The input of this number: the same seed, decoder and number give the same bytes. */
export function inputOf(
  { name, mutations, magic, repair }: Decoder,
  files: readonly Uint8Array[],
  seed: number,
  input: number,
): Uint8Array {
  const draws = drawsOf(seed, name, input);
  const file = mutated(files, draws, mutations, magic);
  return repair !== undefined && draws.chance(0.75) ? repair(file) : file;
}

/** What became of an input. */
export interface Outcome {
  /** What is wrong; undefined if it is a value or a refusal. */
  readonly fault?: string;
  readonly isRefused: boolean;
  /** Bytes of the value, where it is an image: it takes what it says. */
  readonly valueBytes: number;
  /** External memory while the result is still held. */
  readonly external: number;
}

const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message).slice(0, 2000) : `thrown: ${String(error)}`;

/** The pixels of an accepted image. */
function bytesOf(result: unknown): number {
  const pixels = (result as { readonly right?: { readonly pixels?: unknown } } | null)?.right?.pixels;
  return pixels instanceof Uint8Array ? pixels.length : 0;
}

const isLeft = (result: unknown): boolean =>
  typeof result === 'object' && result !== null && '_tag' in result && result._tag === 'Left';

/**
 * Runs a decoder.
 *
 * @param decoder Which.
 * @param file Its input, of which it gets a copy of its own.
 * @param folder A folder that is made for it, and removed.
 */
export async function runOne(decoder: Decoder, file: Uint8Array, folder: string): Promise<Outcome> {
  const needsFolder = decoder.run.length > 1;
  if (needsFolder) mkdirSync(folder, { recursive: true });
  try {
    const result = await decoder.run(file, folder);
    const external = externalBytes();
    const fault = (decoder.check ?? eitherFault)(result);
    return {
      isRefused: isLeft(result),
      valueBytes: bytesOf(result),
      external,
      ...(fault !== undefined && { fault }),
    };
  } catch (error) {
    return { isRefused: false, valueBytes: 0, external: externalBytes(), fault: stackOf(error) };
  } finally {
    if (needsFolder) rmSync(folder, { recursive: true, force: true });
  }
}
