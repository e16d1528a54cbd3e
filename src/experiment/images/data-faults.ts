/**
 * What only the data of an experiment tell: whether they hold the groups, classes and domains that its settings need.
 * The programs refuse what does not fit before there is a run folder, and `config check` in the same words.
 */
import { either as E } from 'fp-ts';
import { DataCodec } from '../../config/schema/data-settings.ts';
import type { Experiment } from '../../config/schema/experiment.ts';
import { batchFaults } from '../../config/schema/group-checks.ts';
import { withRoots, type Roots } from '../../config/schema/roots.ts';
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import { formatDataError, type DataError } from '../../data/data-error.ts';
import { closing } from '../../system/closing.ts';
import { ProgramError } from '../../system/program.ts';
import { isThere } from '../../system/text-file.ts';
import { domainsOf } from '../stage-one/domains.ts';
import type { ExperimentImages } from './experiment-images.ts';
import { gateImages } from '../stage-one/gate.ts';
import { openExperimentImages } from './open-images.ts';

/**
 * Refuses data from which no classifier can learn.
 *
 * @param images The data of an experiment, opened.
 * @returns Why there is nothing to learn; undefined if there are training images of two classes.
 */
export function oneClassFault(
  images: Pick<ExperimentImages, 'name' | 'classes' | 'examples'>,
): DataError | undefined {
  const labels = new Set(images.examples('train').map(({ label }) => label));
  const [only] = labels;
  return labels.size !== 1
    ? undefined
    : {
        where: images.name,
        expected: 'training images of at least two classes',
        found: `those of class ${only} (${images.classes[only!] ?? 'unnamed'}) only`,
        cure: 'put images of another class into the split train, or correct the classes, sizes or limits in the settings of data',
      };
}

function groupsFault(experiment: StageTwoExperiment, images: ExperimentImages): DataError | undefined {
  const groups = new Set(images.examples('train').map(({ group }) => group)).size;
  const [fault] = batchFaults(experiment, groups);
  if (fault === undefined) return undefined;
  const { path, expected, ...rest } = fault;
  return { where: path.join('.'), expected: `${expected} of ${images.name}`, ...rest };
}

function assertStageTwo(experiment: StageTwoExperiment, images: ExperimentImages): void {
  const fault = oneClassFault(images) ?? groupsFault(experiment, images);
  if (fault !== undefined) throw new ProgramError(formatDataError(fault), 2);
}

function assertStageOne(experiment: StageOneExperiment, images: ExperimentImages): void {
  domainsOf(experiment, images);
  if (experiment.gate.kind === 'strict') gateImages(experiment, experiment.gate, images);
}

/**
 * Makes sure that data hold what an experiment needs.
 *
 * @param experiment Of either stage.
 * @param images Its data, opened.
 * @throws ProgramError (exit code 2): training images of one class, a batch below the groups, a domain without images,
 *   too few images for the gate.
 */
export function assertDataFits(experiment: Experiment, images: ExperimentImages): void {
  if (experiment.kind === 'stage-1') assertStageOne(experiment, images);
  else assertStageTwo(experiment, images);
}

/**
 * Looks at the data of an experiment where they are there, as the programs do before a run. No image is decoded but
 * for a few of sixteen bits.
 *
 * @param experiment With roots in its paths.
 * @param roots Folders by name.
 * @returns What was found, in lines; null if the root of the data is not given. Or why the programs would refuse them.
 */
export async function lookAtData(
  experiment: Experiment,
  roots: Roots,
): Promise<E.Either<string, string | null>> {
  const data = withRoots(DataCodec, experiment.data, roots, () => '');
  if (E.isLeft(data)) return E.right(null);
  const { root } = data.right;
  // A file in its place is for those who open the data to refuse.
  if (!(await isThere(root))) return E.right(`data: not looked at: no folder ${root}`);
  try {
    return await closing(await openExperimentImages(data.right, { workers: 0 }), (images) => {
      assertDataFits(experiment, images);
      const examples = images.examples('train');
      const groups = new Set(examples.map(({ group }) => group)).size;
      const line = `data: ${examples.length} training images of ${groups} groups in ${images.name}`;
      return Promise.resolve(E.right([line, ...(images.notices ?? [])].join('\n  ')));
    });
  } catch (error) {
    if (error instanceof ProgramError) return E.left(error.message);
    throw error;
  }
}
