/**
 * What a training in a run folder does when its numbers are no longer finite: it gives up, or it goes back to its last
 * checkpoint and on from there with half the learning rates. The batches stay the same: a step's batch is found by its
 * number, and so a run that is killed and gone on with ends with the same bits.
 */
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';
import type { Reached } from '../training/kept-state.ts';
import type { LossRecord, NonFiniteLossError } from '../training/loop.ts';
import { rateFactorAt, type Rollback } from '../runs/rollbacks.ts';
import type { MetricsRecord, Run } from '../runs/run-directory.ts';
import { orExit } from '../system/program.ts';
import type { ExperimentContext } from './context.ts';

/** What is done about numbers that are not finite. */
export type OnNan = { readonly kind: 'stop' } | { readonly kind: 'rollback'; readonly times: number };

/** Without a number of its own a rollback is made so many times. */
export const DEFAULT_ROLLBACKS = 3;

/**
 * What a program does, where its command line may say otherwise than its settings.
 *
 * @param settings Of the experiment.
 * @param asked On the command line.
 */
export function onNanOf(settings: OnNan, asked: OnNan['kind'] | undefined): OnNan {
  if (asked === undefined || asked === settings.kind) return settings;
  return asked === 'stop' ? { kind: 'stop' } : { kind: 'rollback', times: DEFAULT_ROLLBACKS };
}

/** What a step comes to. */
type Logged = Pick<LossRecord, 'step'> & { readonly losses: Readonly<Record<string, unknown>> };

/** The rollbacks of a training, those of earlier processes among them. */
export interface RollingBack {
  /** Reads how many of them the log holds; to be called whenever the log was cut back. */
  resumed(step: number): Promise<void>;
  /** Records of training as the log has them, with the rollbacks that come between. */
  between(records: readonly Logged[]): readonly MetricsRecord[];
  /** What learning rates of a step are multiplied with. */
  factorAt(index: number): number;
  /** Goes back to the last checkpoint; null if it gives up. */
  recover<State extends TensorTree>(error: NonFiniteLossError, state: State): Promise<Reached<State> | null>;
}

/** In the order of the log, each with the factor from there on. */
const logged = (rollbacks: readonly Rollback[]): readonly MetricsRecord[] =>
  [...rollbacks]
    .sort((one, other) => one.to - other.to)
    .map(({ from, to, found }, i) => ({
      step: to,
      kind: 'rollback',
      from,
      found,
      learningRateFactor: 2 ** -(i + 1),
    }));

/** How a training rolls back. */
export interface RollingBackOptions extends Pick<ExperimentContext, 'say'> {
  /** What to do, and how often at most over all the times that the run is gone on with. */
  readonly onNan: OnNan;
  /** Of the training. */
  readonly label: string;
}

/**
 * The rollbacks of a training.
 *
 * @param run With its checkpoints and its log.
 * @param options What to do, and who is told.
 */
export function rollingBack(
  run: Pick<Run, 'rollbacks' | 'records' | 'log' | 'resume'>,
  { onNan, say, label }: RollingBackOptions,
): RollingBack {
  const { rollbacks } = run;
  let inLog = 0;
  const takeUntil = (step: number): readonly MetricsRecord[] => {
    const due = logged(rollbacks.all())
      .slice(inLog)
      .filter((record) => record.step <= step);
    inLog += due.length;
    return due;
  };
  const resumed = async (step: number): Promise<void> => {
    if (rollbacks.all().length === 0) return;
    inLog = (await run.records()).filter(({ kind }) => kind === 'rollback').length;
    const missing = takeUntil(step);
    if (missing.length > 0) await run.log(missing);
  };
  return {
    resumed,
    between: (records) =>
      records.flatMap(({ step, losses }) => [...takeUntil(step - 1), { step, kind: 'training', ...losses }]),
    factorAt: (index) => rateFactorAt(rollbacks.all(), index),
    async recover(error, state) {
      const before = rollbacks.all().length;
      if (onNan.kind === 'stop' || before >= onNan.times) return null;
      const kept = orExit(
        await run.resume(
          state,
          ({ where, found, cure }) => say(`${where}: ${found}; ${cure}`, 'warning'),
          true,
        ),
      );
      if (kept === null) return null;
      try {
        const { message: found, record } = error;
        await rollbacks.note({ from: record.step, to: kept.step, found });
        await resumed(kept.step);
      } catch (fault) {
        disposeTensors(kept.state);
        throw fault;
      }
      say(
        `${label}: ${error.message}; back to step ${kept.step}, and on from there with half the learning rate (rollback ${before + 1} of at most ${onNan.times})`,
        'warning',
      );
      return kept;
    },
  };
}
