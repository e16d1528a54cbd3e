import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startProgress } from '../../src/system/progress.ts';

/** A stream that keeps what is written to it, a terminal if asked. */
class Screen extends Writable {
  readonly isTTY: boolean;
  readonly columns: number;
  text = '';
  constructor(isTTY: boolean, columns: number) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }
  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.text += String(chunk);
    done();
  }
}
const screen = (isTTY: boolean, columns = 100): Screen & NodeJS.WriteStream =>
  new Screen(isTTY, columns) as Screen & NodeJS.WriteStream;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('where there is no terminal', () => {
  it('a line appears every few seconds, with rate and time left, and one at the end', () => {
    const stream = screen(false);
    const progress = startProgress('stage 1', 40, 0, { stream, interval: 5 });
    for (let step = 0; step <= 40; step++) {
      progress.update(step, `loss ${step}`);
      vi.advanceTimersByTime(1000);
    }
    progress.update(40, 'again');
    progress.stop();
    expect(stream.text.split('\n')).toEqual([
      'stage 1: 1/40, 1.00/s, 39 s left, loss 1',
      'stage 1: 6/40, 1.00/s, 34 s left, loss 6',
      'stage 1: 11/40, 1.00/s, 29 s left, loss 11',
      'stage 1: 16/40, 1.00/s, 24 s left, loss 16',
      'stage 1: 21/40, 1.00/s, 19 s left, loss 21',
      'stage 1: 26/40, 1.00/s, 14 s left, loss 26',
      'stage 1: 31/40, 1.00/s, 9 s left, loss 31',
      'stage 1: 36/40, 1.00/s, 4 s left, loss 36',
      'stage 1: 40/40, 1.00/s, 0 s left, loss 40',
      '',
    ]);
  });

  it('a resumed run counts only what it has done itself', () => {
    const stream = screen(false);
    const progress = startProgress('stage 2', 100, 90, { stream });
    progress.update(90);
    expect(stream.text).toBe('');
    vi.advanceTimersByTime(10_000);
    progress.update(92);
    expect(stream.text).toBe('stage 2: 92/100, 0.20/s, 40 s left\n');
  });

  it('work that goes back is reckoned anew from there', () => {
    const stream = screen(false);
    const progress = startProgress('stage 1', 100, 0, { stream, interval: 5 });
    vi.advanceTimersByTime(90_000);
    progress.update(90);
    progress.update(40, 'went back');
    for (let step = 41; step <= 46; step++) {
      vi.advanceTimersByTime(2000);
      progress.update(step);
    }
    expect(stream.text.trim().split('\n')).toEqual([
      'stage 1: 90/100, 1.00/s, 10 s left',
      'stage 1: 41/100, 0.50/s, 1 min 58 s left',
      'stage 1: 44/100, 0.50/s, 1 min 52 s left',
    ]);
  });

  it.each([
    [59, 1, '59 s'],
    [1, 60, '1 min 0 s'],
    [60, 60, '1 h 0 min'],
    [60 * 47, 60, '47 h 0 min'],
    [60 * 72, 60, '3 days'],
  ])('time left is told in units for people: %s', (left, seconds, text) => {
    const stream = screen(false);
    const progress = startProgress('x', 1 + left, 0, { stream });
    vi.advanceTimersByTime(seconds * 1000);
    progress.update(1);
    expect(stream.text).toContain(`, ${text} left`);
  });

  it('nothing is divided by no time', () => {
    const stream = screen(false);
    startProgress('x', 10, 0, { stream }).update(3);
    expect(stream.text).toBe('x: 3/10\n');
  });
});

describe('on a terminal', () => {
  it('one bar moves, and leaves its last state, the cursor and the signals as they were', () => {
    const stream = screen(true);
    const listeners = process.listenerCount('SIGINT');
    const progress = startProgress('{value} images', 50, 10, { stream });
    expect(stream.text).toContain('10/50');
    vi.advanceTimersByTime(10_000);
    progress.update(30, 'going well');
    vi.advanceTimersByTime(1000);
    expect(stream.text).toContain('30/50 2.00/s, 10 s left going well');
    expect(process.listenerCount('SIGINT')).toBe(listeners);
    progress.update(50);
    progress.stop();
    progress.stop();
    expect(stream.text).toMatch(/50\/50[^\n]*\n$/);
    expect(stream.text).toContain('{value} images');
    expect(stream.text).not.toContain('\u001b[?25l');
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('a bar of 80 columns leaves room for the worst group, and lines keep being wrapped', () => {
  const stream = screen(true, 80);
  const progress = startProgress('camel', 1500, 0, { stream });
  vi.advanceTimersByTime(50_000);
  progress.update(700, 'validation worst group 71.0 %');
  const last = stream.text.slice(stream.text.lastIndexOf('camel'));
  expect(last).toMatch(/^camel =+-+ 700\/1500 14\/s, 57 s left validation worst group 71\.0 %/);
  expect(stream.text).not.toContain('\u001b[?7l');
  progress.stop();
});

describe('for programs', () => {
  const eventsOf = ({ text }: Screen): readonly unknown[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);

  it('events say the start, how far it is at most once a second, and the end', () => {
    const stream = screen(true);
    const progress = startProgress('stage 2', 8, 2, { stream, form: 'json' });
    for (let step = 2; step <= 6; step++) {
      progress.update(step, `loss ${step}`);
      vi.advanceTimersByTime(500);
    }
    progress.stop();
    progress.stop();
    const work = { label: 'stage 2', total: 8 };
    expect(eventsOf(stream)).toEqual([
      { event: 'start', ...work, done: 2 },
      { event: 'progress', ...work, done: 3, rate: 2, secondsLeft: 2.5, note: 'loss 3' },
      { event: 'progress', ...work, done: 5, rate: 2, secondsLeft: 1.5, note: 'loss 5' },
      { event: 'end', ...work, done: 6, seconds: 2.5, note: 'loss 6' },
    ]);
  });

  it('rate and time left are null before anything was done', () => {
    const stream = screen(false);
    startProgress('x', 10, 0, { stream, form: 'json' }).update(3);
    expect(eventsOf(stream)[1]).toMatchObject({ done: 3, rate: null, secondsLeft: null });
  });
});

it('quiet shows nothing, in whatever form', () => {
  for (const form of ['auto', 'bar', 'json'] as const) {
    const stream = screen(true);
    const progress = startProgress('x', 2, 0, { stream, form, quiet: true });
    progress.update(2);
    progress.stop();
    expect(stream.text).toBe('');
  }
});

it('a form that is asked for is taken, whatever the stream', () => {
  const [terminal, file] = [screen(true), screen(false)];
  startProgress('x', 2, 0, { stream: terminal, form: 'plain' }).update(2);
  expect(terminal.text).toBe('x: 2/2\n');
  const bar = startProgress('x', 2, 0, { stream: file, form: 'bar' });
  bar.update(2);
  bar.stop();
  expect(file.text).toContain('x ====');
  expect(file.text).toContain('2/2');
});
