/** A compiled step in TensorFlow: a session whose variables are the state. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { encodeSavedModel, NAMES, TAG, type StepGraph } from './graph.ts';
import type { NativeBackend } from './native-backend.ts';

/** What a loaded graph can do; tensors go in and come out in the order of the graph's lists. */
export interface StepSession {
  write(state: readonly tf.Tensor[]): void;
  /** The state, owned by the caller. */
  read(): tf.Tensor[];
  /** One step; the losses are owned by the caller. */
  run(batch: readonly tf.Tensor[]): tf.Tensor[];
  close(): void;
}

const range = (length: number): number[] => Array.from({ length }, (_, k) => k);

/** Loads a graph; its file exists only meanwhile. */
export function openSession(backend: NativeBackend, graph: StepGraph): StepSession {
  const folder = mkdtempSync(join(tmpdir(), 'compiled-step-'));
  let session: number;
  try {
    writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(graph));
    session = backend.loadSavedModelMetaGraph(folder, TAG);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const stateInputs = range(graph.state.length).map((k) => ({ name: NAMES.initialState(k) }));
  const stateOutputs = range(graph.state.length).map(NAMES.state);
  const batchInputs = range(graph.batch.length).map((k) => ({ name: NAMES.batch(k) }));
  const lossOutputs = range(graph.trace.results.length - graph.state.length).map(NAMES.loss);
  return {
    write(state) {
      backend.runSavedModel(session, state, stateInputs, [NAMES.ready]).forEach((signal) => signal.dispose());
    },
    read: () => backend.runSavedModel(session, [], [], stateOutputs),
    run(batch) {
      const [done, ...losses] = backend.runSavedModel(session, batch, batchInputs, [
        NAMES.done,
        ...lossOutputs,
      ]);
      done!.dispose();
      return losses;
    },
    close: () => backend.deleteSavedModel(session),
  };
}
