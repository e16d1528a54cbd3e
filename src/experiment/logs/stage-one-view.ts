/** What the log of stage 1 says: losses, learning rates, the gate, translations, and in the end the gate's figures. */
import type { LogEntry } from '../../logs/run-logger.ts';
import type { LogView } from '../../runs/log-mirrors.ts';
import type { StageOneOutcome } from '../outcomes.ts';
import { numbersIn, otherEntries, scalarsEntry } from './scalar-names.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** The outcome as a table in Markdown. */
export function stageOneTable({ steps, bestStep, measure, gateAccuracy }: StageOneOutcome): string {
  const chosen = `After ${steps} steps; the checkpoint of step ${bestStep} translates.`;
  if (measure === null) return chosen;
  const { flipRate, labelPreservation, frechetDistance, cycleError, score } = measure;
  const row = (name: string, { toTarget, toSource }: typeof flipRate, text: (value: number) => string) =>
    `| ${name} | ${text(toTarget)} | ${text(toSource)} |`;
  return [
    chosen,
    '',
    '| gate | to target | to source |',
    '| --- | ---: | ---: |',
    row('strict flip rate', flipRate, percent),
    row('label preservation', labelPreservation, percent),
    row('Fréchet distance', frechetDistance, (value) => value.toFixed(2)),
    '',
    `Score ${score.toFixed(3)}; cycle error ${cycleError.toFixed(4)}.`,
    ...(gateAccuracy === null
      ? []
      : [
          `The gate's classifiers are right on ${percent(gateAccuracy.domain)} (domain) and ${percent(gateAccuracy.label)} (class) of held-out images.`,
        ]),
  ].join('\n');
}

/**
 * The view of a run of stage 1.
 *
 * @param folder Of the run.
 * @param settings What it is bound to.
 */
export const stageOneView = (folder: string, settings: unknown): LogView<StageOneOutcome> => ({
  settings,
  async entriesOf(record): Promise<readonly LogEntry[]> {
    const { step, kind, ...values } = record;
    if (kind === 'training') return scalarsEntry(step, numbersIn('train', values));
    if (kind === 'evaluation') return scalarsEntry(step, numbersIn('gate', values));
    return otherEntries(folder, record);
  },
  conclusion: (outcome) => [
    { kind: 'text', step: outcome.steps, name: 'results', markdown: stageOneTable(outcome) },
  ],
});
