/** A run folder replayed into a run of W&B, from where the last call left off. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { formatDataError, type DataError } from '../../data/data-error.ts';
import { lockFolder } from '../../runs/run-lock.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { startProgress } from '../../system/progress.ts';
import type { Begun, BridgeInit } from './bridge-events.ts';
import type { Bridge } from './bridge-process.ts';
import { readLogLines, type LogLines } from './log-lines.ts';
import type { RunReading } from './metric-values.ts';
import { contentsOf, hasChanged, namesFor, newRows, sentUpTo, type NewRow } from './new-rows.ts';
import type { ReplayOptions } from './replay-options.ts';
import { endArtifacts, endStep, endTables, endValues } from './run-end.ts';
import { keepTracked, NOTHING_SENT, trackedIn, type Sent } from './sent-state.ts';
import { readTrackedRun, type RunEnd, type TrackedRun } from './tracked-run.ts';

/** What a call has done with a run. */
export interface Replayed {
  readonly name: string;
  readonly rows: number;
  readonly pictures: number;
  readonly artifacts: number;
  /** Whether the run has come to its end, and all of it is sent. */
  readonly done: boolean;
  /** Where it is in W&B; null if there was nothing to send. */
  readonly begun: Begun | null;
}

/** A run folder and its run of W&B, which is opened when there is something to send. */
export interface Replay {
  /** Sends what is new. */
  pump(): Promise<void>;
  readonly replayed: () => Replayed;
  /** Closes the run of W&B, notes what it has, and gives the folder back. */
  close(): Promise<void>;
}

/** A run of W&B that is open. */
interface Opened {
  readonly bridge: Bridge;
  readonly begun: Begun;
  unlock(): Promise<void>;
}

/** What a replay is handed beside its options. */
export interface ReplayContext {
  /** Starts the script if it does not run yet. */
  readonly bridge: () => Promise<Bridge>;
  readonly say: (line: string) => void;
  readonly stopRequested: () => boolean;
}

/** Rows between two looks at whether wandb has taken them. */
const CHUNK = 1000;

/** Rows of which it is shown how far they are. */
const SHOWN = 100;

/** One bridge at a time for a run. */
export async function lockOf(folder: string): Promise<() => Promise<void>> {
  return orExit(
    E.mapLeft((fault: DataError) => ({
      ...fault,
      expected: 'a run that nobody else sends to W&B',
      cure: 'wait for it, or stop it',
    }))(await lockFolder(join(folder, 'wandb'))),
  );
}

const initOf = (run: TrackedRun, id: string, options: ReplayOptions): BridgeInit => ({
  project: options.project,
  ...(options.entity !== undefined && { entity: options.entity }),
  id,
  name: run.name,
  group: options.group ?? run.group,
  job_type: options.jobType ?? run.jobType,
  tags: run.tags,
  config: run.config,
  dir: run.folder,
  mode: options.mode,
});

const WITHOUT_PILLOW =
  'Python: expected the package pillow, with which wandb sends pictures, found none; python3 -m pip install pillow gets it, --no-images does without';

/**
 * Makes ready to replay a run.
 *
 * @param folder Of the run.
 * @param options How.
 * @param context The script, output and interruption.
 * @throws ProgramError: no run, or one that another program sends (exit code 2), wandb that fails (1).
 */
