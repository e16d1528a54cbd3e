import { expect, it } from 'vitest';
import type { RunReading } from '../../../src/cli/wandb/metric-values.ts';
import { OWN_NAMES } from '../../../src/cli/wandb/own-metrics.ts';
import { stageTwoView } from '../../../src/experiment/logs/stage-two-view.ts';
import { reportOf } from '../../support/run-folders.ts';

const reading = (entriesOf: RunReading['entriesOf']): RunReading => ({
  trained: null,
  label: (name) => `<${name}>`,
  entriesOf,
  maximumGradientNorm: null,
});

it('numbers and whole pictures are those that TensorBoard shows; a damaged picture is left out', async () => {
  const png = new Uint8Array(
    Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==',
      'base64',
    ),
  );
  const shown = [
    { kind: 'scalars', step: 1, values: { 'train/loss': 2 } },
    { kind: 'scalars', step: 1, values: { 'counts/train/a': 3 } },
    { kind: 'images', step: 1, name: 'translations', images: [png] },
    { kind: 'images', step: 1, name: 'examples', images: [png.subarray(0, 20)] },
    { kind: 'text', step: 1, name: 'results', markdown: 'not sent' },
  ] as const;
  expect(
    await OWN_NAMES.ofRecord(
      { step: 1 },
      reading(() => Promise.resolve(shown)),
    ),
  ).toEqual({
    values: { 'train/loss': 2, 'counts/train/a': 3 },
    images: { translations: Buffer.from(png).toString('base64') },
  });
});

it('the report at the end has the names of those during the training', async () => {
  const report = reportOf([0.5, 0.25, 1, 0.75]);
  const ofEnd = OWN_NAMES.ofReport(
    'test',
    report as never,
    reading(() => Promise.resolve([])),
  );
  const data = { kind: 'celeba' } as never;
  const experiment = { data, evaluation: { splits: [] } } as never;
  const view = stageTwoView({ folder: '', experiment, settings: null, trainedGroups: [] });
  const [entry] = await view.entriesOf({ step: 1, kind: 'evaluation', reports: { test: report } });
  const names = (values: object) => Object.keys(values).map((name) => name.split('/').slice(0, 2).join('/'));
  expect(names(ofEnd)).toEqual(names((entry as { readonly values: object }).values));
  expect(ofEnd).toMatchObject({ 'test/worst_group_accuracy': 0.25, 'test/accuracy/<(Y=1)(Z=0)>': 1 });
});
