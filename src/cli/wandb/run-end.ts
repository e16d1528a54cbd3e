/** How a run ended, as W&B is told of it: numbers and tables in its last row, and its checkpoints. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataError } from '../../data/data-error.ts';
import type { BridgeArtifact, BridgeTable } from './bridge-events.ts';
import { numbersIn } from '../../experiment/logs/scalar-names.ts';
import type { MetricNames, RunReading, Values } from './metric-values.ts';
import type { RunEnd } from './tracked-run.ts';

/** Which checkpoints are sent once a run is done. */
export type CheckpointChoice = 'none' | 'selected' | 'all';

/** The checkpoint that translates, or that was tested. */
const selectedStep = (end: RunEnd): number => (end.kind === 'stage-1' ? end.bestStep : end.selectedStep);

/** How many steps a run took. */
export const endStep = (end: RunEnd): number => (end.kind === 'stage-1' ? end.steps : end.results.steps);

/** The numbers that a run came to. */
export function endValues(end: RunEnd, names: MetricNames, run: RunReading): Values {
  const { seconds } = end.kind === 'stage-1' ? end : end.results;
  const common = { selected_step: selectedStep(end), seconds };
  if (end.kind === 'stage-2') return { ...common, ...names.ofReport('test', end.results, run) };
  const { measure, gateAccuracy } = end;
  return { ...common, ...numbersIn('selected', { ...measure, gateAccuracy }) };
}

function gateTable({
  measure,
}: RunEnd & { readonly kind: 'stage-1' }): Readonly<Record<string, BridgeTable>> {
  if (measure === null) return {};
  const { flipRate, labelPreservation, frechetDistance, cycleError, score } = measure;
  const both = Object.entries({ flipRate, labelPreservation, frechetDistance });
  return {
    'selected/gate': {
      columns: ['figure', 'to target', 'to source'],
      rows: [
        ...both.map(([name, { toTarget, toSource }]) => [name, toTarget, toSource]),
        ['cycleError', cycleError, cycleError],
        ['score', score, score],
      ],
    },
  };
}

function groupTableOf(
  { results }: RunEnd & { readonly kind: 'stage-2' },
  { label }: Pick<RunReading, 'label'>,
): BridgeTable {
  return {
    columns: ['group', 'name', 'images', 'accuracy', 'low', 'high', 'loss'],
    rows: results.groups.map(({ name, count, accuracy, interval, loss }) => [
      name,
      label(name),
      count,
      accuracy,
      interval?.[0] ?? null,
      interval?.[1] ?? null,
      loss,
    ]),
  };
}

const damagedTable = (damaged: readonly DataError[]): Readonly<Record<string, BridgeTable>> =>
  damaged.length === 0
    ? {}
    : {
        'skipped images': {
          columns: ['image', 'found'],
          rows: damaged.map(({ where, found }) => [where, found]),
        },
      };

/** The tables that a run came to. */
export const endTables = (end: RunEnd, run: RunReading): Readonly<Record<string, BridgeTable>> => ({
  ...(end.kind === 'stage-1' ? gateTable(end) : { 'test/groups': groupTableOf(end, run) }),
  ...damagedTable(end.damaged),
});

const stepIn = (name: string): number[] => {
  const [, step] = /^step-(\d{9})\.safetensors$/.exec(name) ?? [];
  return step === undefined ? [] : [Number(step)];
};

/**
 * The checkpoints of a run as versions of one artifact.
 *
 * @param folder Of the run.
 * @param end Of it.
 * @param id Of its run of W&B.
 * @param choice Which.
 */
export async function endArtifacts(
  folder: string,
  end: RunEnd,
  id: string,
  choice: CheckpointChoice,
): Promise<readonly BridgeArtifact[]> {
  if (choice === 'none') return [];
  const checkpoints = join(folder, 'checkpoints');
  const steps = (await readdir(checkpoints)).flatMap(stepIn).sort((a, b) => a - b);
  const selected = selectedStep(end);
  return steps
    .filter((step) => choice === 'all' || step === selected)
    .map((step) => ({
      name: `model-${id}`,
      file: join(checkpoints, `step-${String(step).padStart(9, '0')}.safetensors`),
      aliases: [`step-${step}`, ...(step === selected ? ['selected'] : [])],
      metadata: { step, format: 'safetensors' },
    }));
}
