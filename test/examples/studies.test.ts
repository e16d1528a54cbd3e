/** The study files: all decode, and say what the published files or the drawn data's record say. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import type { Study } from '../../src/config/index.ts';
import { formatDataError } from '../../src/data/data-error.ts';
import { loadExperimentFile } from '../../src/experiment/experiment-file.ts';
import { readStudy } from '../../src/experiment/study/read-study.ts';

const folder = fileURLToPath(new URL('../../examples/studies', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.yaml'),
);

async function study(file: string): Promise<Study> {
  const read = await readStudy(`examples/studies/${file}`);
  if (E.isLeft(read)) throw new Error(read.left.map(formatDataError).join('\n'));
  return read.right;
}

async function experiment(file: string) {
  const read = await loadExperimentFile(`examples/configs/${file}`);
  if (E.isLeft(read)) throw new Error(read.left.map(formatDataError).join('\n'));
  return read.right.experiment;
}

/** Studies that do not compare methods: of stage 1, of settings, and of CAMEL's parts. */
const OF_ONE_METHOD = ['-ablations', '-tuning', '-variants'];

describe('examples/studies', () => {
  it.each(files)('%s is right, and named after its folder and file', async (file) => {
    const { name, methods } = await study(file);
    expect(name).toBe(file.replace('.yaml', '').replace('/', '-'));
    const names = methods.map((each) => each.name);
    if (!OF_ONE_METHOD.some((one) => name.endsWith(one)))
      expect(names).toEqual(expect.arrayContaining(['erm', 'group-dro', 'camel']));
  });

  it.each([
    ['mnist-correlation', ['all-classes']],
    ['waterbirds', ['landbirds', 'waterbirds']],
    ['celeba', ['not-blond', 'blond']],
  ])('%s: methods and CycleGANs are those of the configurations', async (data, classes) => {
    const drawn = data !== 'mnist-correlation';
    const { stageOne, methods } = await study(`${data}/${drawn ? 'drawn' : 'paper'}.yaml`);
    for (const [i, name] of classes.entries()) {
      const published = await experiment(`stage-1/${data}/${name}.yaml`);
      const { loss, optimizer, images, translation } = stageOne[i]!;
      expect({ loss, optimizer, images, translation }).toEqual({
        ...('loss' in published && { loss: published.loss, translation: published.translation }),
        optimizer: published.optimizer,
        images: published.images,
      });
    }
    for (const [i, name] of ['erm', 'gdro', 'camel'].entries()) {
      const published = await experiment(`stage-2/${data}/${name}.yaml`);
      const { method, training, optimizer, images } = methods[i]!;
      if (published.kind !== 'stage-2') throw new Error('stage 2');
      // The penalties of fine-tuning go by the published rate where the first weights are random.
      const scale = drawn ? published.optimizer.learningRate / 0.01 : 1;
      expect(images).toEqual(published.images);
      expect(training.batchSize).toBe(published.training.batchSize);
      expect(training.maximumGradientNorm).toBe(published.training.maximumGradientNorm);
      expect(training.weightDecay).toBeCloseTo(published.training.weightDecay * scale, 12);
      if (drawn) expect(optimizer).toMatchObject({ kind: 'adam', learningRate: 0.001 });
      else expect(optimizer).toEqual(published.optimizer);
      if (method.kind !== 'camel' || published.method.kind !== 'camel') {
        expect(method).toEqual(published.method);
        continue;
      }
      expect(method.adversary).toEqual(published.method.adversary);
      expect(method.translations.format).toEqual(published.method.translations.format);
      const [ours, theirs] = [method.consistency, published.method.consistency];
      if (ours.kind === 'none' || theirs.kind === 'none') throw new Error('a consistency');
      expect(ours.weight).toBeCloseTo(theirs.weight * scale, 12);
    }
  });

  it('the published budget is 800,000 steps of CycleGAN and 40,000 of each classifier, one evaluation in 200', async () => {
    const { stageOne, methods } = await study('mnist-correlation/paper.yaml');
    expect(stageOne.map(({ training }) => training.steps)).toEqual([800_000]);
    expect(methods.map(({ training, evaluation }) => [training.steps, evaluation.every])).toEqual(
      Array.from({ length: 3 }, () => [40_000, { steps: 200 }]),
    );
  });

  it('CelebA’s classifiers see 16 females that are not blond; its CycleGANs, and those without the link, see all', async () => {
    const limits = ({ stageOne, methods }: Study) =>
      [...stageOne, ...methods].map(({ data }) => 'limits' in data && data.limits);
    const [all, few] = [{}, { y0z0: 16 }];
    expect(limits(await study('celeba/drawn.yaml'))).toEqual([all, all, few, few, few]);
    // The limits of stage-2-celeba.yaml are data, which a study does not take from what it extends.
    expect(limits(await study('celeba/drawn-null.yaml'))).toEqual([all, all, all, all, all]);
  });
});
