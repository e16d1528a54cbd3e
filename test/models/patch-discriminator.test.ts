import { beforeAll, describe, it } from 'vitest';
import { patchDiscriminator } from '../../src/models/patch-discriminator.ts';
import { useBackend } from '../support/backend.ts';
import { expectGolden, fixture } from './golden.ts';

const golden = (name: string): (typeof fixture.cases)[number] => {
  const found = fixture.cases.find(({ model }) => model === name);
  if (!found) throw new Error(`no case ${name}`);
  return found;
};

beforeAll(() => useBackend('wasm'));

describe('28×28 networks agree with the reference', () => {
  it.each(['batch', 'instance'] as const)('64×64 discriminator with %s normalisation', (normalization) => {
    const network = patchDiscriminator({ inputShape: [64, 64, 3], normalization });
    expectGolden(network, golden(`patchgan_discriminator ${normalization}norm`));
  });
});
