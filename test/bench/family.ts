/** Rows that are measured together: their losses compared, their work counted, and everything timed in turn. */
import { join } from 'node:path';
import type { Digits } from './digits.ts';
import { eagerStep, type CompileStep } from '../../src/training/step-runner.ts';
import { observe, type Work } from './counting.ts';
import { loopBatches, pipelinePair } from './input-pipeline.ts';
import { contender, type Contender } from './own-step.ts';
import { peaks } from './peaks.ts';
import { plainCyclegan } from './plain-cyclegan.ts';
import { plainForward, plainRobust } from './plain-robust.ts';
import { writeRow, type PythonPeer } from './python-peer.ts';
import type { PeerResult, Result } from './results.ts';
import type { Row } from './rows.ts';
import { clocked, roundRobin, timing, type Runner, type Timing } from './statistics.ts';

/** What a family is measured with. */
export interface FamilySettings {
  readonly warmUp: number;
  readonly repeats: number;
  /** Where there is a graph to compile to. */
  readonly compileStep: CompileStep | undefined;
  readonly pythonPeers: readonly PythonPeer[];
  /** For the files that are handed to Python. */
  readonly folder: string;
  readonly data: () => Promise<Digits>;
  readonly say: (line: string) => void;
}

/** Losses of so many steps are compared; a compiled step is a graph from the third one on. */
const CHECKED = 4;
/** Of the first losses, and of the later ones, to which differences in rounding have been handed on by the optimizer. */
const TOLERANCES = [1e-4, 2e-2] as const;

/** Something timed, and what becomes of its times. */
interface Timed {
  readonly run: Runner;
  /** Filled by the round robin. */
  times: readonly number[];
}

/** Relative differences of the first losses and, at most, of the later ones. */
export function lossDifferences(own: readonly number[], other: readonly number[]): [number, number] {
  const differences = own.map((loss, i) => Math.abs(other[i]! - loss) / Math.max(Math.abs(loss), 1e-6));
  const worst = (values: readonly number[]): number =>
    values.reduce((most, value) => (value <= most ? most : value), 0);
  return [differences[0]!, worst(differences.slice(1))];
}

/** A peer that computes the same is timed; of any other it is said what is wrong. */
type Peer =
  | { readonly timed: Timed; readonly differences: [number, number]; readonly operations?: number }
  | { readonly untimed: string };

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

async function checkedPeer(
  own: readonly number[],
  load: () => Promise<{ losses: readonly number[]; run: Runner; operations?: number }>,
  time: (run: Runner) => Timed,
): Promise<Peer> {
  try {
    const { losses, run, ...counted } = await load();
    const differences = lossDifferences(own, losses);
    if (!differences.every((difference, i) => difference <= TOLERANCES[i]!))
      return {
        untimed: `its losses are ${losses.join(', ')}, ours ${own.join(', ')}`,
      };
    return { timed: time(run), differences, ...counted };
  } catch (error) {
    return { untimed: firstLine(error) };
  }
}

/** The same step in plain tfjs. */
export async function plainContender(row: Row): Promise<Contender> {
  const { description } = row;
  switch (description.kind) {
    case 'robust':
      return plainRobust(row, description);
    case 'cyclegan':
      return plainCyclegan(row, description);
    case 'forward':
      return plainForward(row);
  }
}

/** What one step of a contender asks of the backend, state and batch included. */
async function workOf({ own }: Row, step: () => Promise<void>): Promise<Work> {
  const { value, ...work } = observe(step, { state: own.initial, batch: own.batch });
  await value;
  return work;
}

