import { describe, expect, it } from 'vitest';
import { ERM, faults, right } from '../config/schema/loaded-texts.ts';

describe('--set', () => {
  it('changes any setting, by its YAML value', async () => {
    const { experiment } = await right(ERM, {
      overrides: [
        'training.epochs=5',
        'optimizer.schedule={ kind: cosine, steps: 7 }',
        'training.maximumGradientNorm=null',
      ],
    });
    expect(experiment).toMatchObject({
      training: { epochs: 5, maximumGradientNorm: null },
      optimizer: { kind: 'sgd', schedule: { kind: 'cosine', steps: 7 } },
    });
  });

  it('that names another kind replaces the whole', async () => {
    const text = ERM.replace('erm }', 'group-dro, adversary: { stepSize: 1 } }');
    const { experiment } = await right(text, { overrides: ['method.kind=erm', 'method.sampling=balanced'] });
    expect(experiment).toMatchObject({ method: { kind: 'erm', sampling: 'balanced' } });
  });

  it('refuses a path of more keys than any setting has', async () => {
    const override = `${'a.'.repeat(60_000)}b=1`;
    expect(await faults(ERM, { overrides: [override] })).toEqual([
      `--set ${'a.'.repeat(28)}a…: expected setting=value, e.g. training.epochs=5, found more than 32 keys; shorten the path`,
    ]);
  });

  it('reaches into lists', async () => {
    const text = `${ERM}\nimages: { augmentation: [{ kind: fliplr }, { kind: crop }] }`;
    const { experiment } = await right(text, { overrides: ['images.augmentation.1.fraction=0.2'] });
    expect(experiment.images.augmentation).toEqual([
      { kind: 'fliplr', probability: 0.5 },
      { kind: 'crop', fraction: 0.2 },
    ]);
  });

  it.each(['-1', '2', '3', '00', '01', '1e0', '0x1', '-0', '9007199254740993', 'last', 'kind'])(
    'reaches no entry "%s" of a list of two',
    async (key) => {
      const text = `${ERM}\nimages: { augmentation: [{ kind: rotation }, { kind: crop }] }`;
      const override = `images.augmentation.${key}.degrees=10`;
      expect(await faults(text, { overrides: [override] })).toEqual([
        `--set ${override}: images.augmentation: expected the number of an entry, 0 … 1, found "${key}"; ` +
          'correct the number, or set the whole list',
      ]);
      expect(await faults(text, { overrides: [`images.augmentation.${key}=`] })).toHaveLength(1);
    },
  );

  it('reaches no entry of an empty list, nor below a setting that is no list', async () => {
    const text = `${ERM}\nimages: { augmentation: [] }`;
    expect((await faults(text, { overrides: ['images.augmentation.0.degrees=10'] }))[0]).toContain(
      'images.augmentation: expected no entry, the list is empty, found "0"',
    );
    for (const setting of ['seed.0', 'training.epochs.x', 'method.kind.0', 'images.augmentation.0.kind.0']) {
      const one = `${ERM}\nimages: { augmentation: [{ kind: crop }] }`;
      expect(await faults(one, { overrides: [`${setting}=1`] }), setting).not.toEqual([]);
    }
  });

  it.each([
    [
      'training.epoch=5',
      '--set training.epoch=5: training.epoch: expected no such key, found unknown key "epoch", did you mean "epochs"?',
    ],
    [
      'training.epochs=soon',
      '--set training.epochs=soon: training.epochs: expected an integer above 0, found "soon"',
    ],
    [
      'training.epochs',
      '--set training.epochs: expected setting=value, e.g. training.epochs=5, found no "="',
    ],
    ['training..epochs=5', 'expected setting=value'],
    ['__proto__.x=5', 'expected setting=value'],
    ['constructor.prototype=5', 'unknown key "constructor"'],
    ['training.epochs=[', 'expected YAML'],
    ['seed.x=5', 'seed: expected an integer, found {"x":5}'],
    [
      'data.root=/home/me',
      'data.root: expected a path relative to the working folder, or one that begins with a root',
    ],
  ])('%s is refused', async (override, expected) => {
    expect((await faults(ERM, { overrides: [override] }))[0]).toContain(expected);
  });
});
