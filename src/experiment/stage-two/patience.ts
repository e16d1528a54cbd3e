/** When stage 2 ends before its steps are done, by the scores in its log. */
import * as t from 'io-ts';
import { finiteNumber, naturalNumber } from '../../config/codecs.ts';
import type { StageTwoExperiment } from '../../config/schema/stage-two.ts';
import type { MetricsRecord } from '../../runs/run-directory.ts';
import { patienceEnds } from '../../training/early-stopping.ts';

const ScoredCodec = t.type({ step: naturalNumber, selectionScore: finiteNumber });

/** What a checkpoint is selected by, in words. */
export const SELECTED_BY = { 'worst-group': 'worst group', average: 'average' } as const;

/**
 * The rule of an experiment.
 *
 * @param experiment Its settings.
 * @returns From the evaluations so far to the reason to end, null to go on; undefined without a rule.
 */
export function patienceOf({
  training: { stopEarly },
  evaluation: { select },
}: StageTwoExperiment): ((evaluations: readonly MetricsRecord[]) => string | null) | undefined {
  if (stopEarly.kind === 'never' || select === 'last') return undefined;
  const { minimumGain } = stopEarly;
  return (evaluations) => {
    const scored = evaluations.filter(ScoredCodec.is);
    const last = patienceEnds(
      scored.map(({ selectionScore }) => selectionScore),
      stopEarly,
    );
    if (last === null) return null;
    const gain = minimumGain === 0 ? '' : ` by more than ${minimumGain}`;
    return `no better ${SELECTED_BY[select]}${gain} since step ${scored[last]!.step}`;
  };
}
