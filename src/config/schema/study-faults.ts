/** Faults of a study's names and labels, and the parts of its file at which faults of its experiments are named. */
import type { DataError } from '../../data/data-error.ts';
import type { DataSettings } from './data-settings.ts';
import { placeOf, plainValue, type DocumentNode } from '../../documents/document.ts';
import { childOf } from '../../documents/study-parts.ts';
import { dataGroups } from './groups-of-data.ts';
import type { StageOneExperiment } from './stage-one.ts';
import { experimentName } from './values.ts';

const fault = (where: string, expected: string, found: string, cure: string): DataError => ({
  where,
  expected,
  found,
  cure,
});

/** A file of one experiment has none of a study's keys, so that its kind is the only fault worth naming. */
export function singleExperimentFault(document: DocumentNode): DataError | undefined {
  const kind = childOf(document, 'kind');
  const found = kind === undefined ? undefined : plainValue(kind);
  return found !== 'stage-1' && found !== 'stage-2'
    ? undefined
    : fault(
        `${kind!.place}: kind`,
        'a study',
        `"${found}"`,
        `run it with ${found.replace('-', '')}, or make it a method of a study, which config template study shows`,
      );
}

/** Names of runs share a folder, on disks that may not tell case. */
function nameFault(name: string, before: string | undefined, at: string): DataError | undefined {
  if (!experimentName.is(name))
    return fault(at, experimentName.name, JSON.stringify(name), 'rename the method');
  if (/^(translations$|stage-1)/i.test(name))
    return fault(
      at,
      'a name that is not "translations" and does not begin with "stage-1"',
      `"${name}"`,
      'rename the method',
    );
  return before === undefined
    ? undefined
    : fault(at, 'names that differ in more than case', `"${before}" and "${name}"`, 'rename one of them');
}

/** Methods need names that no other run of the study has; there must be one at least, or an experiment of stage 1. */
export function methodNameFaults(
  document: DocumentNode,
  stageOne: readonly string[],
  methods: readonly string[],
): DataError[] {
  if (methods.length === 0 && stageOne.length === 0)
    return [
      fault(
        `${placeOf(document, ['methods'])}: methods`,
        'at least one method, or experiment of stage 1',
        'none',
        'write e.g. methods: { erm: { method: { kind: erm } } }',
      ),
    ];
  const seen = new Map(stageOne.map((name) => [name.toLowerCase(), name]));
  return methods.flatMap((name) => {
    const before = seen.get(name.toLowerCase());
    seen.set(name.toLowerCase(), name);
    const at = `${placeOf(document, ['methods', name], true)}: methods.${name}`;
    return nameFault(name, before, at) ?? [];
  });
}

/** Experiments of stage 1 of one name would share a folder. */
export function stageOneNameFaults(
  document: DocumentNode,
  stageOne: readonly StageOneExperiment[],
): DataError[] {
  const names = stageOne.map(({ name }) => name.toLowerCase());
  return stageOne.flatMap(({ name }, i) =>
    names.indexOf(name.toLowerCase()) === i
      ? []
      : [
          fault(
            `${placeOf(document, ['stage-1', String(i)])}: stage-1.${i}.name`,
            'a name of its own for each experiment of stage 1',
            `"${name}" again`,
            'name it',
          ),
        ],
  );
}

/** Labels must be of groups that the data have. */
export function labelFaults(
  document: DocumentNode,
  labels: Readonly<Record<string, string>>,
  data: DataSettings,
): DataError[] {
  const keys = dataGroups(data).map(({ key }) => key);
  return Object.keys(labels)
    .filter((key) => !keys.includes(key))
    .map((key) =>
      fault(
        `${placeOf(document, ['labels', key], true)}: labels.${key}`,
        `a group from ${keys[0]} to ${keys.at(-1)}`,
        `"${key}"`,
        'name a group that there is',
      ),
    );
}

/** A part of a study as it was written. */
export interface WrittenPart {
  /** How a setting of it begins, such as `methods.erm`. Settings of the study itself begin with nothing. */
  readonly name: string;
  readonly document: DocumentNode;
}

/** Classes that the study's stage 1 leaves out or translates twice are a fault of its list. */
const sourcesFault = ({ found }: DataError, listed: string): DataError => ({
  where: `${listed}: stage-1`,
  expected: 'experiments that translate every class once',
  found,
  cure: 'set translation.classes of the experiments, or give the method translations of its own',
});

/**
 * A fault of a study's experiment, named at the part that wrote the setting.
 *
 * @param fault With the path in the experiment.
 * @param parts Of which the experiment was made; the first wins over the others.
 * @param listed Where the list of stage 1 stands, for an experiment that reads translations of it.
 */
export function namedAtPart(fault: DataError, parts: readonly WrittenPart[], listed?: string): DataError {
  const [, place = fault.where, path = ''] = /^(.*): ([^:]*)$/s.exec(fault.where) ?? [];
  if (place === listed && path === 'method.translations.sources') return sourcesFault(fault, place);
  const keys = path.split(/[.[\]]+/).filter((key) => key !== '');
  const wrote = ({ document }: WrittenPart): boolean =>
    [false, true].some((ofKey) => placeOf(document, keys, ofKey) === place);
  const { name } = parts.find(wrote) ?? parts[0]!;
  return { ...fault, where: `${place}: ${[name, path].filter((each) => each !== '').join('.')}` };
}

/** What several parts have from one place is one fault. */
export const distinctFaults = (faults: readonly DataError[]): readonly DataError[] => {
  const key = ({ where, expected, found }: DataError): string =>
    `${where.replace(/: .*/, '')} ${expected} ${found}`;
  const keys = faults.map(key);
  return faults.filter((_, i) => keys.indexOf(keys[i]!) === i);
};
