/** How runs are replayed into W&B, as the command line says it. */
import type { CheckpointChoice } from './run-end.ts';

/** How runs are replayed. */
export interface ReplayOptions {
  readonly project: string;
  readonly entity?: string;
  readonly mode: 'offline' | 'online';
  readonly publishedNames: boolean;
  /** In place of the published system's: the stage, and the kind of the data. */
  readonly group?: string;
  readonly jobType?: string;
  readonly images: boolean;
  readonly checkpoints: CheckpointChoice;
}
