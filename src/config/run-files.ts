/** The files of a run folder: what is in them, so that a later run, a report or another program can read them. */
import * as t from 'io-ts';
import { finiteNumber, naturalNumber } from './codecs.ts';
import { json } from './json.ts';

/** `run.json`: the settings and the digests of data and translations that bind a run, and what it came to once it has been finished. */
export const RunFileCodec = t.intersection(
  [
    t.type({ format: t.literal(2), settingsHash: t.string, settings: json }),
    t.partial({
      data: t.string,
      translations: t.record(t.string, t.string),
      /** Digests of the settings and checkpoints of the stage-1 runs that made the translations. */
      madeBy: t.record(t.string, t.string),
      outcome: json,
    }),
  ],
  'the settings file of a run, format 2',
);
/** The contents of `run.json`. */
export type RunFile = t.TypeOf<typeof RunFileCodec>;

/** `best.json`: the checkpoint of the highest score. */
export const BestFileCodec = t.type({ step: naturalNumber, score: finiteNumber }, 'the best checkpoint');
/** The contents of `best.json`. */
export type BestFile = t.TypeOf<typeof BestFileCodec>;

/** One line of `metrics.jsonl`: a step and whatever was measured there. */
export const MetricsLineCodec = t.intersection(
  [t.type({ step: naturalNumber }), t.record(t.string, json)],
  'a record of metrics',
);
/** The contents of one line of `metrics.jsonl`. */
export type MetricsLine = t.TypeOf<typeof MetricsLineCodec>;

/** Once that the numbers of a run were no longer finite, and what was done. */
export const RollbackCodec = t.readonly(
  t.type(
    {
      /** The step at which they were not. */
      from: naturalNumber,
      /** The step of the checkpoint that was gone back to. From there on the learning rates are half of what they were. */
      to: naturalNumber,
      /** What was not finite. */
      found: t.string,
    },
    'a rollback',
  ),
);
/** A return to a checkpoint. */
export type Rollback = t.TypeOf<typeof RollbackCodec>;

/** `rollbacks.json`: all of a run, in the order in which they came to pass. */
export const RollbacksFileCodec = t.readonlyArray(RollbackCodec, 'the rollbacks of a run');
