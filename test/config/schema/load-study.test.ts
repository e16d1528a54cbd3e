import { describe, expect, it } from 'vitest';
import type { Study } from '../../../src/config/schema/study.ts';
import { study, TOP } from './study-texts.ts';

describe('a study', () => {
  it('extends files in its parts and at its top; the nearer wins, and an option over all', async () => {
    const files = {
      'base.yaml': `${TOP}methods: { erm: { extends: far.yaml } }\n`,
      'far.yaml':
        'method: { kind: erm }\nnetwork: { width: 0.5 }\ntraining: { batchSize: 12, weightDecay: 0.5 }\n',
    };
    const text = 'extends: base.yaml\nname: mine\nmethods: { erm: { training: { weightDecay: 0.25 } } }\n';
    const summary = ({ name, methods: [erm] }: Study) => {
      const { steps, batchSize, weightDecay } = erm!.training;
      return [name, steps, batchSize, weightDecay, erm!.network.kind === 'small-cnn' && erm!.network.width];
    };
    expect(summary(await study(text, [], files))).toEqual(['mine', 4, 12, 0.25, 0.5]);
    expect(
      summary(await study(text, ['stage-2.training.steps=5', 'methods.erm.training.batchSize=8'], files)),
    ).toEqual(['mine', 5, 8, 0.25, 0.5]);
  });
});
