/** A fault that lies between settings that are right each for itself. */

/** Each text is a phrase without a final stop; the cure names the setting to change, and a value that is right. */
export interface SettingFault {
  readonly path: readonly string[];
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}

/**
 * The fault of a setting, or none.
 *
 * @param holds What should hold.
 * @param key The setting, e.g. `training.batchSize`.
 * @returns A list, so that faults can be joined.
 */
export const faultUnless = (
  holds: boolean,
  key: string,
  expected: string,
  found: unknown,
  cure: string,
): readonly SettingFault[] => (holds ? [] : [{ path: key.split('.'), expected, found: String(found), cure }]);
