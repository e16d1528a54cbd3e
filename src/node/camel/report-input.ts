/** From what the main job has found to what its report shows. */
import type { SelectedBackend } from '../backend.ts';
import type { GalleryExample, MethodCurves, ReportInput, StageOnePoint } from '../report/input.ts';
import type { ExperimentResults } from '../report/results.ts';
import type { MetricsRecord } from '../run-directory.ts';
import { GROUP_LABELS } from './experiment-data.ts';
import type { Gallery, GalleryImages } from './gallery.ts';
import type { CamelSettings } from './settings.ts';

/** Everything that the report is made from. */
export interface ReportSources {
  readonly settings: CamelSettings;
  readonly backend: SelectedBackend;
  readonly environment: Readonly<Record<string, string | number>>;
  readonly results: ExperimentResults;
  readonly learnt: {
    readonly stage1: { readonly bestStep: number; readonly gallery: Gallery };
    readonly curve: readonly MetricsRecord[];
  } | null;
  readonly methods: Readonly<Record<string, { readonly records: readonly MetricsRecord[] }>>;
}

/** Settings as one line each, `stage2.methods.camel.learningRate` and so on. */
function flat(value: unknown, path = ''): [string, string | number | boolean | null][] {
  if (value === null || typeof value !== 'object') return [[path, value as string | number | boolean | null]];
  if (Array.isArray(value)) return [[path, value.join(', ')]];
  return Object.entries(value).flatMap(([key, entry]) => flat(entry, path === '' ? key : `${path}.${key}`));
}

const bytes = ({ real, translated, back }: GalleryImages): GalleryExample => {
  const decoded = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
  return { real: decoded(real), translated: decoded(translated), back: decoded(back) };
};

interface Shares {
  readonly toTarget: number;
  readonly toSource: number;
}

function stageOnePoints(records: readonly MetricsRecord[]): StageOnePoint[] {
  const training = records.filter(({ kind }) => kind === 'training');
  return records
    .filter(({ kind }) => kind === 'evaluation')
    .map((record) => {
      const losses = training.find(({ step }) => step === record.step);
      const [flips, kept] = [record['flipRate'] as Shares, record['labelPreservation'] as Shares];
      return {
        step: record.step,
        flipRateToTarget: flips.toTarget,
        flipRateToSource: flips.toSource,
        labelPreservationToTarget: kept.toTarget,
        labelPreservationToSource: kept.toSource,
        score: record['score'] as number,
        cycleLoss: Number(losses?.['cycleSource'] ?? 0) + Number(losses?.['cycleTarget'] ?? 0),
      };
    });
}

function methodCurves(records: readonly MetricsRecord[], groupNames: readonly string[]): MethodCurves {
  return {
    groupNames,
    training: records
      .filter(({ kind }) => kind === 'training')
      .map((record) => {
        const counts = record['groupCounts'] as readonly number[];
        const adversary = record['adversaryWeights'] as readonly number[] | undefined;
        return {
          step: record.step,
          loss: record['loss'] as number,
          groupLosses: (record['groupMeans'] as readonly number[]).map((mean, g) =>
            counts[g]! > 0 ? mean : null,
          ),
          ...(adversary && { adversary }),
        };
      }),
    validation: records
      .filter(({ kind }) => kind === 'evaluation')
      .map((record) => ({
        step: record.step,
        groupAccuracies: record['groupAccuracies'] as readonly (number | null)[],
      })),
  };
}

/** The report of an experiment. */
export function reportInput({
  settings,
  backend,
  environment,
  results,
  learnt,
  methods,
}: ReportSources): ReportInput {
  const groupNames = Object.values(results.methods)[0]?.groups.map(({ name }) => name) ?? [];
  return {
    title: 'MNIST-Correlation',
    subtitle:
      'Even or odd? In training nearly all even digits are clean and nearly all odd ones carry a zigzag.',
    settings: Object.fromEntries(flat(settings)),
    environment,
    backend: { name: backend.name, device: backend.device },
    seed: settings.seed,
    seconds: results.seconds,
    results,
    gallery: {
      toTarget: learnt?.stage1.gallery.toTarget.map(bytes) ?? [],
      toSource: learnt?.stage1.gallery.toSource.map(bytes) ?? [],
    },
    sourceName: 'clean',
    targetName: 'zigzag',
    groupLabels: GROUP_LABELS,
    stage1Curve: learnt === null ? [] : stageOnePoints(learnt.curve),
    stage1BestStep: learnt?.stage1.bestStep ?? null,
    methodCurves: Object.fromEntries(
      Object.entries(methods).map(([name, { records }]) => [name, methodCurves(records, groupNames)]),
    ),
  };
}
