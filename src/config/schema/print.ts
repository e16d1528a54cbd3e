/** Experiments and studies as YAML that reads back as the same: every setting, defaults too, in the order of the schema. */
import { stringify } from 'yaml';
import { DataCodec } from './data-settings.ts';
import { codecOf, type Experiment } from './experiment.ts';
import type { Study } from './study.ts';
import { mapLeaves } from './walk.ts';

const ordered = (experiment: Experiment): unknown =>
  mapLeaves(codecOf(experiment), experiment, (_, value) => value);

const text = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });

/**
 * An experiment as a configuration file.
 *
 * @param experiment As loaded, roots still in its paths.
 * @param notices Put before it as comments.
 * @example
 * ```ts
 * import { experimentFromTexts, experimentTemplate, printExperiment } from 'model-patching/config';
 * const loaded = await experimentFromTexts('t.yaml', { 't.yaml': experimentTemplate('stage-1') });
 * if (loaded._tag === 'Left') throw new Error(loaded.left[0]!.found);
 * const printed = printExperiment(loaded.right.experiment);
 * const again = await experimentFromTexts('p.yaml', { 'p.yaml': printed });
 * if (again._tag === 'Left' || printExperiment(again.right.experiment) !== printed) throw new Error('not the same');
 * ```
 */
export function printExperiment(experiment: Experiment, notices: readonly string[] = []): string {
  const comments = notices.map((notice) => `# ${notice}\n`).join('');
  return comments + text(ordered(experiment));
}

/**
 * A study as a configuration file. What its parts extend is written out, and the sources of translations too.
 *
 * @param study As loaded, roots still in its paths.
 * @example
 * ```ts
 * import { either as E } from 'fp-ts';
 * import { loadStudy, printStudy } from 'model-patching/config';
 * const study = 'version: 1\nkind: study\ndata: { kind: waterbirds }\nmethods: { erm: { network: { kind: resnet50 }, method: { kind: erm } } }';
 * const load = (text: string) => loadStudy('study.yaml', () => Promise.resolve(E.right(text)));
 * const loaded = await load(study);
 * if (loaded._tag === 'Left') throw new Error(loaded.left[0]!.found);
 * const again = await load(printStudy(loaded.right));
 * if (again._tag === 'Left' || printStudy(again.right) !== printStudy(loaded.right)) throw new Error('not the same');
 * ```
 */
export function printStudy({ name, backend, seeds, labels, data, stageOne, methods }: Study): string {
  const part = (experiment: Experiment, leftOut: readonly string[]): unknown =>
    Object.fromEntries(
      Object.entries(ordered(experiment) as object).filter(([key]) => !leftOut.includes(key)),
    );
  return text({
    version: 1,
    kind: 'study',
    name,
    backend,
    seeds,
    labels,
    data: mapLeaves(DataCodec, data, (_, value) => value),
    'stage-1': stageOne.map((each) => part(each, ['version', 'kind'])),
    methods: Object.fromEntries(methods.map((each) => [each.name, part(each, ['version', 'kind', 'name'])])),
  });
}
