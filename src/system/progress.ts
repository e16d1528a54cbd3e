/**
 * How far long work has come, on stderr: a bar with rate and time left on a terminal, a line every few seconds
 * elsewhere, events for programs, or nothing, as {@link useStandardError} says.
 */
import cliProgress from 'cli-progress';
import { noteBar, standardErrorUse, writeEvent, type ProgressForm } from './standard-error.ts';

/** One piece of long work. */
export interface Progress {
  /**
   * Says how far the work is.
   *
   * @param done Units done, of the total.
   * @param note A few words on how it goes.
   */
  update(done: number, note?: string): void;
  /** Ends the bar; to be called however the work ends. */
  stop(): void;
}

/** Where progress goes; replaced in tests. */
export interface ProgressOptions {
  /** The default is stderr. */
  readonly stream?: NodeJS.WriteStream;
  /** Seconds between two lines where there is no bar, default 5, and 1 between two events. */
  readonly interval?: number;
  /** Default: what the program was asked for. */
  readonly form?: ProgressForm;
  /** Whether nothing is shown; default likewise. */
  readonly quiet?: boolean;
}

/** A duration in words, e.g. `3 min 20 s`. */
export const durationInWords = (seconds: number): string => {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return whole < 172_800
    ? `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
    : `${Math.round(whole / 86_400)} days`;
};

/** One piece of work from its start. */
interface Work {
  readonly label: string;
  readonly total: number;
  readonly start: number;
  readonly stream: NodeJS.WriteStream;
  /** Seconds since it began here. */
  readonly seconds: () => number;
}

/** Units a second since the start; null before anything was done. */
const rateOf = (done: number, { start, seconds }: Work): number | null =>
  done <= start || seconds() <= 0 ? null : (done - start) / seconds();

/** Units a second and time left; empty before anything was done. */
function pace(done: number, work: Work): string {
  const rate = rateOf(done, work);
  if (rate === null) return '';
  const digits = rate >= 10 ? 0 : rate >= 0.1 ? 2 : 4;
  return `${rate.toFixed(digits)}/s, ${durationInWords(Math.max(0, work.total - done) / rate)} left`;
}

/** Characters that a bar of this work leaves room for: numbers, rate, time left and how it goes. */
const BESIDE_BAR = 60;

/** The characters of the bar itself on a terminal of so many columns. */
const barSize = ({ label, total }: Work, columns: number): number =>
  Math.max(5, Math.min(40, columns - label.length - 2 * String(total).length - BESIDE_BAR));

function showBar(work: Work): Progress {
  const { label, total, start, stream } = work;
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{label} {bar} {value}/{total} {pace} {note}',
    barsize: barSize(work, stream.columns ?? 80),
    // A process that ends at a second signal could not show the cursor again, nor wrap long lines again.
    hideCursor: false,
    linewrap: true,
    // Signals are the program's: it goes on to a checkpoint and still shows how far it is.
    gracefulExit: false,
    clearOnComplete: false,
    // Where there is no terminal a bar is only shown to who asks for one.
    noTTYOutput: true,
  });
  bar.start(total, start, { label, pace: '', note: '' });
  noteBar(true);
  return {
    update: (done, note = '') => bar.update(done, { label, pace: pace(done, work), note }),
    stop() {
      bar.stop();
      noteBar(false);
    },
  };
}

/** Hands on what is new, not more often than every so many seconds, and the end of the work. */
function every(
  interval: number,
  { start, total, seconds }: Work,
  show: (done: number, note: string) => void,
): Progress['update'] {
  let lastTime = -Infinity;
  let lastDone = start;
  return (done, note = '') => {
    if (done <= lastDone || (seconds() - lastTime < interval && done < total)) return;
    lastTime = seconds();
    lastDone = done;
    show(done, note);
  };
}

const showLines = (work: Work, interval: number): Progress => ({
  update: every(interval, work, (done, note) => {
    const parts = [`${done}/${work.total}`, pace(done, work), note];
    work.stream.write(`${work.label}: ${parts.filter((part) => part !== '').join(', ')}\n`);
  }),
  stop: () => undefined,
});

function showEvents(work: Work, interval: number): Progress {
  const { label, total, start, stream } = work;
  let last = { done: start, note: '' };
  let stopped = false;
  writeEvent({ event: 'start', label, done: start, total }, stream);
  const show = every(interval, work, (done, note) => {
    const rate = rateOf(done, work);
    const secondsLeft = rate === null ? null : Math.max(0, total - done) / rate;
    writeEvent({ event: 'progress', label, done, total, rate, secondsLeft, note }, stream);
  });
  return {
    update(done, note = '') {
      last = { done, note };
      show(done, note);
    },
    stop() {
      if (!stopped) writeEvent({ event: 'end', label, total, seconds: work.seconds(), ...last }, stream);
      stopped = true;
    },
  };
}

const NOTHING: Progress = { update: () => undefined, stop: () => undefined };

/**
 * Begins to show progress.
 *
 * @param label What is done.
 * @param total Units in all.
 * @param start Units that were done before, in a resumed run.
 * @param options Where to, in which form, and how often.
 */
export function startProgress(
  label: string,
  total: number,
  start = 0,
  options: ProgressOptions = {},
): Progress {
  const { stream = process.stderr, form, quiet, interval } = { ...standardErrorUse(), ...options };
  if (quiet) return NOTHING;
  const isBar = form === 'bar' || (form === 'auto' && stream.isTTY);
  const show = (from: number): Progress => {
    const began = performance.now();
    const work = { label, total, start: from, stream, seconds: () => (performance.now() - began) / 1000 };
    if (form === 'json') return showEvents(work, interval ?? 1);
    return isBar ? showBar(work) : showLines(work, interval ?? 5);
  };
  let shown = show(start);
  let last = start;
  return {
    update(done, note) {
      if (done < last) {
        // Training went back to a checkpoint: rate and time left are reckoned anew from there.
        shown.stop();
        shown = show(done);
      }
      last = done;
      shown.update(done, note);
    },
    stop: () => shown.stop(),
  };
}
