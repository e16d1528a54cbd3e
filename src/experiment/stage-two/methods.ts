/** The step of a stage-2 experiment, and what its method decides of it: objective, groups, consistency, sampling. */
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import {
  camelConsistency,
  jensenShannonConsistency,
  klConsistency,
  reverseKlConsistency,
} from '../../consistency.ts';
import { groupDro } from '../../group-dro.ts';
import { withVariants, type AugmentationTraining, type GroupTable } from '../../groups.ts';
import type { InvarianceForm } from '../../invariance.ts';
import type { Network } from '../../models/network.ts';
import { erm, groupBalanced, type GroupObjective, type ObjectiveState } from '../../objectives.ts';
import type { TensorTree } from '../../tensor-tree.ts';
import { trainedGroups } from '../../trained-groups.ts';
import {
  robustStep,
  type ConsistencyTerm,
  type RobustState,
  type RobustStep,
} from '../../training/robust-step.ts';
import { optimizerOf } from '../optimizers.ts';
import { TRANSLATION_VARIANTS } from '../translations/translations.ts';

type MethodSettings = StageTwoExperiment['method'];

/** Everything that a step changes, whatever the optimizer and the adversary. */
export type ClassifierState = RobustState<TensorTree, ObjectiveState>;

/** What a method brings to a step. */
export interface MethodParts {
  /** The groups of the objective: those of the data, or these and their translations. */
  readonly table: GroupTable;
  readonly objective: GroupObjective<ObjectiveState>;
  /** Whether a batch holds the same number of images of each group. */
  readonly balanced: boolean;
  readonly augmentationTraining: AugmentationTraining;
  readonly consistency?: ConsistencyTerm;
}

const DIVERGENCES = {
  camel: camelConsistency,
  'jensen-shannon': jensenShannonConsistency,
  kl: klConsistency,
  'reverse-kl': reverseKlConsistency,
} as const;

const general = <State extends ObjectiveState>(objective: GroupObjective<State>) =>
  objective as GroupObjective<ObjectiveState>;

/**
 * What a method brings to a step.
 *
 * @param method Its settings.
 * @param table The groups of the data.
 */
export function methodParts(method: MethodSettings, table: GroupTable): MethodParts {
  if (method.kind === 'erm') {
    const balanced = method.sampling === 'balanced';
    const objective = balanced ? groupBalanced(table) : erm(table);
    return { table, objective: general(objective), balanced, augmentationTraining: 'original' };
  }
  if (method.kind === 'group-dro') {
    const objective = general(groupDro(table, method.adversary));
    return { table, objective, balanced: true, augmentationTraining: 'original' };
  }
  const groups = withVariants(table, TRANSLATION_VARIANTS, method.trainOn);
  const { consistency } = method;
  return {
    table: groups,
    objective: general(groupDro(groups, method.adversary)),
    balanced: true,
    augmentationTraining: method.trainOn,
    ...(consistency.kind !== 'none' && {
      consistency: {
        divergence: DIVERGENCES[consistency.kind],
        weight: consistency.weight,
        reduction: consistency.reduction,
      },
    }),
  };
}

/** The penalty of invariant risk minimisation. */
export interface InvarianceParts {
  readonly form: InvarianceForm;
  /** Its weight at a step: 0 before it sets in. */
  readonly weightAt: (step: number) => number;
}

/** The invariance penalty that settings ask for, if any. */
export function invarianceParts(settings: StageTwoExperiment['invariance']): InvarianceParts | undefined {
  if (settings.kind === 'none') return undefined;
  const { form, weight, annealSteps } = settings;
  return { form, weightAt: (step) => (step < annealSteps ? 0 : weight) };
}

/** The step of an experiment, with what its batches and its report must know of the method. */
export interface ExperimentStep
  extends RobustStep<ClassifierState>, Pick<MethodParts, 'table' | 'balanced'> {}

/**
 * The step that trains the classifier of an experiment.
 *
 * @param experiment Its settings.
 * @param network The classifier, which stays the caller's.
 * @param groups The groups of the data.
 */
export function stepOf(
  { method, optimizer, training, invariance }: StageTwoExperiment,
  network: Pick<Network, 'forward'>,
  groups: GroupTable,
): ExperimentStep {
  const { balanced, ...parts } = methodParts(method, trainedGroups(groups).table);
  const penalty = invarianceParts(invariance);
  const robust = robustStep({
    ...parts,
    network,
    optimizer: optimizerOf(optimizer),
    weightDecay: training.weightDecay,
    accumulate: training.accumulate,
    ...(training.maximumGradientNorm !== null && { maxGradientNorm: training.maximumGradientNorm }),
    ...(penalty && { invariance: penalty.form }),
  });
  return { ...robust, balanced, table: parts.table };
}
