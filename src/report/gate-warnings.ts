/** What is wrong with translations, as the quality gate measured them. */
import type { StageOneFigures } from '../config/study-results.ts';
import type { ReportedStageOne } from './input.ts';
import { SATISFYING_GATE } from '../gan/quality-gate.ts';
import { percentText } from './numbers.ts';

const isPoor = (share: number, limit: number): boolean => !(share >= limit);

/**
 * What is wrong with the translations, one sentence each; none if the gate's figures are good, or there was no gate.
 *
 * @param figures The gate's.
 * @param domains What a reader calls the two domains.
 */
export function gateWarnings(
  { flipRate, labelPreservation, gateClassifierAccuracy: own }: StageOneFigures,
  { source, target }: Pick<ReportedStageOne, 'source' | 'target'>,
): readonly string[] {
  const directions = [
    { direction: 'toTarget', from: source, to: target },
    { direction: 'toSource', from: target, to: source },
  ] as const;
  const flips = directions
    .filter(({ direction }) => flipRate !== null && isPoor(flipRate[direction], SATISFYING_GATE.flipRate))
    .map(
      ({ direction, from, to }) =>
        `Only ${percentText(flipRate![direction])} of the ${from} → ${to} translations look like ${to} images to the strict classifier.`,
    );
  const classes = directions
    .filter(
      ({ direction }) =>
        labelPreservation !== null && isPoor(labelPreservation[direction], SATISFYING_GATE.labelPreservation),
    )
    .map(
      ({ direction, from, to }) =>
        `Only ${percentText(labelPreservation![direction])} of the ${from} → ${to} translations keep their class, so that methods learn from wrong labels.`,
    );
  const judge =
    own === null || !isPoor(own, SATISFYING_GATE.classifierAccuracy)
      ? []
      : [
          `The gate’s own classifiers are right on only ${percentText(own)} of real images, so its figures cannot be relied on.`,
        ];
  return [...flips, ...classes, ...judge];
}
