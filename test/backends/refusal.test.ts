import { afterEach, describe, expect, it, vi } from 'vitest';
import { selectBackend } from '../../src/backends/backend.ts';
import { importInstalled } from '../../src/backends/refusal.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the choice of a backend', () => {
  it('tells a package that is not there from one that does not load', async () => {
    const message = (name: string): Promise<string> =>
      importInstalled(name, 'install it').then(
        () => 'it loads',
        (error: Error) => error.message,
      );
    expect(await message('@tensorflow/no-such-backend')).toBe('@tensorflow/no-such-backend is not installed');
    expect(await message('data:text/javascript,throw new Error("no\\nsuch symbol")')).toMatch(
      /^data:.* does not load: no$/,
    );
    expect(await message('@tensorflow/tfjs')).toBe('it loads');
  });

  it('leaves no listener for unhandled errors behind', async () => {
    const count = (): number[] => [
      process.listenerCount('uncaughtException'),
      process.listenerCount('unhandledRejection'),
    ];
    const before = count();
    await selectBackend({ name: 'wasm' });
    expect(count()).toEqual(before);
  });
});