/** Measures the rows of one family. */
export async function measureFamily(
  makers: Readonly<Record<string, () => Row>>,
  settings: FamilySettings,
): Promise<{ results: Result[]; peaks: { convolution: number; product: number } }> {
  const { compileStep, pythonPeers, folder, say } = settings;
  const all: Timed[] = [];
  const owned: { dispose(): void | Promise<void> }[] = [];
  const time = (run: Runner): Timed => {
    const timed: Timed = { run, times: [] };
    all.push(timed);
    return timed;
  };
  const own = <T extends { dispose(): void | Promise<void> }>(thing: T): T => (owned.push(thing), thing);

  const references = peaks().map((peak) => ({ ...own(peak), timed: time(peak.run) }));
  const finish: ((peak: number) => Result)[] = [];

  for (const [rowName, make] of Object.entries(makers)) {
    const [base, input] = [rowName.replace(/-input$/, ''), rowName.endsWith('-input')];
    say(`${rowName}: preparing`);
    const row = make();
    owned.push({ dispose: () => row.own.dispose() });
    // Forward alone changes no state, which a graph would have to copy.
    const ways: [string, CompileStep][] = [
      ['eager', eagerStep],
      ...(compileStep !== undefined && row.description.kind !== 'forward'
        ? [['compiled', compileStep] as [string, CompileStep]]
        : []),
    ];
    let flops = 0;
    const result = (way: string, work: Work, times: readonly number[], peak: number): Result => {
      const measured = timing(times);
      const gflops = flops / measured.milliseconds / 1e6;
      return {
        name: `${rowName}/${way}`,
        ...measured,
        imagesPerSecond: (1000 * row.images) / measured.milliseconds,
        operations: work.operations,
        peakBytes: way === 'compiled' ? null : work.peakBytes,
        gflops,
        shareOfPeak: gflops / peak,
      };
    };

    if (input) {
      const { batchAt, close } = await loopBatches(row, settings.data, folder);
      owned.push({ dispose: close });
      for (const [way, compile] of ways) {
        const pair = own(await pipelinePair(row.own, batchAt, compile));
        for (let i = 0; i < CHECKED; i++) await pair.bare();
        for (let i = 0; i < CHECKED; i++) await pair.loop();
        const work = await workOf(row, pair.bare);
        flops = Math.max(flops, work.flops);
        const [loop, bare] = [time(() => clocked(pair.loop)), time(() => clocked(pair.bare))];
        finish.push((peak) => ({
          ...result(way, work, loop.times, peak),
          keptRate: timing(bare.times).milliseconds / timing(loop.times).milliseconds,
        }));
      }
      continue;
    }

    const contenders = ways.map(([way, compile]) => ({ way, ...own(contender(row.own, compile)) }));
    const losses: number[][] = [];
    for (const each of contenders) losses.push(await each.firstLosses(CHECKED));
    const ours = losses[0]!;
    contenders.slice(1).forEach(({ way }, i) => {
      const [first, later] = lossDifferences(ours, losses[i + 1]!);
      if (!(first <= TOLERANCES[0] && later <= TOLERANCES[1]))
        throw new Error(`${base}/${way}: losses ${losses[i + 1]!.join(', ')}, eagerly ${ours.join(', ')}`);
    });
    const works: Work[] = [];
    for (const { step } of contenders) {
      // The first step after a reset writes the state as well.
      await step();
      works.push(await workOf(row, step));
    }
    flops = works[0]!.flops;
    const timed = contenders.map(({ step }) => time(() => clocked(step)));

    const peers = new Map<string, Peer>();
    const loadPlain = async () => {
      const plain = own(await plainContender(row));
      const losses = await plain.firstLosses(CHECKED);
      const { operations } = await workOf(row, () => plain.step());
      return { losses, run: () => clocked(() => plain.step()), operations };
    };
    peers.set('plain tfjs', await checkedPeer(ours, loadPlain, time));
    if (pythonPeers.length > 0) await writeRow(row, join(folder, rowName));
    for (const library of pythonPeers) {
      for (const variant of library.variants) {
        const load = async () => {
          const loaded = own(await library.load(rowName, variant, join(folder, rowName), CHECKED));
          return { losses: loaded.losses, run: () => loaded.step() };
        };
        peers.set(`${library.name}, ${variant}`, await checkedPeer(ours, load, time));
      }
    }

    contenders.forEach(({ way }, i) =>
      finish.push((peak) => {
        const measured = result(way, works[i]!, timed[i]!.times, peak);
        return { ...measured, peer: peerResults(peers, measured) };
      }),
    );
  }

  const times = await roundRobin(
    all.map(({ run }) => run),
    settings,
    (round) => say(`round ${round + 1} of ${settings.warmUp + settings.repeats}`),
  );
  all.forEach((timed, i) => (timed.times = times[i]!));

  const fastest = (kind: 'convolution' | 'product'): number =>
    Math.max(
      ...references
        .filter((reference) => reference.kind === kind)
        .map(({ flops, timed }) => flops / timing(timed.times).milliseconds / 1e6),
    );
  const found = { convolution: fastest('convolution'), product: fastest('product') };
  const results = finish.map((end) => end(Math.max(found.convolution, found.product)));
  for (const thing of owned.reverse()) await thing.dispose();
  return { results, peaks: found };
}

function peerResults(peers: ReadonlyMap<string, Peer>, ours: Timing): Record<string, PeerResult> {
  return Object.fromEntries(
    Array.from(peers, ([name, peer]): [string, PeerResult] => {
      if ('untimed' in peer) return [name, peer];
      const measured = timing(peer.timed.times);
      const [lossDifference, laterLossDifference] = peer.differences;
      return [
        name,
        {
          ...measured,
          ratio: ours.milliseconds / measured.milliseconds,
          lossDifference,
          laterLossDifference,
          ...(peer.operations !== undefined && { operations: peer.operations }),
        },
      ];
    }),
  );
}
