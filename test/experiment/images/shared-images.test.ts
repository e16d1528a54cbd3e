import { expect, it } from 'vitest';
import { DataCodec, type DataSettings } from '../../../src/config/schema/data-settings.ts';
import type { ExperimentImages } from '../../../src/experiment/images/experiment-images.ts';
import { sharedImages } from '../../../src/experiment/images/shared-images.ts';
import { decode } from '../../../src/config/decoding.ts';

function digits(corruptionSeed: number): DataSettings {
  const decoded = decode(DataCodec, { kind: 'mnist', root: 'mnist', corruptionSeed }, 'data');
  if (decoded._tag === 'Left') throw new Error(JSON.stringify(decoded.left));
  return decoded.right;
}

/** Notes what is opened and closed; the first time that seed 3 is asked for there are no such data. */
function noting() {
  const done: string[] = [];
  const shared = sharedImages((data) => {
    const { corruptionSeed: seed } = data as Extract<DataSettings, { readonly kind: 'mnist' }>;
    if (seed === 3 && !done.includes('fault')) {
      done.push('fault');
      return Promise.reject(new Error('no data'));
    }
    done.push(`open ${seed}`);
    const close = () => Promise.resolve(void done.push(`close ${seed}`));
    return Promise.resolve({ name: `digits ${seed}`, close } as ExperimentImages);
  });
  return { done, ...shared };
}

it('the same data are opened once, whoever closes them, and others take their place', async () => {
  const { done, open, close } = noting();
  for (const seed of [1, 1, 2, 1]) {
    const images = await open(digits(seed));
    expect(images.name).toBe(`digits ${seed}`);
    await images.close();
  }
  expect(done).toEqual(['open 1', 'close 1', 'open 2', 'close 2', 'open 1']);
  await close();
  await close();
  expect(done.slice(5)).toEqual(['close 1']);
  await open(digits(1));
  expect(done.slice(6)).toEqual(['open 1']);
});

it('data that could not be opened are tried again', async () => {
  const { done, open } = noting();
  await open(digits(1));
  await expect(open(digits(3))).rejects.toThrow('no data');
  expect((await open(digits(3))).name).toBe('digits 3');
  expect(done).toEqual(['open 1', 'close 1', 'fault', 'open 3']);
});
