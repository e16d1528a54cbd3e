/** Changes of decoded experiments; the expected values are those of the texts and of the changes. */
import { either as E } from 'fp-ts';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { experimentFromTexts } from '../../../src/config/schema/load.ts';
import type { StageTwoExperiment } from '../../../src/config/schema/stage-two.ts';
import { withSeed, withSettings, type SettingsChange } from '../../../src/config/schema/with-settings.ts';
import { formatDataError, type DataError } from '../../../src/data/data-error.ts';

const CAMEL = `version: 1
kind: stage-2
name: digits
data: { kind: mnist-correlation, corruptionSeed: 5 }
network: { kind: small-cnn, width: 0.5 }
method: { kind: camel, consistency: { weight: 3 }, translations: { sources: [{ from: { kind: identity } }] } }
training: { epochs: 7, batchSize: 12 }
images: { augmentation: [] }
`;

async function experiment(text = CAMEL): Promise<StageTwoExperiment> {
  const loaded = await experimentFromTexts('a.yaml', { 'a.yaml': text });
  if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatDataError).join('\n'));
  return loaded.right.experiment as StageTwoExperiment;
}

function changed(before: StageTwoExperiment, change: SettingsChange<StageTwoExperiment>): StageTwoExperiment {
  const after = withSettings(before, change);
  if (E.isLeft(after)) throw new Error(after.left.map(formatDataError).join('\n'));
  return after.right;
}

function faults(before: StageTwoExperiment, change: SettingsChange<StageTwoExperiment>): readonly string[] {
  const after = withSettings(before, change);
  return E.isLeft(after) ? after.left.map(formatDataError) : [];
}

describe('settings that are changed', () => {
  it('leave the others, and the experiment that they were of', async () => {
    const before = await experiment();
    const copy = structuredClone(before);
    expect(changed(before, {})).toEqual(before);
    expect(changed(before, { seed: 9, network: { width: 2 } })).toEqual({
      ...copy,
      seed: 9,
      network: { ...copy.network, width: 2 },
    });
    expect(before).toEqual(copy);
  });

  it('are steps in place of epochs, and whole lists', async () => {
    const before = await experiment();
    const { training } = changed(before, { training: { steps: 50 } });
    expect([training.steps, training.batchSize]).toEqual([50, 12]);
    const epochs = changed(changed(before, { training: { steps: 50 } }), { training: { epochs: 2 } });
    expect([epochs.training.steps, epochs.training.epochs]).toEqual([null, 2]);
    const cutout = [{ kind: 'cutout', holes: 1, size: 4 }] as unknown as [];
    expect(withSettings(before, { images: { augmentation: cutout } })._tag).toBe('Left');
  });

  it('of another kind begin with its defaults', async () => {
    const { method } = changed(await experiment(), { method: { kind: 'group-dro' } });
    const bare = await experiment(CAMEL.replace(/method: .*/, 'method: { kind: group-dro }'));
    expect(method).toEqual(bare.method);
  });

  it('are checked each for itself and together', async () => {
    const before = await experiment();
    expect(faults(before, { training: { batchSize: 0 } })).toEqual([
      'digits: training.batchSize: expected an integer above 0, found 0; correct it',
    ]);
    expect(faults(before, { training: { batchSize: 3 } })).toEqual([
      'digits: training.batchSize: expected at least 4, one image of each group, found 3; set training.batchSize to 4 or more',
    ]);
    expect(faults(before, JSON.parse('{"sede": 1}') as object)).toEqual([
      'digits: sede: expected no such key, found unknown key "sede", did you mean "seed"?; remove or rename it',
    ]);
  });

  it('have the types of the experiment', async () => {
    const before = await experiment();
    expectTypeOf(withSettings(before, {})).toEqualTypeOf<
      E.Either<readonly DataError[], StageTwoExperiment>
    >();
    // @ts-expect-error a number of steps is no text
    expect(faults(before, { training: { steps: 'many' } })).toHaveLength(1);
  });
});

describe('a seed', () => {
  it('is that of the training and of the corruptions', async () => {
    const before = await experiment();
    expect(withSeed(before, -3)).toEqual(
      E.right({ ...before, seed: -3, data: { ...before.data, corruptionSeed: -3 } }),
    );
    const birds = await experiment(CAMEL.replace(/data: .*/, 'data: { kind: waterbirds }'));
    expect(withSeed(birds, 5)).toEqual(E.right({ ...birds, seed: 5 }));
  });

  it('is an integer', async () => {
    const refused = withSeed(await experiment(), 0.5);
    expect(E.isLeft(refused) && refused.left.map(formatDataError)).toEqual([
      'digits: seed: expected an integer, found 0.5; correct it',
      'digits: data.corruptionSeed: expected an integer, found 0.5; correct it',
    ]);
  });
});
