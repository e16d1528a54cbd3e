/** Experiments as YAML that reads back as the same experiment: every setting, defaults too, in the order of the schema. */
import { stringify } from 'yaml';
import { codecOf, type Experiment } from './experiment.ts';
import { mapLeaves } from './walk.ts';

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
  const ordered = mapLeaves(codecOf(experiment), experiment, (_, value) => value);
  const comments = notices.map((notice) => `# ${notice}\n`).join('');
  return comments + stringify(ordered, { lineWidth: 0, aliasDuplicateObjects: false });
}
