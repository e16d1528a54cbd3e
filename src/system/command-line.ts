/**
 * How a program of this package is called from where it runs. Sources run in a checkout, whose `npm run` knows the
 * programs. What was built from them runs where the package is installed, which brings the program `model-patching`.
 */
const IN_CHECKOUT = import.meta.url.endsWith('.ts');

/**
 * The line that calls a program.
 *
 * @param program Its name, e.g. `stage1`.
 * @param options What follows it.
 * @param inCheckout Default: whether this module is a source.
 * @returns `npm run stage1 -- --help` in a checkout, `npx model-patching stage1 --help` elsewhere.
 */
export function commandLine(program: string, options = '', inCheckout = IN_CHECKOUT): string {
  const words = inCheckout
    ? ['npm run', program, ...(options === '' ? [] : ['--', options])]
    : ['npx model-patching', program, ...(options === '' ? [] : [options])];
  return words.join(' ');
}

/**
 * Where a program lists its options, as the end of a refusal.
 *
 * @param program Its name.
 */
export const optionsHint = (program: string): string => `${commandLine(program, '--help')} lists the options`;

/** Exit codes of a program that may be stopped. */
export const STOPPABLE_CODES =
  '0 done, 1 a loss was not finite, 2 bad input, 75 stopped (the same command goes on)';

/**
 * The end of a program's `--help`.
 *
 * @param codes What the exit codes mean.
 * @param example A line that works.
 */
export const helpEnd = (codes: string, example: string): string =>
  `\nExit codes: ${codes}.\nExample: ${example}`;

/**
 * What an example says in a checkout, which has the digits of MNIST, and where the package is installed.
 *
 * @param here In a checkout.
 * @param installed Elsewhere.
 * @param inCheckout Default: whether this module is a source.
 */
export const exampleFor = (here: string, installed: string, inCheckout = IN_CHECKOUT): string =>
  inCheckout ? here : installed;
