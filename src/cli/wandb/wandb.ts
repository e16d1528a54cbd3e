/** The command `wandb`: runs and studies replayed into Weights & Biases, by its own Python package. */
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { commandLine, helpEnd } from '../../system/command-line.ts';
import { listenForInterruption } from '../../system/interruption.ts';
import { orExit, ProgramError } from '../../system/program.ts';
import { sayLine } from '../../system/standard-error.ts';
import { folderName } from '../option-values.ts';
import { withProgressOptions } from '../progress-options.ts';
import type { StudyResults } from '../../config/study-results.ts';
import type { Begun } from './bridge-events.ts';
import { startBridge, type Bridge } from './bridge-process.ts';
import { sendComparison } from './comparison.ts';
import { findRuns } from './find-runs.ts';
import { openReplay, type Replay, type Replayed, type ReplayContext } from './replay.ts';
import type { ReplayOptions } from './replay-options.ts';

/** What commander hands over. */
interface WandbFlags extends ReplayOptions {
  readonly follow?: boolean;
  readonly every: number;
  readonly python?: string;
}

function seconds(value: string): number {
  const number = Number(value);
  if (value.trim() !== '' && number > 0 && number <= 3600) return number;
  throw new InvalidArgumentError(`expected seconds above 0 and at most 3600, found '${value}'`);
}

