/**
 * What programs write to stderr beside their results, and in which form. A process has one stderr, so that this module
 * keeps how it is used; whoever calls the package's functions from a program of their own gets plain lines.
 */
import { format } from 'node:util';

/** The forms of progress that `--progress` names. */
export const PROGRESS_FORMS = ['auto', 'bar', 'plain', 'json'] as const;
/** `auto` is a bar on a terminal and plain lines elsewhere; `json` makes every line of stderr an event. */
export type ProgressForm = (typeof PROGRESS_FORMS)[number];

/** How stderr is used. */
export interface StandardErrorUse {
  readonly form: ProgressForm;
  /** Whether errors are all that is written. */
  readonly quiet: boolean;
}

/** A line of stderr in the form `json`. */
export type ProgramEvent =
  /** A piece of work begins, or goes on from `done`. */
  | { readonly event: 'start'; readonly label: string; readonly done: number; readonly total: number }
  /** How far it is: units a second and seconds left, null before anything is done. */
  | {
      readonly event: 'progress';
      readonly label: string;
      readonly done: number;
      readonly total: number;
      readonly rate: number | null;
      readonly secondsLeft: number | null;
      readonly note: string;
    }
  /** It has ended, however; `seconds` is what this call took for it. */
  | {
      readonly event: 'end';
      readonly label: string;
      readonly done: number;
      readonly total: number;
      readonly seconds: number;
      readonly note: string;
    }
  /** A line for a person. */
  | { readonly event: 'message' | 'warning'; readonly text: string }
  /** What is wrong; with an exit code, the program ends with it. */
  | { readonly event: 'error'; readonly text: string; readonly program?: string; readonly exitCode?: number };

let use: StandardErrorUse = { form: 'auto', quiet: false };
let barIsShown = false;

/** How stderr is used by now. */
export const standardErrorUse = (): StandardErrorUse => use;

/**
 * Says how stderr is used from now on.
 *
 * @returns How it was used before.
 */
export function useStandardError(next: StandardErrorUse): StandardErrorUse {
  const before = use;
  use = next;
  return before;
}

/** Notes that the last line of the terminal is a bar, so that a line which comes meanwhile takes its place. */
export function noteBar(shown: boolean): void {
  barIsShown = shown;
}

/** Writes an event as a line of JSON. */
export const writeEvent = (
  event: ProgramEvent,
  stream: Pick<NodeJS.WriteStream, 'write'> = process.stderr,
): void => void stream.write(`${JSON.stringify(event)}\n`);

function writeLine(text: string): void {
  const clear = barIsShown && process.stderr.isTTY ? '\r\u001b[K' : '';
  process.stderr.write(`${clear}${text}\n`);
}

function tell(event: 'message' | 'warning', text: string): void {
  if (use.quiet) return;
  if (use.form === 'json') writeEvent({ event, text });
  else writeLine(text);
}

/** A line for a person. */
export const sayLine = (text: string): void => tell('message', text);

/** A line for a person on what may be wrong. */
export const warnLine = (text: string): void => tell('warning', text);

/**
 * What is wrong.
 *
 * @param text Without the name of the program.
 * @param ending The program, if it ends with this, and its exit code.
 */
export function errorLine(
  text: string,
  ending?: { readonly program: string; readonly exitCode: number },
): void {
  if (use.form === 'json') writeEvent({ event: 'error', text, ...ending });
  else writeLine(ending === undefined ? text : `${ending.program}: ${text}`);
}

/**
 * What the command line asks for. It is looked up before anything else is, so that a refusal of the command line has
 * the form that was asked for too.
 *
 * @param args Of the program; what is wrong with these options is refused with the others.
 */
export function askedUse(args: readonly string[]): StandardErrorUse {
  const given = args.flatMap((arg, i) =>
    arg === '--progress' ? [args[i + 1]] : arg.startsWith('--progress=') ? [arg.slice(11)] : [],
  );
  const form = PROGRESS_FORMS.find((each) => each === given.at(-1));
  return { form: form ?? 'auto', quiet: args.includes('--quiet') };
}

/**
 * Takes over what Node and libraries write to stderr by themselves: warnings, and errors that nobody caught. Native
 * libraries are asked to keep silent.
 */
export function takeOverStandardError(): void {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '3';
  const warn = (...values: readonly unknown[]): void => warnLine(format(...values));
  Object.assign(console, { warn, error: warn });
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => warnLine(`${name}: ${message}`));
  process.on('uncaughtException', (error) => {
    errorLine(error.stack ?? error.message, { program: 'model-patching', exitCode: 1 });
    process.exit(1);
  });
}