export async function openReplay(
  folder: string,
  options: ReplayOptions,
  { bridge: started, say, stopRequested }: ReplayContext,
): Promise<Replay> {
  const { mode } = options;
  let tracked = await trackedIn(folder, options);
  let [name, rows, pictures, artifacts, told] = [folder, 0, 0, 0, false];
  let open: Opened | null = null;
  let begun: Begun | null = null;
  // wandb keeps rows in its memory until it closes the run. A note before that would lose them if it is killed.
  let unnoted: Sent | null = null;
  const sent = (): Sent => unnoted ?? tracked[mode] ?? NOTHING_SENT;

  const opened = async (run: TrackedRun): Promise<Opened> => {
    if (open !== null) return open;
    const bridge = await started();
    const unlock = await lockOf(folder);
    try {
      // Another program may have sent more before it gave the folder back.
      tracked = await trackedIn(folder, options);
      await keepTracked(folder, options, tracked);
      begun = await bridge.begin({ event: 'begin', run: folder, init: initOf(run, tracked.id, options) });
      return (open = { bridge, begun, unlock });
    } catch (error) {
      await unlock();
      throw error;
    }
  };
  const taken = async (bridge: Bridge, now: Sent): Promise<void> => {
    await bridge.mark(folder);
    unnoted = now;
  };
  const note = async (): Promise<void> => {
    if (unnoted === null) return;
    tracked = { ...tracked, [mode]: unnoted };
    unnoted = null;
    await keepTracked(folder, options, tracked);
  };
  const sendRow = async (row: NewRow, run: RunReading, { bridge, begun: there }: Opened): Promise<void> => {
    // Of a run that was synchronised from here, the server may have more than was sent to it directly.
    if (mode === 'online' && row.step < there.step) return;
    const { values, images } = await contentsOf(row, run, options);
    const hasPicture = Object.keys(images).length > 0;
    if (hasPicture && !bridge.pillow) throw new ProgramError(WITHOUT_PILLOW, 2);
    if (!hasPicture && Object.keys(values).length === 0) return;
    await bridge.send({ event: 'log', run: folder, step: row.step, values, ...(hasPicture && { images }) });
    rows += 1;
    pictures += hasPicture ? 1 : 0;
  };
  /** Whether all were sent before a stop was asked for. */
  const sendRows = async (all: readonly NewRow[], log: LogLines, run: TrackedRun): Promise<boolean> => {
    const there = await opened(run);
    const reading = run.readingOf(log.records);
    const progress = all.length < SHOWN ? null : startProgress(run.name, all.length);
    try {
      for (const [i, row] of all.entries()) {
        await sendRow(row, reading, there);
        progress?.update(i + 1);
        if ((i + 1) % CHUNK !== 0 && i + 1 < all.length) continue;
        await taken(there.bridge, sentUpTo(row.step, log));
        if (stopRequested()) return false;
      }
      return true;
    } finally {
      progress?.stop();
    }
  };
  const sendEnd = async (end: RunEnd, log: LogLines, run: TrackedRun): Promise<void> => {
    const { bridge, begun: there } = await opened(run);
    const reading = run.readingOf(log.records);
    const names = namesFor(options);
    // The server refuses steps before the next one.
    const next = mode === 'online' ? there.step : 0;
    const step = Math.max(endStep(end), log.records.at(-1)?.step ?? 0, next);
    const row = { step, values: endValues(end, names, reading), tables: endTables(end, reading) };
    await bridge.send({ event: 'log', run: folder, ...row });
    for (const artifact of await endArtifacts(folder, end, tracked.id, options.checkpoints)) {
      await bridge.send({ event: 'artifact', run: folder, ...artifact });
      artifacts += 1;
    }
    await taken(bridge, sentUpTo(step, log, true));
  };
  return {
    replayed: () => ({ name, rows, pictures, artifacts, done: sent().done, begun }),
    async pump() {
      const run = orExit(await readTrackedRun(folder));
      name = run.name;
      if (sent().done) return;
      const log = await readLogLines(folder);
      if (!told && hasChanged(sent(), log)) {
        told = true;
        say(
          `${name}: the log has other values up to step ${sent().step} than were sent, as after a rollback; W&B keeps what it has, later steps are added. Another --project shows the run as it is now`,
        );
      }
      const all = newRows(log, run, sent().step);
      if (all.length > 0 && !(await sendRows(all, log, run))) return;
      if (log.damaged !== null) throw new ProgramError(formatDataError(log.damaged), 2);
      if (run.end !== null) await sendEnd(run.end, log, run);
    },
    async close() {
      if (open === null) return;
      const { bridge, unlock } = open;
      open = null;
      try {
        await bridge.finish(folder);
        await note();
      } finally {
        await unlock();
      }
    },
  };
}
