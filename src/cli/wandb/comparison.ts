/** The methods of a study beside each other, as a run of W&B of its own with one table. */
import type { MethodResult, StudyResults } from '../../config/study-results.ts';
import { spread } from '../../report/summary.ts';
import type { Begun, BridgeInit, BridgeTable } from './bridge-events.ts';
import { linesDigest } from './log-lines.ts';
import type { ReplayOptions } from './replay-options.ts';
import { lockOf, type ReplayContext } from './replay.ts';
import { keepTracked, NOTHING_SENT, trackedIn } from './sent-state.ts';
import { asTag } from './tracked-run.ts';

const figuresOf = ({ worstGroup, average, groupAverage, gap }: MethodResult): readonly (number | null)[] => [
  worstGroup?.accuracy ?? null,
  average,
  groupAverage,
  gap,
];

/** A method's rows: one a seed, and below several their mean and standard deviation, as in the report. */
function rowsOf(method: string, seeds: StudyResults['seeds']): BridgeTable['rows'] {
  const tested = seeds.flatMap(({ seed, methods }) => {
    const result = Object.hasOwn(methods, method) ? methods[method] : undefined;
    return result === undefined || 'failed' in result ? [] : [{ seed, figures: figuresOf(result) }];
  });
  const rows = tested.map(({ seed, figures }) => [method, String(seed), ...figures]);
  if (tested.length < 2) return rows;
  const spreads = tested[0]!.figures.map((_, column) =>
    spread(tested.map(({ figures }) => figures[column]!)),
  );
  return [
    ...rows,
    [method, 'mean', ...spreads.map(({ mean }) => mean)],
    [method, 'sd', ...spreads.map(({ sd }) => sd)],
  ];
}

/**
 * The table of a study.
 *
 * @param results What it has come to.
 * @returns Methods that were not tested are left out.
 */
export const comparisonTable = ({ seeds, summary }: StudyResults): BridgeTable => ({
  columns: ['method', 'seed', 'worst group', 'average', 'group average', 'gap'],
  rows: Object.keys(summary).flatMap((method) => rowsOf(method, seeds)),
});

const initOf = (folder: string, name: string, id: string, options: ReplayOptions): BridgeInit => ({
  project: options.project,
  ...(options.entity !== undefined && { entity: options.entity }),
  id,
  name: `${name}/comparison`,
  group: options.group ?? 'stage-2',
  job_type: 'comparison',
  tags: [asTag(name)],
  config: { study: name },
  dir: folder,
  mode: options.mode,
});

/**
 * Sends the table of a study unless the project has it already. Other results are another row of the same run.
 *
 * @param folder Of the study.
 * @param results What it has come to.
 * @param options How.
 * @param context The script.
 * @returns Where the run of W&B is; null if there was nothing to send.
 */
export async function sendComparison(
  folder: string,
  results: StudyResults,
  options: ReplayOptions,
  { bridge: started }: Pick<ReplayContext, 'bridge'>,
): Promise<Begun | null> {
  const table = comparisonTable(results);
  const digest = linesDigest([JSON.stringify(table)]);
  const isSent = async (): Promise<boolean> =>
    (await trackedIn(folder, options))[options.mode]?.digest === digest;
  if (table.rows.length === 0 || (await isSent())) return null;
  const bridge = await started();
  const unlock = await lockOf(folder);
  try {
    const tracked = await trackedIn(folder, options);
    const init = initOf(folder, results.name, tracked.id, options);
    const begun = await bridge.begin({ event: 'begin', run: folder, init });
    const step = Math.max((tracked[options.mode] ?? NOTHING_SENT).step + 1, begun.step);
    await bridge.send({ event: 'log', run: folder, step, values: {}, tables: { comparison: table } });
    await bridge.finish(folder);
    await keepTracked(folder, options, {
      ...tracked,
      [options.mode]: { step, lines: 0, digest, done: false },
    });
    return begun;
  } finally {
    await unlock();
  }
}
