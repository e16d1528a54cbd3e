/** A state in hand or one that was kept: of the two, only the one that is gone on with is left. */
import { disposeTensors, type TensorTree } from '../tensor-tree.ts';

/** A state after so many steps. */
export interface Reached<State> {
  readonly step: number;
  readonly state: State;
}

/**
 * A state that was kept, in place of the one that is given.
 *
 * @param given Is handed over, and disposed unless it is what is returned.
 * @param find Finds what was kept, in the structure of the given state, or null.
 * @returns What was found, or else what was given; owned by the caller.
 * @throws What `find` throws.
 */
export async function keptStateOr<State extends TensorTree>(
  given: Reached<State>,
  find: (expected: State) => Promise<Reached<State> | null>,
): Promise<Reached<State>> {
  let found: Reached<State> | null;
  try {
    found = await find(given.state);
  } catch (error) {
    disposeTensors(given.state);
    throw error;
  }
  if (found !== null) disposeTensors(given.state);
  return found ?? given;
}
