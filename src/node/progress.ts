/** How far long work has come, on stderr: a bar with rate and time left on a terminal, a line every few seconds elsewhere. */
import cliProgress from 'cli-progress';

/** One piece of long work. */
export interface Progress {
  /** @param done Units done, of the total. @param note A few words on how it goes. */
  update(done: number, note?: string): void;
  stop(): void;
}

/** Where progress goes; replaced in tests. */
export interface ProgressOptions {
  readonly stream?: NodeJS.WriteStream;
  /** Seconds between two lines where there is no terminal, default 5. */
  readonly interval?: number;
}

const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return whole < 172_800
    ? `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
    : `${Math.round(whole / 86_400)} days`;
};

/** Units a second and time left, from what was done since the start. */
function pace(done: number, start: number, total: number, seconds: number): string {
  const rate = (done - start) / seconds;
  return `${rate >= 10 ? rate.toFixed(0) : rate.toFixed(2)}/s, ${duration((total - done) / rate)} left`;
}

/**
 * Begins to show progress.
 *
 * @param label What is done.
 * @param total Units in all.
 * @param start Units that were done before, in a resumed run.
 */
export function startProgress(
  label: string,
  total: number,
  start = 0,
  { stream = process.stderr, interval = 5 }: ProgressOptions = {},
): Progress {
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  if (stream.isTTY) {
    const bar = new cliProgress.SingleBar({
      stream,
      format: `${label} {bar} {value}/{total} {pace} {note}`,
      hideCursor: true,
      // Its own signal handler would end the process before the checkpoint is written.
      gracefulExit: false,
      clearOnComplete: false,
    });
    bar.start(total, start, { pace: '', note: '' });
    return {
      update: (done, note = '') => bar.update(done, { pace: pace(done, start, total, elapsed()), note }),
      stop: () => bar.stop(),
    };
  }
  let last = -Infinity;
  return {
    update(done, note = '') {
      const now = elapsed();
      if (done <= start || (now - last < interval && done < total)) return;
      last = now;
      stream.write(
        `${label}: ${done}/${total}, ${pace(done, start, total, now)}${note === '' ? '' : `, ${note}`}\n`,
      );
    },
    stop: () => undefined,
  };
}
