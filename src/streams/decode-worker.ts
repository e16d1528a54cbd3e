/** A worker thread that loads images: it is told a location and answers with pixels, or with what is wrong. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DataError } from '../data/data-error.ts';
import type { ImageLocation } from '../data/dataset.ts';
import { imageReader, type LoadImageOptions } from './load-image.ts';

/** What a worker is asked. */
export interface DecodeRequest {
  readonly id: number;
  readonly location: ImageLocation;
}

/** What it answers. */
export type DecodeAnswer =
  { readonly id: number; readonly pixels: Uint8Array } | { readonly id: number; readonly fault: DataError };

const reader = imageReader(workerData as LoadImageOptions);

async function answer({ id, location }: DecodeRequest): Promise<void> {
  const loaded = await reader.load(location);
  if (loaded._tag === 'Left') {
    parentPort?.postMessage({ id, fault: loaded.left } satisfies DecodeAnswer);
    return;
  }
  // A view of a larger buffer is copied, for a transfer would take the whole buffer.
  const { right } = loaded;
  const pixels = right.byteLength === right.buffer.byteLength ? right : right.slice();
  parentPort?.postMessage({ id, pixels } satisfies DecodeAnswer, [pixels.buffer as ArrayBuffer]);
}

/** One image at a time, and answers in the order of the questions. */
let answered = Promise.resolve();
parentPort?.on('message', (request: DecodeRequest) => {
  answered = answered.then(() => answer(request));
});
