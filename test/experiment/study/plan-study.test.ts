import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { either as E } from 'fp-ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { formatDataError } from '../../../src/data/data-error.ts';
import { openExperimentImages } from '../../../src/experiment/images/open-images.ts';
import { sharedImages } from '../../../src/experiment/images/shared-images.ts';
import { planStudy, runRefusals } from '../../../src/experiment/study/plan-study.ts';
import { readStudy } from '../../../src/experiment/study/read-study.ts';
import { studyRuns } from '../../../src/experiment/study/study-experiments.ts';
import { writeSmallMnist } from '../../support/small-mnist.ts';
import { STUDY, TINY } from '../../support/tiny-study.ts';

const root = mkdtempSync(join(tmpdir(), 'plan-study-'));
beforeAll(() => writeSmallMnist(join(root, 'mnist')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('opens the data once for all runs of a seed, and says how many steps their epochs are', async () => {
  const epochs = ['stage-1.0.training={ epochs: 3 }', 'stage-2.training={ epochs: 2, epochBatchSize: 8 }'];
  const read = await readStudy(STUDY, [...TINY, ...epochs]);
  if (E.isLeft(read)) throw new Error(read.left.map(formatDataError).join('\n'));
  const out = join(root, 'out');
  const runs = studyRuns(read.right, { out, roots: { DATA: root }, seeds: [1], methods: null }, STUDY);
  const opened: string[] = [];
  const { open, close } = sharedImages((data) => {
    opened.push(data.kind);
    return openExperimentImages(data);
  });
  expect(await runRefusals(read.right, runs, null, out, open)).toEqual([]);
  const planned = await planStudy(runs, [], open);
  await close();
  expect(opened).toEqual(['mnist-correlation']);
  // Each domain has 30 images for batches of 4, and an epoch of 60 training images counts by 8.
  expect(planned.map(({ name, steps }) => [name, steps])).toEqual([
    ['stage-1', 3 * 7],
    ['erm', 2 * 7],
    ['group-dro', 2 * 7],
    ['camel', 2 * 7],
  ]);
});
