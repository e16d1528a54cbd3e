/** What is fuzzed: a function that takes the bytes of a file from outside, real files, and what is to hold. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutation } from './mutations.ts';
import type { Repair } from './repairs.ts';

/** A decoder of bytes from outside. */
export interface Decoder {
  readonly name: string;
  /** The modules that it runs. */
  readonly of: string;
  /** Real files, of which inputs are made by mutation. */
  readonly files: () => readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
  /** Default: those of bytes. */
  readonly mutations?: readonly Mutation[];
  /** Bytes at the beginning that half of the inputs keep. */
  readonly magic?: number;
  /** Applied to three quarters of the inputs. */
  readonly repair?: Repair;
  /** Decodes a file. `folder` is an empty folder of its own for decoders that read from the disk. */
  readonly run: (file: Uint8Array, folder: string) => unknown;
  /** What is wrong with a result; default: it must be an `Either`, a left with one fault or several. */
  readonly check?: (result: unknown) => string | undefined;
  /** How many times fewer inputs it gets: loaders of whole configurations, whose parts are fuzzed by themselves. */
  readonly share?: number;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file of the repository. */
export const repositoryFile = (path: string): Uint8Array => new Uint8Array(readFileSync(join(root, path)));

/** The files below a folder of the repository, by their ending. */
export const repositoryFiles = (folder: string, ending: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .sort()
    .map((file) => join(folder, file));

export const textBytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** Text of bytes as programs read it. */
export const textOf = (file: Uint8Array): string => new TextDecoder().decode(file);

const LONGEST_FAULT = 8192;

/** What is wrong with a fault as a value. */
function faultOf(fault: unknown): string | undefined {
  const parts = ['where', 'expected', 'found', 'cure'].map((key) => (fault as Record<string, unknown>)[key]);
  if (parts.some((part) => typeof part !== 'string')) return `a left that is no DataError: ${String(fault)}`;
  const { length } = parts.join();
  return length > LONGEST_FAULT ? `a fault of ${length} characters` : undefined;
}

/** What is wrong with a result that is to be an `Either`. */
export function eitherFault(result: unknown): string | undefined {
  const either = result as { readonly _tag?: unknown; readonly left?: unknown } | null | undefined;
  if (either?._tag === 'Right') return undefined;
  if (either?._tag !== 'Left') return `neither value nor refusal: ${String(result)}`;
  const faults = Array.isArray(either.left) ? (either.left as readonly unknown[]) : [either.left];
  return faults.length === 0
    ? 'a left without a fault'
    : faults.map(faultOf).find((each) => each !== undefined);
}

interface Tagged {
  readonly _tag: string;
}

/** Of several results of one file, which is of one format or another: the first value, or the first refusal. */
export const anyOf = <A extends Tagged>(...results: readonly A[]): A =>
  results.find(({ _tag }) => _tag === 'Right') ?? results[0]!;

/** Of decoders whose damaged files count as none. */
export const anyResult = (): undefined => undefined;
