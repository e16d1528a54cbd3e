/** `python/wandb_bridge.py` as a process of its own: found, started, fed and ended. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseJson } from '../../system/text-file.ts';
import { ProgramError } from '../../system/program.ts';
import {
  BegunCodec,
  BridgeAnswerCodec,
  BridgeStartCodec,
  type Begun,
  type BridgeAnswer,
  type BridgeEvent,
  type BridgeStart,
} from './bridge-events.ts';

/** The script, which the package ships beside `src` and `dist`. */
const SCRIPT = fileURLToPath(new URL('../../../python/wandb_bridge.py', import.meta.url));

/** Where Python is looked for, unless the user names one. */
const PYTHONS = ['python3', 'python'] as const;

/** `wandb sync` of earlier ones does not put the files of several calls together. */
const LOWEST = [0, 28, 1] as const;

const HOW = `python3 -m pip install --upgrade "wandb>=${LOWEST.join('.')}" pillow gets it; --python names a Python that is not the first on the path`;

/** Whether a version is the lowest one or a later one. What follows its numbers, as in `0.29.0rc1`, does not count. */
function isNewEnough(version: string): boolean {
  const numbers = version.split('.').map((part) => Number.parseInt(part, 10));
  const differing = LOWEST.findIndex((lowest, i) => numbers[i] !== lowest);
  return differing < 0 || numbers[differing]! > LOWEST[differing]!;
}

/** The script at work. */
export interface Bridge {
  /** Whether pictures can be sent. */
  readonly pillow: boolean;
  /** Opens a run of W&B. */
  begin(event: BridgeEvent & { readonly event: 'begin' }): Promise<Begun>;
  /** Hands over what needs no answer. */
  send(event: BridgeEvent): Promise<void>;
  /** Waits until all that was sent has been handed to wandb. */
  mark(run: string): Promise<void>;
  /** Closes a run of W&B, after all that was sent is on the disk or on the server. */
  finish(run: string): Promise<void>;
  /** Ends the script. */
  close(): Promise<void>;
}

/** The lines of a stream, one after another; null once it has ended. */
function linesOf(child: ChildProcessWithoutNullStreams): () => Promise<string | null> {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = (await lines.next()) as IteratorResult<string>;
    return done === true ? null : value;
  };
}

/** A Python with the script, or why it does not run. */
interface Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly next: () => Promise<string | null>;
  readonly said: () => string;
  readonly start: BridgeStart | null;
}

async function startIn(python: string, env: NodeJS.ProcessEnv): Promise<Started | null> {
  // A group of its own: Ctrl-C is this program's, which ends the script in good order.
  const child = spawn(python, [SCRIPT], { env, detached: true, stdio: 'pipe' });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said = (said + String(text)).slice(-4000)));
  // Its end is told by the end of its answers.
  child.stdin.on('error', () => undefined);
  const began = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ]).catch(() => false);
  if (!began) return null;
  const next = linesOf(child);
  const first = parseJson((await next()) ?? '');
  const start = BridgeStartCodec.is(first) ? first : null;
  return { child, next, said: () => said, start };
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1)!.slice(0, 300) || 'no message';

/** Why none of the Pythons will do, in a line. */
function missing(tried: readonly string[]): ProgramError {
  const found = tried.length === 0 ? `neither ${PYTHONS.join(' nor ')} on the path` : tried.join('; ');
  return new ProgramError(
    `Python: expected one with the package wandb, version ${LOWEST.join('.')} or later, found ${found}; ${HOW}`,
    2,
  );
}

function bridgeOf({ child, next, said }: Started, pillow: boolean): Bridge {
  let failure: ProgramError | undefined;
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const failed = (reason: string): ProgramError =>
    (failure ??= new ProgramError(`wandb: expected to take what it was sent, found: ${reason}`, 1));
  const answer = async (): Promise<BridgeAnswer> => {
    const line = await next();
    const found = line === null ? undefined : parseJson(line);
    if (!BridgeAnswerCodec.is(found)) throw failed(lastLine(said()));
    if (found.event === 'error')
      throw failed(`${found.reason}; wandb login signs you in, --mode offline needs none`);
    return found;
  };
  const send = async (event: BridgeEvent): Promise<void> => {
    if (failure !== undefined) throw failure;
    if (child.stdin.writable && !child.stdin.write(`${JSON.stringify(event)}\n`))
      await Promise.race([once(child.stdin, 'drain'), ended]);
  };
  const ask = async (event: BridgeEvent): Promise<BridgeAnswer> => {
    await send(event);
    return answer();
  };
  return {
    pillow,
    send,
    async begin(event) {
      const begun = await ask(event);
      if (!BegunCodec.is(begun)) throw failed(`${begun.event} for an answer`);
      return begun;
    },
    mark: async (run) => void (await ask({ event: 'mark', run })),
    finish: async (run) => void (await ask({ event: 'finish', run })),
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/**
 * Starts the script in the first Python that has wandb.
 *
 * @param python The one that the user names; undefined looks on the path.
 * @param env Of the script.
 * @throws ProgramError (exit code 2) if there is none, with how to get it.
 */
export async function startBridge(python: string | undefined, env: NodeJS.ProcessEnv): Promise<Bridge> {
  const tried: string[] = [];
  for (const program of python === undefined ? PYTHONS : [python]) {
    const started = await startIn(program, env);
    const start = started?.start;
    if (start?.event === 'ready' && isNewEnough(start.wandb)) return bridgeOf(started!, start.pillow);
    started?.child.stdin.end();
    const reason = start?.event === 'missing' ? start.reason : lastLine(started?.said() ?? '');
    if (start?.event === 'ready') tried.push(`${program} with wandb ${start.wandb}`);
    else if (started !== null) tried.push(`${program} without it (${reason})`);
    else if (python !== undefined) tried.push(`no program ${program}`);
  }
  throw missing(tried);
}
