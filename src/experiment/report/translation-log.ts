/** The training of generators, read from the log and the pictures in its folder. */
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import * as t from 'io-ts';
import { finiteNumber, naturalNumber } from '../../config/codecs.ts';
import { readImageHeader } from '../../data/image-header.ts';
import type { Gallery, TranslationPoint, TranslationRun } from '../../report/input.ts';
import { bytesIfThere } from '../../runs/aligned-file.ts';
import { runLog, type MetricsRecord } from '../../runs/run-log.ts';
import { isPicture, type PictureRecord } from '../logs/scalar-names.ts';

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

async function readGallery(folder: string, { step, file }: PictureRecord): Promise<readonly Gallery[]> {
  const bytes = await bytesIfThere(join(folder, ...file.split('/')));
  if (bytes === null) return [];
  const header = readImageHeader(bytes);
  const png = Buffer.from(bytes).toString('base64');
  return E.isRight(header) ? [{ step, png, width: header.right.width }] : [];
}

/** The picture nearest to the checkpoint that translates, and the newest one. */
async function galleriesIn(
  folder: string,
  pictures: readonly PictureRecord[],
  bestStep: number | null,
): Promise<readonly Gallery[]> {
  const newest = pictures.at(-1);
  if (newest === undefined) return [];
  const wanted = bestStep ?? newest.step;
  const nearest = pictures.reduce((near, picture) =>
    Math.abs(picture.step - wanted) < Math.abs(near.step - wanted) ? picture : near,
  );
  const shown = await Promise.all(
    [...new Set([nearest, newest])].map((picture) => readGallery(folder, picture)),
  );
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
  const records = await runLog(join(folder, 'metrics.jsonl')).records();
  const curve = curveOf(records);
  const galleries = await galleriesIn(folder, records.filter(isPicture), bestStep);
  return curve.length === 0 && galleries.length === 0 ? null : { ...run, bestStep, curve, galleries };
}
