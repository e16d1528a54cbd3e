/** The training of generators, read from the log and the pictures in its folder. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { finiteNumber, naturalNumber } from '../../config/codecs.ts';
import { readImageHeader } from '../../data/image-header.ts';
import type { Gallery, TranslationPoint, TranslationRun } from '../../report/input.ts';
import { runLog, type MetricsRecord } from '../../runs/run-log.ts';
import { hasCode } from '../../system/text-file.ts';

const LossCodec = t.type({
  step: naturalNumber,
  kind: t.literal('training'),
  cycleSource: finiteNumber,
  cycleTarget: finiteNumber,
});

const GateCodec = t.type({
  step: naturalNumber,
  kind: t.literal('evaluation'),
  flipRate: t.type({ toSource: finiteNumber, toTarget: finiteNumber }),
  score: finiteNumber,
});

/** One point for every step of the log; the gate measures at some of them. */
function curveOf(records: readonly MetricsRecord[]): readonly TranslationPoint[] {
  const measures = new Map(records.filter(GateCodec.is).map((record) => [record.step, record]));
  return records.filter(LossCodec.is).map(({ step, cycleSource, cycleTarget }) => ({
    step,
    flipRate: measures.get(step)?.flipRate ?? null,
    score: measures.get(step)?.score ?? null,
    cycleLoss: cycleSource + cycleTarget,
  }));
}

async function gallerySteps(folder: string): Promise<readonly number[]> {
  try {
    return (await readdir(folder)).flatMap((name) => {
      const [, step] = /^step-(\d{9})\.png$/.exec(name) ?? [];
      return step === undefined ? [] : [Number(step)];
    });
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

async function readGallery(folder: string, step: number): Promise<readonly Gallery[]> {
  const bytes = await readFile(join(folder, `step-${String(step).padStart(9, '0')}.png`));
  const header = readImageHeader(bytes);
  return E.isRight(header) ? [{ step, png: bytes.toString('base64'), width: header.right.width }] : [];
}

/** The picture nearest to the checkpoint that translates, and the newest one. */
async function galleriesIn(folder: string, bestStep: number | null): Promise<readonly Gallery[]> {
  const steps = [...(await gallerySteps(folder))].sort((a, b) => a - b);
  const newest = steps.at(-1);
  if (newest === undefined) return [];
  const wanted = bestStep ?? newest;
  const nearest = steps.reduce((near, step) =>
    Math.abs(step - wanted) < Math.abs(near - wanted) ? step : near,
  );
  const shown = await Promise.all([...new Set([nearest, newest])].map((step) => readGallery(folder, step)));
  return shown.flat();
}

/**
 * How the training of generators went.
 *
 * @param folder Of their run.
 * @param run What it is called in the report.
 * @param bestStep Of the checkpoint that translates; null while there is none.
 * @returns Null if the run has not begun.
 */
export async function readTranslationRun(
  folder: string,
  run: Pick<TranslationRun, 'seed' | 'name'>,
  bestStep: number | null,
): Promise<TranslationRun | null> {
  const curve = curveOf(await runLog(join(folder, 'metrics.jsonl')).records());
  const galleries = await galleriesIn(join(folder, 'gallery'), bestStep);
  return curve.length === 0 && galleries.length === 0 ? null : { ...run, bestStep, curve, galleries };
}
