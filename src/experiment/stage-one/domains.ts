/** The two domains of a stage-1 experiment: which training images are translated into which. */
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import { balanceFaults } from '../../config/schema/group-checks.ts';
import { formatDataError } from '../../data/data-error.ts';
import type { DatasetExample } from '../../data/dataset.ts';
import type { Domain } from '../../training/stage-one.ts';
import { ProgramError } from '../../system/program.ts';
import type { ExperimentImages, ImageReference } from '../images/experiment-images.ts';

type Example = DatasetExample<ImageReference>;

/** Whether stage 1 translates images of class `label`. */
export const translatesClass = (
  { translation }: Pick<StageOneExperiment, 'translation'>,
  label: number,
): boolean => translation.classes === 'all' || translation.classes.includes(label);

/** As many images in equal parts from each class, the first ones; what a class lacks the others give. */
function inEqualParts(examples: readonly Example[], count: number | null): readonly Example[] {
  if (count === null || count >= examples.length) return examples;
  const classes = [...new Set(examples.map(({ label }) => label))].sort((a, b) => a - b);
  const taken = new Map(classes.map((label) => [label, 0]));
  const sizes = new Map(classes.map((label) => [label, examples.filter((e) => e.label === label).length]));
  for (let left = count; left > 0;) {
    const open = classes.filter((label) => taken.get(label)! < sizes.get(label)!);
    for (const label of open.slice(0, left)) taken.set(label, taken.get(label)! + 1);
    left -= Math.min(left, open.length);
  }
  const seen = new Map<number, number>();
  return examples.filter(({ label }) => {
    const before = seen.get(label) ?? 0;
    seen.set(label, before + 1);
    return before < taken.get(label)!;
  });
}

const holds = (examples: readonly Example[], label: number): boolean =>
  examples.some((example) => example.label === label);

const named =
  ({ classes }: Pick<ExperimentImages, 'classes'>) =>
  (label: number): string =>
    `class ${label} (${classes[label]})`;

function assertBalance(experiment: StageOneExperiment, name: string, domain: readonly Example[]): void {
  const [fault] = balanceFaults(experiment, new Set(domain.map(({ label }) => label)).size);
  if (fault === undefined) return;
  const { path, expected, ...rest } = fault;
  throw new ProgramError(
    formatDataError({ where: path.join('.'), expected: `${expected} of ${name}`, ...rest }),
    2,
  );
}

/**
 * The training images of both domains, in stored order.
 *
 * @throws ProgramError (exit code 2) if a class or subgroup is none of the data set's, a domain has no image, a class
 *   that is named has none in either, or a balanced batch does not hold enough of each class.
 */
export function domainsOf(
  experiment: StageOneExperiment,
  images: ExperimentImages,
): Readonly<Record<Domain, readonly Example[]>> {
  const { translation } = experiment;
  const known = translation.classes === 'all' ? [] : translation.classes;
  const unknown = known.find((label) => label >= images.classes.length);
  if (unknown !== undefined) {
    throw new ProgramError(
      `translation.classes: expected classes below ${images.classes.length}, the number of classes of ${images.name}, found ${unknown}; correct the configuration`,
      2,
    );
  }
  const ofClasses = known.length === 0 ? '' : ` and of ${known.map(named(images)).join(' or ')}`;
  const domain = (name: Domain): readonly Example[] => {
    const { subgroup, images: count } = translation[name];
    const members = images
      .examples('train')
      .filter((example) => example.subgroup === subgroup && translatesClass(experiment, example.label));
    if (members.length === 0) {
      throw new ProgramError(
        `translation.${name}: expected training images of subgroup ${subgroup} (${images.subgroups[subgroup] ?? 'of which there is none'})${ofClasses} in ${images.name}, found none; choose another subgroup or other classes`,
        2,
      );
    }
    return inEqualParts(members, count);
  };
  const domains = { source: domain('source'), target: domain('target') };
  const absent = known.find((label) => !Object.values(domains).some((examples) => holds(examples, label)));
  if (absent !== undefined) {
    throw new ProgramError(
      `translation.classes: expected training images of ${named(images)(absent)} in ${images.name}, found none; leave the class out`,
      2,
    );
  }
  Object.values(domains).forEach((examples) => assertBalance(experiment, images.name, examples));
  return domains;
}

/**
 * A line for every class of which one domain has no training images. Several classes may share a CycleGAN, and then
 * the others show it what such images look like; whether the class survives is for the gate to say.
 *
 * @param experiment Names the domains.
 * @param domains Of the experiment, see {@link domainsOf}.
 * @param images Name classes and subgroups.
 */
export function oneSidedClasses(
  { translation }: Pick<StageOneExperiment, 'translation'>,
  domains: Readonly<Record<Domain, readonly Example[]>>,
  images: Pick<ExperimentImages, 'classes' | 'subgroups'>,
): readonly string[] {
  const sides = [
    ['source', 'target'],
    ['target', 'source'],
  ] as const;
  return sides.flatMap(([lacking, other]) => {
    const { subgroup } = translation[lacking];
    return images.classes.flatMap((_, label) =>
      holds(domains[other], label) && !holds(domains[lacking], label)
        ? [
            `${named(images)(label)}: no training images of subgroup ${subgroup} (${images.subgroups[subgroup]}); what they look like is learnt from the other classes`,
          ]
        : [],
    );
  });
}

/** Steps of a pass over the smaller domain, at least one. */
export const stepsPerEpochOf = (
  { training }: Pick<StageOneExperiment, 'training'>,
  { source, target }: Readonly<Record<Domain, readonly Example[]>>,
): number => Math.max(1, Math.floor(Math.min(source.length, target.length) / training.batchSize));
