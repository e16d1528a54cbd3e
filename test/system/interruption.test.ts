import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { interrupted, isStop, listenForInterruption } from '../../src/system/interruption.ts';

it.each(['SIGINT', 'SIGTERM', 'SIGUSR2'] as const)('%s asks for a stop, once', (signal) => {
  const heard: string[] = [];
  const { requested, dispose } = listenForInterruption((name) => heard.push(name));
  expect(requested()).toBe(false);
  process.emit(signal, signal);
  expect([requested(), heard]).toEqual([true, [signal]]);
  dispose();
  expect(process.listenerCount(signal)).toBe(0);
});

/** Sends itself signals, each so many milliseconds after its start; how it ended. */
function sent(
  signals: readonly (readonly [signal: string, after: number])[],
  environment: NodeJS.ProcessEnv,
): readonly [number | null, string] {
  const module = new URL('../../src/system/interruption.ts', import.meta.url).href;
  const program = `
    const { listenForInterruption } = await import(${JSON.stringify(module)});
    listenForInterruption((signal) => console.log(signal));
    for (const [signal, after] of ${JSON.stringify(signals)})
      setTimeout(() => process.kill(process.pid, signal), after);
    setTimeout(() => process.exit(0), 1500);`;
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { encoding: 'utf8', env: { ...process.env, npm_lifecycle_event: undefined, ...environment } },
  );
  return [status, stdout];
}

it('a second signal of any kind ends the process with exit code 75', () => {
  expect(
    sent(
      [
        ['SIGUSR2', 0],
        ['SIGINT', 40],
      ],
      {},
    ),
  ).toEqual([75, 'SIGUSR2\n']);
  expect(
    sent(
      [
        ['SIGINT', 0],
        ['SIGINT', 40],
      ],
      {},
    ),
  ).toEqual([75, 'SIGINT\n']);
});

it('below npm run the same signal at once is that which npm has passed on', () => {
  const npm = { npm_lifecycle_event: 'study' };
  expect(
    sent(
      [
        ['SIGINT', 0],
        ['SIGINT', 5],
      ],
      npm,
    ),
  ).toEqual([0, 'SIGINT\n']);
  expect(
    sent(
      [
        ['SIGINT', 0],
        ['SIGINT', 5],
        ['SIGINT', 500],
      ],
      npm,
    ),
  ).toEqual([75, 'SIGINT\n']);
});

it('a stop is told from other failures', () => {
  expect([isStop(interrupted()), isStop(new Error('x'))]).toEqual([true, false]);
});
