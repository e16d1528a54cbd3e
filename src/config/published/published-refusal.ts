/** How the translation of a published configuration gives up on a setting: thrown inside it, an `Either` outside. */
import { either as E } from 'fp-ts';
import type { SettingFault } from '../schema/setting-fault.ts';

class SettingRefusal extends Error {
  readonly fault: SettingFault;
  constructor(fault: SettingFault) {
    super(fault.found);
    this.fault = fault;
  }
}

/** Gives up on a setting. `key` is its name, with positions in lists after dots. */
export function refuseSetting(key: string, expected: string, found: unknown, cure = 'correct it'): never {
  throw new SettingRefusal({
    path: key.split('.'),
    expected,
    found: typeof found === 'string' ? found : (JSON.stringify(found) ?? 'nothing'),
    cure,
  });
}

/** What a translation gives, or what it gave up on. */
export function refusals<A>(translate: () => A): E.Either<SettingFault, A> {
  try {
    return E.right(translate());
  } catch (error) {
    if (error instanceof SettingRefusal) return E.left(error.fault);
    throw error;
  }
}
