/** The peers in Python: a child process for each library, which loads the rows' weights and batches from files. */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as t from 'io-ts';
import { encodeSafetensors } from '../../src/runs/safetensors.ts';
import { disposeTensors, type TensorTree } from '../../src/tensor-tree.ts';
import type { Row } from './rows.ts';

/** A step in Python. */
export interface PythonContender {
  /** Losses of its first steps, with dropout off. */
  readonly losses: readonly number[];
  /** The milliseconds of one step, measured there. */
  step(): Promise<number>;
  dispose(): Promise<void>;
}

/** A library that is there. */
export interface PythonPeer {
  readonly name: string;
  readonly version: string;
  /** Ways to run a step, e.g. as a graph. */
  readonly variants: readonly string[];
  /**
   * @param folder Written by {@link writeRow}.
   * @throws Error saying why the row cannot be run.
   */
  load(row: string, variant: string, folder: string, count: number): Promise<PythonContender>;
  stop(): void;
}

const PEERS = [
  ['TensorFlow', 'tensorflow_peer.py'],
  ['PyTorch', 'torch_peer.py'],
] as const;

const Greeting = t.type({ version: t.string, variants: t.array(t.string) });
const Losses = t.type({ losses: t.array(t.number) });
const Milliseconds = t.type({ milliseconds: t.number });
const Failure = t.type({ error: t.string });

function expected<A>(codec: t.Type<A>, answer: unknown): A {
  if (codec.is(answer)) return answer;
  throw new Error(Failure.is(answer) ? answer.error : `unexpected answer ${JSON.stringify(answer)}`);
}

/** Where the peers compute. */
type PeerDevice = 'cpu' | 'cuda';

/** A child process that answers each line with a line. */
function conversation(python: string, script: string, device: PeerDevice) {
  const child = spawn(python, [fileURLToPath(new URL(`peers/${script}`, import.meta.url)), device], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const waiting: ((line: string | null) => void)[] = [];
  const received: string[] = [];
  let lastWords = '';
  let ended = false;
  const hand = (line: string | null): void => {
    const waiter = waiting.shift();
    if (waiter !== undefined) waiter(line);
    else if (line !== null) received.push(line);
  };
  createInterface(child.stdout).on('line', hand);
  createInterface(child.stderr).on('line', (line) => (lastWords = line.trim() || lastWords));
  const end = (): void => {
    ended = true;
    while (waiting.length > 0) hand(null);
  };
  child.on('error', (error) => ((lastWords = error.message), end()));
  child.on('close', end);
  child.stdin.on('error', () => undefined);
  return {
    async next(): Promise<unknown> {
      const line =
        received.shift() ??
        (ended ? null : await new Promise<string | null>((resolve) => waiting.push(resolve)));
      if (line === null) throw new Error(lastWords || 'it ended');
      return JSON.parse(line);
    },
    say: (command: object): void => void child.stdin.write(`${JSON.stringify(command)}\n`),
    stop: (): void => void child.kill(),
  };
}

/**
 * Starts the libraries that `python` can import, on a device that they can use.
 *
 * @returns Those that are there, and for each of the others why it is not.
 */
export async function startPythonPeers(
  python: string,
  device: PeerDevice,
): Promise<{ peers: PythonPeer[]; absent: { name: string; reason: string }[] }> {
  const peers: PythonPeer[] = [];
  const absent: { name: string; reason: string }[] = [];
  for (const [name, script] of PEERS) {
    const { next, say, stop } = conversation(python, script, device);
    try {
      const { version, variants } = expected(Greeting, await next());
      const ask = (command: object): Promise<unknown> => (say(command), next());
      peers.push({
        name,
        version,
        variants,
        stop,
        async load(row, variant, folder, count) {
          const { losses } = expected(Losses, await ask({ load: row, variant, folder, count }));
          const key = `${row}/${variant}`;
          return {
            losses,
            step: async () => expected(Milliseconds, await ask({ step: key })).milliseconds,
            dispose: async () => void (await ask({ unload: key })),
          };
        },
      });
    } catch (error) {
      stop();
      absent.push({ name, reason: error instanceof Error ? error.message : String(error) });
    }
  }
  return { peers, absent };
}

const writeTree = async (path: string, tree: TensorTree): Promise<void> =>
  writeFile(path, Buffer.concat(await encodeSafetensors(tree)));

/** Writes a row into a folder: `row.json`, `batch.safetensors`, and the weights of each network. */
export async function writeRow({ description, networks, weights, own }: Row, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const models = Object.fromEntries(
    Object.entries(networks).map(([name, { model }]) => [name, model.toJSON(undefined, true)]),
  );
  await writeFile(join(folder, 'row.json'), JSON.stringify({ description, models }));
  const { masks, ...draws } = own.draw(0);
  await writeTree(join(folder, 'batch.safetensors'), { ...own.batch, ...draws });
  disposeTensors(draws);
  if (masks !== undefined) disposeTensors(masks);
  for (const [name, tensors] of Object.entries(weights)) {
    await writeTree(join(folder, `${name}.safetensors`), tensors);
  }
}
