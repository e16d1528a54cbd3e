/** The logs that every run of an experiment writes beside `metrics.jsonl`, and a logger of the caller's own. */
import { logEntry, type RunLogger } from '../../logs/run-logger.ts';
import { csvMirror } from '../../runs/csv-mirror.ts';
import { eventMirror } from '../../runs/event-mirror.ts';
import type { LogMirror, LogView } from '../../runs/log-mirrors.ts';
import type { MetricsRecord } from '../../runs/run-log.ts';
import type { StageOneOutcome, StageTwoOutcome } from '../outcomes.ts';
import { stageOneView } from './stage-one-view.ts';
import { groupNaming, stageTwoView, type StageTwoViewOptions } from './stage-two-view.ts';

/**
 * A logger that is told what a run logs from now on. After an error of its own it is told what it has not been told. One
 * that goes on after a stop, or behind a rollback, is told steps again.
 */
function loggerMirror<Outcome>(logger: RunLogger, view: LogView<Outcome>): LogMirror<Outcome> {
  let begun = false;
  let told: number | null = null;
  const tell = async (records: readonly MetricsRecord[]): Promise<void> => {
    for (const record of records) {
      for (const entry of await view.entriesOf(record)) await logEntry(logger, entry);
      told = (told ?? 0) + 1;
    }
  };
  return {
    name: 'logger',
    isMissing: () => Promise.resolve(false),
    async agree(records) {
      told = Math.min(told ?? records.length, records.length);
      if (!begun) await logger.settings(view.settings);
      begun = true;
      await tell(records.slice(told));
      return [];
    },
    add: tell,
    async conclude(outcome) {
      for (const entry of view.conclusion(outcome)) await logEntry(logger, entry);
    },
  };
}

const ownLogger = <Outcome>(
  logger: RunLogger | undefined,
  view: LogView<Outcome>,
): readonly LogMirror<Outcome>[] => (logger === undefined ? [] : [loggerMirror(logger, view)]);

/**
 * The logs of a run of stage 1.
 *
 * @param folder Of the run.
 * @param settings What it is bound to.
 * @param logger Of the caller, if there is one.
 */
export function stageOneMirrors(
  folder: string,
  settings: unknown,
  logger?: RunLogger,
): readonly LogMirror<StageOneOutcome>[] {
  const view = stageOneView(folder, settings);
  return [eventMirror(folder, view), ...ownLogger(logger, view)];
}

/** A run of stage 2, and a logger of the caller if there is one. */
export interface StageTwoMirrorOptions extends StageTwoViewOptions {
  readonly stepsPerEpoch: number;
  /** Groups of the data, in the order of reports. */
  readonly groups: readonly string[];
  readonly logger?: RunLogger | undefined;
}

/**
 * The logs of a run of stage 2.
 *
 * @param options The run.
 */
export function stageTwoMirrors(options: StageTwoMirrorOptions): readonly LogMirror<StageTwoOutcome>[] {
  const { folder, stepsPerEpoch, logger, experiment } = options;
  const view = stageTwoView(options);
  const called = groupNaming(options);
  const reported = options.groups.map(called);
  const evaluated = experiment.evaluation.splits.filter((split) => split === 'validation');
  const groups = {
    train: options.trainedGroups.map(called),
    ...Object.fromEntries([...evaluated, 'test'].map((split) => [split, reported])),
  };
  return [
    eventMirror(folder, view),
    csvMirror(folder, view, { stepsPerEpoch, groups }),
    ...ownLogger(logger, view),
  ];
}
