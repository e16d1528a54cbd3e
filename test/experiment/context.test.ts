import { afterEach, expect, it, vi } from 'vitest';
import { pauseOrStop } from '../../src/experiment/context.ts';

afterEach(() => void vi.restoreAllMocks());

it('a measurement comes to its end within a second, and is stopped after it', async () => {
  let now = 5000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  let stop = false;
  const pause = pauseOrStop({ stopRequested: () => stop });
  await pause();
  stop = true;
  now += 1000;
  await pause();
  now += 1;
  await expect(pause()).rejects.toMatchObject({ exitCode: 75 });
  stop = false;
  await pause();
});