function projectName(value: string): string {
  if (/^[^/\\#?%:]{1,128}$/.test(value)) return value;
  throw new InvalidArgumentError(`expected up to 128 characters without / \\ # ? % :, found '${value}'`);
}

/** The surroundings of the script. Offline nothing is sent anywhere, not even an error of wandb itself. */
const environment = (folder: string, mode: ReplayOptions['mode']): NodeJS.ProcessEnv => ({
  WANDB_DATA_DIR: join(resolve(folder), 'wandb', 'data'),
  ...process.env,
  ...(mode === 'offline' && { WANDB_ERROR_REPORTING: 'false' }),
});

const counted = (count: number, what: string): readonly string[] =>
  count === 0 ? [] : [`${count} ${what}${count === 1 ? '' : 's'}`];

/** What was done with a run, in a line. */
function replayedLine({ name, rows, pictures, artifacts, done, begun }: Replayed): string {
  const sent = [
    ...counted(rows, 'step'),
    ...counted(pictures, 'picture'),
    ...counted(artifacts, 'checkpoint'),
  ];
  const what = begun === null ? 'nothing new' : sent.length === 0 ? 'its end' : sent.join(', ');
  const state = done ? '' : '; not at its end yet, the same command adds the rest';
  return `${name}: ${what}${begun === null ? '' : ` → ${begun.url ?? begun.folder}`}${state}`;
}

/** A path as a POSIX shell reads it. */
const quoted = (path: string): string =>
  /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

/** How what lies here is brought to a server. */
function syncLines(sent: readonly (Begun | null)[], mode: ReplayOptions['mode']): readonly string[] {
  const folders = sent.flatMap((begun) => (begun === null ? [] : [begun.folder]));
  return mode === 'online' || folders.length === 0 ? [] : ['', `wandb sync ${folders.map(quoted).join(' ')}`];
}

/** One call of the program: its replays by folder, and the script when it is first needed. */
interface Session {
  readonly replayOf: (folder: string) => Promise<Replay>;
  readonly compare: (results: StudyResults) => Promise<void>;
  readonly replayed: () => readonly Replayed[];
  /** Where the comparison of a study's methods was sent. */
  readonly compared: () => Begun | null;
  readonly close: () => Promise<void>;
}

function startSession(
  folder: string,
  options: ReplayOptions & Pick<WandbFlags, 'python'>,
  context: Omit<ReplayContext, 'bridge'>,
): Session {
  let starting: Promise<Bridge> | undefined;
  const bridge = () => (starting ??= startBridge(options.python, environment(folder, options.mode)));
  const replays = new Map<string, Replay>();
  let compared: Begun | null = null;
  return {
    compared: () => compared,
    async compare(results) {
      compared = (await sendComparison(resolve(folder), results, options, { bridge })) ?? compared;
    },
    async replayOf(run) {
      const replay = replays.get(run) ?? (await openReplay(run, options, { ...context, bridge }));
      replays.set(run, replay);
      return replay;
    },
    replayed: () => [...replays.values()].map((replay) => replay.replayed()),
    async close() {
      const script = await starting?.catch(() => undefined);
      try {
        for (const replay of replays.values()) await replay.close();
      } finally {
        await script?.close();
      }
    },
  };
}

/** Sends what is there by now. */
async function once(folder: string, session: Session, stopRequested: () => boolean): Promise<boolean> {
  const { runs, failed, atWork, results } = orExit(await findRuns(folder));
  let ended = !atWork;
  for (const run of runs) {
    if (stopRequested()) return false;
    const replay = await session.replayOf(run);
    await replay.pump();
    const { done } = replay.replayed();
    if (done) await replay.close();
    ended &&= done || failed.has(run);
  }
  if (ended && results !== null) await session.compare(results);
  return ended;
}

/** Waits, but not longer than until a stop is asked for. */
async function wait(every: number, stopRequested: () => boolean): Promise<void> {
  const until = performance.now() + every * 1000;
  while (!stopRequested() && performance.now() < until) await setTimeout(Math.min(100, every * 1000));
}

async function untilEnded(
  folder: string,
  session: Session,
  { follow = false, every }: Pick<WandbFlags, 'follow' | 'every'>,
  stopRequested: () => boolean,
): Promise<void> {
  if (follow) sayLine(`following ${folder}; Ctrl-C ends it, and the same command goes on`);
  while (!(await once(folder, session, stopRequested)) && follow && !stopRequested())
    await wait(every, stopRequested);
}

async function wandb(folder: string, { follow, every, ...options }: WandbFlags): Promise<void> {
  orExit(await findRuns(folder));
  const interruption = listenForInterruption(() =>
    sayLine('stopping in good order; once more to stop at once'),
  );
  const stopRequested = interruption.requested;
  const session = startSession(folder, options, { say: sayLine, stopRequested });
  try {
    await untilEnded(folder, session, { follow: follow ?? false, every }, stopRequested);
  } finally {
    await session.close().finally(interruption.dispose);
  }
  const replayed = session.replayed();
  const compared = session.compared();
  const lines = [
    ...replayed.map(replayedLine),
    ...(compared === null ? [] : [`comparison of the methods → ${compared.url ?? compared.folder}`]),
    ...syncLines([...replayed.map(({ begun }) => begun), compared], options.mode),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
  if (stopRequested()) throw new ProgramError('stopped; run the same command again to go on', 75);
}

/**
 * The command `wandb`.
 *
 * @returns To be added to a program.
 */
export const wandbCommand = (): Command =>
  withProgressOptions(new Command('wandb'))
    .description(
      'Replays a run or a study into Weights & Biases, by its own Python package. The same command again adds only what is new.',
    )
    .argument('<folder>', 'of a run or of a study, finished or under way', folderName)
    .addOption(new Option('--project <name>', 'of W&B').argParser(projectName).default('model-patching'))
    .option('--entity <name>', 'user or team of W&B (default: what W&B says)')
    .addOption(
      new Option('--mode <name>', 'offline writes into FOLDER/wandb, online sends to the server of W&B')
        .choices(['offline', 'online'])
        .default('offline'),
    )
    .option('--follow', 'go on until the run, or all of the study, has come to its end')
    .addOption(new Option('--every <seconds>', 'how often --follow looks').argParser(seconds).default(5))
    .option('--published-names', 'call metrics and pictures as the published system does', false)
    .option('--group <name>', 'of W&B (default: stage-1 or stage-2, as the published system has it)')
    .option('--job-type <name>', 'of W&B (default: the kind of the data, likewise)')
    .option('--no-images', 'leave the pictures out, which need the Python package pillow')
    .addOption(
      new Option('--checkpoints <which>', 'sent as artifacts once a run is done')
        .choices(['none', 'selected', 'all'])
        .default('selected'),
    )
    .option('--python <program>', 'that has the package wandb (default: python3 or python on the path)')
    .addHelpText(
      'after',
      helpEnd(
        '0 done, 1 wandb failed, 2 bad input, 75 stopped (the same command goes on)',
        commandLine('wandb', 'experiments/mnist-correlation-quick --project birds'),
      ),
    )
    .action(wandb);
