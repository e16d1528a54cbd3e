/** Whether an installation trains, and how fast against wasm in the same run. */
import { failure } from './failure.ts';
import type { Place } from './place.ts';
import type { CommandOptions } from './child-program.ts';
import { sameLoss, type TryBackend } from './try-backends.ts';

/** Milliseconds of a step; `native` is null where a CUDA build loads but finds no GPU. */
export interface Verdict {
  readonly native: number | null;
  readonly wasm: number;
}

/**
 * Trains the same steps on both backends.
 *
 * @throws ProgramError if the native one does not load, does not train, or comes to another loss.
 */
export async function judge(
  gpu: boolean,
  place: Place,
  machine: CommandOptions & { readonly tryBackend: TryBackend; readonly say: (line: string) => void },
): Promise<Verdict> {
  machine.say('training a few steps on it and on wasm');
  const native = await machine.tryBackend(gpu ? 'tensorflow-gpu' : 'tensorflow', machine);
  const noGpu = !native.ok && native.reason.includes('finds no GPU');
  const cure = 'try --download or another --version, or use wasm';
  if (!native.ok && !noGpu) throw failure(place.folder, 'a backend that trains', native.reason, cure);
  const wasm = await machine.tryBackend('wasm', machine);
  if (!wasm.ok)
    throw failure('wasm', 'a backend to compare with', wasm.reason, 'install model-patching again');
  if (native.ok && !sameLoss(native.loss, wasm.loss))
    throw failure(place.folder, `the loss of wasm, ${wasm.loss}`, String(native.loss), cure);
  return { native: native.ok ? native.milliseconds : null, wasm: wasm.milliseconds };
}
