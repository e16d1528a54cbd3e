/** Values of options that several commands have, and what they are called there. */
import { InvalidArgumentError, Option } from 'commander';

/** A whole number, 0 among them. */
export function wholeNumber(value: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError(`expected a whole number, found '${value}'`);
  return Number(value);
}

/** A number above 0, at most as large. */
export const factor =
  (most = Infinity) =>
  (value: string): number => {
    const number = value.trim() === '' ? NaN : Number(value);
    if (number > 0 && number <= most && Number.isFinite(number)) return number;
    const range = most === Infinity ? 'above 0' : `above 0 and at most ${most}`;
    throw new InvalidArgumentError(`expected a number ${range}, found '${value}'`);
  };

/** A name of a folder. */
export function folderName(value: string): string {
  if (value === '') throw new InvalidArgumentError("expected a folder, found ''");
  return value;
}

/** For options that may be repeated. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** `--backend`. */
export const backendOption = (otherwise: string): Option =>
  new Option('--backend <name>', `tensorflow-gpu, webgpu, tensorflow, wasm or cpu (default: ${otherwise})`);

/** `--skip-damaged`. */
export const skipDamagedOption = (ofWhat: string, otherwise: string): Option =>
  new Option(
    '--skip-damaged <n>',
    `how many images of ${ofWhat} may be damaged; each is skipped and listed (default: ${otherwise})`,
  ).argParser(wholeNumber);

/** `--on-nan`. */
export const onNanOption = (): Option =>
  new Option(
    '--on-nan <what>',
    'when a loss is not finite, stop, or rollback: back to the last checkpoint and on with half the learning rates, a few times at most (default: what the configuration says)',
  ).choices(['stop', 'rollback']);
