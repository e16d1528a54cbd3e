import { beforeAll, describe, it } from 'vitest';
import { publishedDiscriminator, publishedGenerator } from '../../src/models/published.ts';
import { useBackend } from '../support/backend.ts';
import { expectGolden, fixture } from './golden.ts';

const golden = (name: string): (typeof fixture.cases)[number] => {
  const found = fixture.cases.find(({ model }) => model === name);
  if (!found) throw new Error(`no case ${name}`);
  return found;
};

beforeAll(() => useBackend('wasm'));

describe('28×28 networks agree with the reference', () => {
  it.each(['batch', 'instance'] as const)('generator with %s normalisation', (normalization) => {
    const network = publishedGenerator([28, 28, 1], { normalization });
    expectGolden(network, golden(`mnist_unet_generator ${normalization}norm`));
  });

  it.each(['batch', 'instance'] as const)('discriminator with %s normalisation', (normalization) => {
    const network = publishedDiscriminator([28, 28, 1], { normalization });
    expectGolden(network, golden(`mnist_discriminator ${normalization}norm`));
  });
});
