/** When stage 1 ends before its steps are done, by what the gate said. */
import type { StageOneExperiment } from '../../config/schema/stage-one.ts';
import { gateIsSatisfied } from '../../gan/quality-gate.ts';
import type { MetricsRecord } from '../../runs/run-directory.ts';
import { satisfiedInARow } from '../../training/early-stopping.ts';
import type { Gate } from '../../training/gate.ts';
import type { GateMeasure } from '../../training/generator-measure.ts';

/** What the log says of a measurement, where a rule goes by it. */
export const satisfiedRecord = (
  { training }: Pick<StageOneExperiment, 'training'>,
  measure: GateMeasure,
  { heldOutAccuracy }: Pick<Gate, 'heldOutAccuracy'>,
): { readonly satisfied?: boolean } =>
  training.stopEarly.kind === 'never' ? {} : { satisfied: gateIsSatisfied(measure, heldOutAccuracy) };

/**
 * The rule of an experiment.
 *
 * @param experiment Its settings.
 * @returns From the measurements so far to the reason to end, null to go on; undefined without a rule.
 */
export function satisfactionOf({
  training: { stopEarly },
}: Pick<StageOneExperiment, 'training'>):
  ((evaluations: readonly MetricsRecord[]) => string | null) | undefined {
  if (stopEarly.kind === 'never') return undefined;
  const { measurements } = stopEarly;
  return (evaluations) => {
    const met = satisfiedInARow(
      evaluations.map(({ satisfied }) => satisfied === true),
      measurements,
    );
    const [first] = evaluations.slice(-measurements);
    return met ? `the gate was satisfied ${measurements} times in a row, from step ${first!.step} on` : null;
  };
}
