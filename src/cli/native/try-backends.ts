/** The proof that an installation works: the same few training steps on it and on wasm, each in a process of its own. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as t from 'io-ts';
import { either as E } from 'fp-ts';
import { parseJson } from '../../system/text-file.ts';
import { runChild, telling, type CommandOptions } from './child-program.ts';

const Measured = t.readonly(t.type({ milliseconds: t.number, loss: t.number }));

/** What a backend did: its step's time and loss, or why it did not train. */
export type Trial =
  | { readonly ok: true; readonly milliseconds: number; readonly loss: number }
  | { readonly ok: false; readonly reason: string };

/** Trains a few steps on a backend of the project. */
export type TryBackend = (name: string, options: CommandOptions) => Promise<Trial>;

/** {@link TryBackend} in a child process. */
export const tryBackend: TryBackend = async (name, options) => {
  const program = fileURLToPath(new URL(`./trial${extname(import.meta.url)}`, import.meta.url));
  const ended = await runChild(process.execPath, [...process.execArgv, program, name], {
    ...options,
    env: { ...options.env, TF_CPP_MIN_LOG_LEVEL: '2' },
  });
  const measured = Measured.decode(parseJson(ended?.stdout.trim().split('\n').at(-1) ?? ''));
  if (ended?.code === 0 && E.isRight(measured)) return { ok: true, ...measured.right };
  const refusals = ended?.stderr.split('\n').filter((line) => line.startsWith('trial: ')) ?? [];
  const reason = refusals.length > 0 ? refusals[0]!.slice('trial: '.length) : telling(ended?.stderr ?? '');
  return { ok: false, reason: ended?.code === null ? `the process was ended; ${reason}` : reason };
};

/** Rounding apart, backends agree on the loss. */
export const sameLoss = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-3 * Math.max(1, Math.abs(b));
