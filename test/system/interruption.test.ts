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

it('a second signal of any kind ends the process with exit code 75', () => {
  const module = new URL('../../src/system/interruption.ts', import.meta.url).href;
  const program = `
    const { listenForInterruption } = await import(${JSON.stringify(module)});
    listenForInterruption((signal) => console.log(signal));
    process.kill(process.pid, 'SIGUSR2');
    setTimeout(() => process.kill(process.pid, 'SIGINT'), 50);
    setTimeout(() => console.log('still there'), 20_000);`;
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', program],
    { encoding: 'utf8' },
  );
  expect([status, stdout]).toEqual([75, 'SIGUSR2\n']);
});

it('a stop is told from other failures', () => {
  expect([isStop(interrupted()), isStop(new Error('x'))]).toEqual([true, false]);
});
