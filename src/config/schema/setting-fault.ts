/** A fault that lies between settings that are right each for itself. */

/** Each text is a phrase without a final stop; the cure names the setting to change, and a value that is right. */
export interface SettingFault {
  readonly path: readonly string[];
  readonly expected: string;
  readonly found: string;
  readonly cure: string;
}
