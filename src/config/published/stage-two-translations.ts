/** The stage-1 results that a published stage-2 configuration names by the ids of an experiment tracker’s runs. */
import { didYouMean } from '../did-you-mean.ts';
import { publishedTranslation, type PublishedTranslation } from './pipelines.ts';
import type { PublishedStageTwo } from './published-settings.ts';
import { refuseSetting } from './published-refusal.ts';
import type { PublishedData } from './stage-two-data.ts';

/** Where results of stage 1 are, by the tracker’s run ids. */
export type StageOneResults = Readonly<
  Record<string, { readonly kind: 'run' | 'folder'; readonly path: string }>
>;

/** What is translated, and from where. */
export interface PublishedTranslations {
  /** As a file of ours would write it; null where nothing is translated. */
  readonly value: Readonly<Record<string, unknown>> | null;
  /** Whether evaluation images are translated too. */
  readonly evaluated: boolean;
  readonly notices: readonly string[];
}

function readSide(
  published: PublishedStageTwo,
  side: 'train' | 'eval',
): readonly (PublishedTranslation | null)[] {
  const key = `${side}_static_augmentation_pipelines` as const;
  const argsKey = `${side}_static_augmentation_pipelines_args` as const;
  return published[key].map((names, i) =>
    publishedTranslation({ names, args: published[argsKey][i] ?? [] }, `${argsKey}.${i}`),
  );
}

/**
 * Translates the static pipelines.
 *
 * @param published Decoded.
 * @param data Its training sets, one pipeline each.
 * @param results Where the results of stage 1 are; those that are not named are looked for in `${RUNS}/<id>`.
 */
export function translateTranslations(
  published: PublishedStageTwo,
  data: PublishedData,
  results: StageOneResults,
): PublishedTranslations {
  const key = 'train_static_augmentation_pipelines_args';
  const train = readSide(published, 'train');
  const evaluated = readSide(published, 'eval').some((each) => each !== null);
  const named = train.filter((each) => each !== null);
  const ids = [...new Set(named.map(({ runId }) => runId))];
  const unknown = Object.keys(results).find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    const known = ids.length === 0 ? 'no stage-1 run' : ids.join(', ');
    refuseSetting(
      key,
      `--stage1 for a run that it names: ${known}${didYouMean(unknown, ids)}`,
      `"${unknown}"`,
    );
  }
  const first = named[0];
  if (first === undefined) return { value: null, evaluated: false, notices: [] };
  const missing = data.classes.findIndex((_, i) => train[i] == null);
  if (missing >= 0) refuseSetting(`${key}.${missing}`, 'a translation for every data set', 'none');
  const alike = ({ mode, batchSize, stored, shardSize }: PublishedTranslation): string =>
    JSON.stringify([mode, batchSize, stored, shardSize]);
  const other = train.findIndex((each) => each !== null && alike(each) !== alike(first));
  if (other >= 0) refuseSetting(`${key}.${other}`, 'mode, batch size and format of the first', train[other]);

  const sources = ids.map((id) => {
    const own = train.flatMap((each, i) => (each?.runId === id ? [{ ...each, y: data.classes[i]! }] : []));
    const classes = [...new Set(own.map(({ y }) => y))].sort((a, b) => a - b);
    const result = results[id] ?? { kind: 'run', path: `\${RUNS}/${id}` };
    const checkpoint = own[0]!.checkpoint;
    return {
      classes: ids.length === 1 ? 'all' : classes,
      from: result.kind === 'run' ? { ...result, checkpoint } : result,
    };
  });
  return {
    evaluated,
    value: {
      sources,
      mode: first.mode,
      batchSize: first.batchSize,
      format: { kind: first.stored },
      shardSize: first.shardSize,
      evaluationSplits: evaluated,
    },
    notices: ids
      .filter((id) => !Object.hasOwn(results, id))
      .map(
        (id) =>
          `stage-1 run ${id} is looked for in \${RUNS}/${id}; say where it is by --stage1 ${id}=RUN-OR-FOLDER`,
      ),
  };
}
