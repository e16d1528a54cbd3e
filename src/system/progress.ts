/** How far long work has come, on stderr: a bar with rate and time left on a terminal, a line every few seconds elsewhere. */
import cliProgress from 'cli-progress';

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
  /** Seconds between two lines where there is no terminal, default 5. */
  readonly interval?: number;
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

/** Units a second and time left, from what was done since the start; empty before anything was. */
function pace(done: number, start: number, total: number, seconds: number): string {
  if (done <= start || seconds <= 0) return '';
  const rate = (done - start) / seconds;
  const digits = rate >= 10 ? 0 : rate >= 0.1 ? 2 : 4;
  return `${rate.toFixed(digits)}/s, ${durationInWords(Math.max(0, total - done) / rate)} left`;
}

function startBar(label: string, total: number, start: number, stream: NodeJS.WriteStream): Progress {
  const began = performance.now();
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{label} {bar} {value}/{total} {pace} {note}',
    // A process that ends at a second signal could not show it again.
    hideCursor: false,
    // Signals are the program's: it goes on to a checkpoint and still shows how far it is.
    gracefulExit: false,
    clearOnComplete: false,
  });
  bar.start(total, start, { label, pace: '', note: '' });
  return {
    update: (done, note = '') =>
      bar.update(done, { label, pace: pace(done, start, total, (performance.now() - began) / 1000), note }),
    stop: () => bar.stop(),
  };
}

/**
 * Begins to show progress.
 *
 * @param label What is done.
 * @param total Units in all.
 * @param start Units that were done before, in a resumed run.
 * @param options Where to, and how often.
 */
export function startProgress(
  label: string,
  total: number,
  start = 0,
  { stream = process.stderr, interval = 5 }: ProgressOptions = {},
): Progress {
  if (stream.isTTY) return startBar(label, total, start, stream);
  const began = performance.now();
  let lastTime = -Infinity;
  let lastDone = start;
  return {
    update(done, note = '') {
      const seconds = (performance.now() - began) / 1000;
      if (done <= lastDone || (seconds - lastTime < interval && done < total)) return;
      lastTime = seconds;
      lastDone = done;
      const parts = [`${done}/${total}`, pace(done, start, total, seconds), note];
      stream.write(`${label}: ${parts.filter((part) => part !== '').join(', ')}\n`);
    },
    stop: () => undefined,
  };
}
