/** The parts of a stage-2 step that the method decides: objective, groups, consistency, sampling, invariance. */
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
import { erm, groupBalanced, type GroupObjective, type ObjectiveState } from '../../objectives.ts';
import type { ConsistencyTerm } from '../../training/robust-step.ts';
import { TRANSLATION_VARIANTS } from '../translations/translations.ts';

type MethodSettings = StageTwoExperiment['method'];
type CamelMethod = Extract<MethodSettings, { readonly kind: 'camel' }>;

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

function consistencyOf(settings: CamelMethod['consistency']): ConsistencyTerm | undefined {
  if (settings.kind === 'none') return undefined;
  const { weight, reduction } = settings;
  return { divergence: DIVERGENCES[settings.kind], weight, reduction };
}

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
  const consistency = consistencyOf(method.consistency);
  return {
    table: groups,
    objective: general(groupDro(groups, method.adversary)),
    balanced: true,
    augmentationTraining: method.trainOn,
    ...(consistency !== undefined && { consistency }),
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
