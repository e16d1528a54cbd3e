/** What a report calls data, groups, domains and methods, from the settings of experiments. */
import type { DataSettings } from '../../config/schema/data-settings.ts';
import { dataGroups } from '../../config/schema/groups-of-data.ts';
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { Json } from '../../config/json.ts';
import type { ReportedMethod, ReportedStageOne } from '../../report/input.ts';
import { classAndSubgroupNames } from '../images/group-legend.ts';

/** Plain data, without what JSON leaves out. */
const asJson = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;

/**
 * What a reader calls the groups, by their names in reports.
 *
 * @param data Settings of the data.
 * @param labels Of a study, by keys such as `y0z1`; a group without one is called by its class and subgroup.
 */
export function groupLabels(
  data: DataSettings,
  labels: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const { Y, Z } = classAndSubgroupNames(data);
  return Object.fromEntries(
    dataGroups(data).map(({ key, name, y, z }) => [
      name,
      Object.hasOwn(labels, key) ? labels[key]! : Z.length === 1 ? Y[y]! : `${Y[y]!} · ${Z[z]!}`,
    ]),
  );
}

/** What the data are, in a few words. */
export const dataWords = ({ kind }: DataSettings): string =>
  kind === 'folder' ? 'images in a folder' : kind;

/** An experiment of stage 1 as a report has it. */
export function reportedStageOne(experiment: StageOneExperiment): ReportedStageOne {
  const { name, translation, data } = experiment;
  const { Y, Z } = classAndSubgroupNames(data);
  const subgroup = (index: number): string => Z[index] ?? `subgroup ${index}`;
  return {
    name,
    classes:
      translation.classes === 'all'
        ? 'all classes'
        : translation.classes.map((y) => Y[y] ?? `class ${y}`).join(', '),
    source: subgroup(translation.source.subgroup),
    target: subgroup(translation.target.subgroup),
    settings: asJson(experiment),
  };
}

/** A method as a report has it. */
export const reportedMethod = (name: string, experiment: StageTwoExperiment): ReportedMethod => ({
  name,
  kind: experiment.method.kind,
  settings: asJson(experiment),
});
