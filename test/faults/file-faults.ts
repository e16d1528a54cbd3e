/**
 * Faults of the file system between a program and Node: every call that changes a file is shown to a judge, which may
 * let it fail or end the process before it, in its middle or after it. Calls that end with `Sync` are left alone, and
 * so are streams: no run folder is written by them.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** A call that changes a file or folder. */
export interface Change {
  readonly call: 'open' | 'write' | 'append' | 'sync' | 'rename' | 'mkdir' | 'copy' | 'rm';
  /** The file; of a renaming the new name. */
  readonly path: string;
  /** What is written, as text; empty where nothing is. */
  readonly text: string;
}

/** What happens to it: an error of the file system, or the end of the process. */
export type Fault =
  | { readonly code: 'ENOSPC' | 'EDQUOT' | 'EROFS' | 'EACCES' | 'EIO' }
  | { readonly kill: 'before' | 'half' | 'after' };

/** Decides about each change; undefined lets it pass. */
export type Judge = (change: Change) => Fault | undefined;

const WORDS = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EROFS: 'read-only file system',
  EACCES: 'permission denied',
  EIO: 'i/o error',
} as const;
const NUMBERS = { ENOSPC: -28, EDQUOT: -122, EROFS: -30, EACCES: -13, EIO: -5 } as const;

/** Calls of a file that is open already; Node's errors of them do not name it. */
const NAMELESS: readonly Change['call'][] = ['write', 'append', 'sync'];

function errorOf({ call, path }: Change, code: keyof typeof WORDS): Error {
  const place = NAMELESS.includes(call) ? {} : { path };
  const named = 'path' in place ? `${call} '${path}'` : call === 'sync' ? 'fsync' : 'write';
  const error = new Error(`${code}: ${WORDS[code]}, ${named}`);
  return Object.assign(error, { errno: NUMBERS[code], code, syscall: call, ...place });
}

const kill = (): never => {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
};

/** Carries a change out as the judge wants it; `half` does a part of it. */
async function judged<A>(
  judge: Judge,
  change: Change,
  whole: () => Promise<A>,
  half: () => Promise<unknown> = () => Promise.resolve(),
): Promise<A> {
  const fault = judge(change);
  if (fault === undefined) return whole();
  if ('code' in fault) {
    if (fault.code === 'ENOSPC') await half();
    throw errorOf(change, fault.code);
  }
  if (fault.kill === 'half') await half();
  if (fault.kill === 'after') await whole();
  return kill();
}

const textOf = (data: unknown): string =>
  typeof data === 'string' ? data : data instanceof Uint8Array ? Buffer.from(data).toString('latin1') : '';
const halfOf = (data: unknown): string | Uint8Array =>
  typeof data === 'string'
    ? data.slice(0, data.length / 2)
    : (data as Uint8Array).subarray(0, (data as Uint8Array).length / 2);

type Calls = Record<string, (...args: never[]) => Promise<unknown>>;

/** A file that was opened, whose writes are judged. */
function judgedFile(judge: Judge, path: string, file: fs.promises.FileHandle): fs.promises.FileHandle {
  const calls = file as unknown as Calls;
  const { writeFile, sync } = file;
  const write = writeFile.bind(file) as (data: unknown, ...others: unknown[]) => Promise<void>;
  calls['writeFile'] = (data: unknown, ...others: unknown[]) =>
    judged(
      judge,
      { call: 'write', path, text: textOf(data) },
      () => write(data, ...others),
      () => write(halfOf(data), ...others),
    );
  calls['sync'] = () => judged(judge, { call: 'sync', path, text: '' }, sync.bind(file));
  return file;
}

const writes = (flags: unknown): boolean => typeof flags === 'string' && /[wa+]/.test(flags);

/** The calls in the place of Node's. */
function replacements(judge: Judge, real: Calls): Calls {
  const call = (name: string, args: readonly unknown[]): Promise<unknown> =>
    real[name]!(...(args as never[]));
  const changing = (name: string, as: Change['call'], place: 0 | 1) =>
    ((...args: unknown[]) =>
      judged(judge, { call: as, path: String(args[place]), text: '' }, () => call(name, args))) as never;
  const writing = (name: string, as: 'write' | 'append') =>
    ((...args: unknown[]) =>
      judged(
        judge,
        { call: as, path: String(args[0]), text: textOf(args[1]) },
        () => call(name, args),
        () => call(name, [args[0], halfOf(args[1]), ...args.slice(2)]),
      )) as never;
  return {
    rename: changing('rename', 'rename', 1),
    mkdir: ((...args: unknown[]) =>
      // Node says of a folder that is there that it is, whatever else is wrong.
      fs.existsSync(String(args[0]))
        ? call('mkdir', args)
        : judged(judge, { call: 'mkdir', path: String(args[0]), text: '' }, () =>
            call('mkdir', args),
          )) as never,
    copyFile: changing('copyFile', 'copy', 1),
    rm: changing('rm', 'rm', 0),
    writeFile: writing('writeFile', 'write'),
    appendFile: writing('appendFile', 'append'),
    open: (async (...args: unknown[]) => {
      const [path, flags] = args;
      if (!writes(flags)) return call('open', args);
      const change: Change = { call: 'open', path: String(path), text: '' };
      return judgedFile(
        judge,
        String(path),
        (await judged(judge, change, () => call('open', args))) as fs.promises.FileHandle,
      );
    }) as never,
  };
}

/**
 * Shows every change of a file in this process to a judge.
 *
 * @param judge Decides.
 * @returns How to end it.
 */
export function betweenFiles(judge: Judge): () => void {
  const calls = fs.promises as unknown as Calls;
  const former = { ...calls };
  const put = (functions: Calls): void => {
    Object.assign(calls, functions);
    syncBuiltinESMExports();
  };
  const judgedCalls = replacements(judge, former);
  put(judgedCalls);
  return () => put(Object.fromEntries(Object.keys(judgedCalls).map((name) => [name, former[name]!])));
}
