import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { DurationCodec, stepsOf } from '../../../src/config/schema/durations.ts';
import { experimentFromTexts } from '../../../src/config/schema/load.ts';

const ERM =
  'version: 1\nkind: stage-2\ndata: { kind: mnist }\nnetwork: { kind: small-cnn }\nmethod: { kind: erm }\n';

async function stageTwo(texts: Readonly<Record<string, string>>, ...overrides: readonly string[]) {
  const loaded = await experimentFromTexts('a.yaml', texts, { overrides });
  if (E.isLeft(loaded)) throw new Error(loaded.left[0]!.expected);
  if (loaded.right.experiment.kind !== 'stage-2') throw new Error('another stage');
  return loaded.right.experiment;
}

describe('stepsOf', () => {
  it('counts steps as they are and epochs by the steps of one', () => {
    expect(stepsOf({ steps: 50 }, 7)).toBe(50);
    expect(stepsOf({ epochs: 3 }, 7)).toBe(21);
    expect(stepsOf({ epochs: 3, steps: null }, 7)).toBe(21);
    expect(stepsOf({ epochs: 3, steps: 50 }, 7)).toBe(50);
  });
});

describe('a duration', () => {
  it.each([
    [{}],
    [{ steps: 1, epochs: 1 }],
    [{ steps: 0 }],
    [{ epochs: 1.5 }],
    [{ days: 1 }],
    [50],
    [null],
    [[]],
  ])('is not %j', (value) => expect(E.isLeft(DurationCodec.decode(value))).toBe(true));

  it('takes the place of one in the other unit, whichever file it stands in', async () => {
    const texts = {
      'a.yaml': `extends: b.yaml\n${ERM}training: { steps: 450 }\nevaluation: { every: { steps: 50 } }`,
      'b.yaml': 'training: { epochs: 100000, batchSize: 3 }\nevaluation: { every: { epochs: 2 } }',
    };
    const inSteps = await stageTwo(texts);
    expect(inSteps.training).toMatchObject({ steps: 450, batchSize: 3 });
    expect(inSteps.evaluation.every).toEqual({ steps: 50 });
    const inEpochs = await stageTwo(texts, 'training.epochs=5', 'evaluation.every.epochs=4');
    expect(inEpochs.training).toMatchObject({ steps: null, epochs: 5, batchSize: 3 });
    expect(inEpochs.evaluation.every).toEqual({ epochs: 4 });
  });
});
