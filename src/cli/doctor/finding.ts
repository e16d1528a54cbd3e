/** What `doctor` finds out about one backend. */
import * as t from 'io-ts';
import type { BackendName } from '../../backends/backend.ts';

/** A check's result, told by the process that tried the backend. */
export const FindingCodec = t.strict({
  /** tfjs's package and what it stands on; null if it is not installed. */
  version: t.union([t.string, t.null]),
  /** What it computes on; null if it does not start. */
  device: t.union([t.string, t.null]),
  /** Why it is not used, and what would change that; null if it can train. */
  refused: t.union([t.strict({ reason: t.string, cure: t.string }), t.null]),
  /** 10⁹ additions and multiplications a second in a convolution's training step; null if it cannot train. */
  gigaflops: t.union([t.number, t.null]),
});

/** What was found about one backend. */
export interface Finding extends t.TypeOf<typeof FindingCodec> {
  readonly name: BackendName;
}
