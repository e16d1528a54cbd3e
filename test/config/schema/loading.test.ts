import { either as E } from 'fp-ts';
import { describe, expect, it } from 'vitest';
import { experimentFromTexts, type LoadedExperiment, type LoadOptions } from '../../../src/config/index.ts';
import { formatDataError } from '../../../src/data/data-error.ts';

const ERM = [
  'version: 1',
  'kind: stage-2',
  'data: { kind: waterbirds }',
  'network: { kind: resnet50 }',
  'method: { kind: erm }',
].join('\n');
type Texts = Readonly<Record<string, string>>;
const asTexts = (texts: Texts | string): Texts => (typeof texts === 'string' ? { 'a.yaml': texts } : texts);

async function right(texts: Texts | string, options?: LoadOptions): Promise<LoadedExperiment> {
  const loaded = await experimentFromTexts('a.yaml', asTexts(texts), options);
  if (E.isLeft(loaded)) throw new Error(loaded.left.map(formatDataError).join('\n'));
  return loaded.right;
}
/** Every fault as its one line. */
async function faults(texts: Texts | string, options?: LoadOptions): Promise<readonly string[]> {
  const loaded = await experimentFromTexts('a.yaml', asTexts(texts), options);
  if (E.isRight(loaded)) throw new Error('expected faults');
  const lines = loaded.left.map(formatDataError);
  lines.forEach((line) => expect(line).not.toMatch(/\n| {4}at /));
  return lines;
}

describe('a file of ours', () => {
  it('takes every default that it leaves out', async () => {
    const { experiment, roots, notices } = await right(ERM);
    expect(experiment).toMatchObject({
      name: 'experiment',
      seed: 0,
      training: { epochs: 100, batchSize: 16, steps: null },
      method: { kind: 'erm', sampling: 'natural' },
      data: { kind: 'waterbirds', root: '${DATA}/waterbirds', size: 224, limits: {} },
    });
    expect(roots).toEqual(['DATA']);
    expect(notices).toEqual([]);
  });

  it('cannot say what a method does not do', async () => {
    expect(await faults(`${ERM.replace('erm }', 'erm, consistency: { weight: 5 } }')}`)).toEqual([
      'a.yaml:5:22: method.consistency: expected no such key, found unknown key "consistency"; remove or rename it',
    ]);
    expect(await faults(`${ERM.replace('erm }', 'group-dro, lambda: 5 }')}`)).toHaveLength(1);
    expect(await faults(`${ERM}\ninvariance: { kind: none, weight: 3 }`)).toHaveLength(1);
  });

  it('names the line and column of every fault at once, in their order, with what was nearly meant', async () => {
    const text = ERM.replace('resnet50', 'resnet5').replace('waterbirds', 'waterbirds, sise: 3, size: -1');
    expect(await faults(`${text}\ntraning: { epochs: 3 }\noptimizer: { kind: sgd, momentum: big }`)).toEqual([
      'a.yaml:3:27: data.sise: expected no such key, found unknown key "sise", did you mean "size"?; remove or rename it',
      'a.yaml:3:42: data.size: expected an integer above 0, found -1; correct it',
      'a.yaml:4:18: network.kind: expected one of "small-cnn", "multilayer-perceptron", "resnet50", did you mean "resnet50"?, found "resnet5"; correct it',
      'a.yaml:6:1: traning: expected no such key, found unknown key "traning", did you mean "training"?; remove or rename it',
      'a.yaml:7:35: optimizer.momentum: expected a number from 0 to below 1, found "big"; correct it',
    ]);
  });

  it('needs the settings that have no default', async () => {
    const lines = await faults(
      'version: 1\nkind: stage-2\ndata: { kind: folder, root: x, classes: [a, b], image: {} }',
    );
    expect(lines.map((line) => /: ([a-z.]+): expected/i.exec(line)?.[1])).toEqual([
      'network',
      'method',
      'data.subgroups',
      'data.image.height',
      'data.image.width',
    ]);
  });

  it('reads cells of a table whether they look like numbers or not', async () => {
    const data =
      'data: { kind: folder, root: x, classes: [0, 1], subgroups: [no, yes], image: { height: 8, width: 8 } }';
    const { experiment } = await right(ERM.replace('data: { kind: waterbirds }', data));
    expect(experiment.data).toMatchObject({ classes: ['0', '1'], subgroups: ['no', 'yes'] });
  });

  it('reads one name of a split as a list of one, and says what a list looks like', async () => {
    const withSplits = (splits: string): string =>
      ERM.replace(
        'data: { kind: waterbirds }',
        `data: { kind: folder, root: x, splits: { ${splits} }, classes: [a, b], subgroups: [c, d], image: { height: 8, width: 8 } }`,
      );
    const { experiment } = await right(withSplits("train: 1, validation: '2', test: ['3', 4]"));
    expect(experiment.data).toMatchObject({ splits: { train: ['1'], validation: ['2'], test: ['3', '4'] } });
    expect(await faults(withSplits('train: [], test: { a: 1 }'))).toEqual([
      expect.stringContaining(
        'data.splits.train: expected a list of values, each once, e.g. [tr], or one value, found []',
      ),
      expect.stringContaining(
        'data.splits.test: expected a list of values, each once, e.g. [te], or one value',
      ),
    ]);
  });

  it('reads values to leave out by column, one or a list, and requires training images alone', async () => {
    const withLeaveOut = (leaveOut: string): string =>
      ERM.replace(
        'data: { kind: waterbirds }',
        `data: { kind: folder, root: x, leaveOut: ${leaveOut}, classes: [a, b], subgroups: [c, d], image: { height: 8, width: 8 } }`,
      );
    const { experiment } = await right(withLeaveOut('{ diagnosis: [bkl, ""], site no: 3 }'));
    expect(experiment.data).toMatchObject({
      leaveOut: { diagnosis: ['bkl', ''], 'site no': ['3'] },
      required: ['train'],
    });
    expect(await faults(withLeaveOut('{ sex: [], site: [1, "1.0"] }'))).toEqual([
      expect.stringContaining('data.leaveOut.sex: expected a list of values, each once'),
      expect.stringContaining('data.leaveOut.site: expected a list of values, each once'),
    ]);
    expect(await faults(withLeaveOut('[bkl]'))).toEqual([
      expect.stringContaining(
        'data.leaveOut: expected values by column, e.g. { sex: [unknown, ""], site: 3 }',
      ),
    ]);
  });

  it('of variants, takes the kind of the default where only a setting of it is changed', async () => {
    const { experiment } = await right(`${ERM}\noptimizer: { learningRate: 0.5 }`);
    expect(experiment.optimizer).toMatchObject({ kind: 'sgd', learningRate: 0.5, momentum: 0.9 });
  });
});

describe('faults between settings', () => {
  const camel = (sources: string, data = 'kind: waterbirds'): string =>
    ERM.replace('erm }', `camel, translations: { sources: ${sources} } }`).replace('kind: waterbirds', data);
  const source = (classes: string): string => `{ classes: ${classes}, from: { kind: folder, path: x } }`;
  const stage1 = (more: string): string => `version: 1\nkind: stage-1\ndata: { kind: waterbirds }\n${more}`;
  const folder = (classes: string, subgroups: string, height = 64, width = 64): string =>
    `kind: folder, root: x, classes: ${classes}, subgroups: ${subgroups}, image: { height: ${height}, width: ${width} }`;

  it.each([
    [
      'a class without a source',
      camel(`[${source('[0]')}]`),
      'one source for every class, found 0 for class 1',
    ],
    [
      'a class with two',
      camel(`[${source('all')}, ${source('[1]')}]`),
      'one source for every class, found 2 for class 1',
    ],
    ['no source', camel('[]'), 'one source for every class, found 0 for class 0'],
    ['a class that is not there', camel(`[${source('[0, 1, 2]')}]`), 'classes from 0 to 1, found [0, 1, 2]'],
    [
      'a group that is not there',
      ERM.replace('waterbirds', 'waterbirds, limits: { y2z0: 5 }'),
      'a group from y0z0 to y1z1, found "y2z0"',
    ],
    [
      'a batch below the groups',
      `${ERM.replace('erm', 'group-dro')}\ntraining: { batchSize: 3 }`,
      'at least 4, one image of each group, found 3',
    ],
    [
      'more rates than stretches',
      `${ERM}\noptimizer: { schedule: { kind: piecewise, boundaries: [5], rates: [1] } }`,
      '2 rates, one more than boundaries, found 1',
    ],
    [
      'boundaries out of order',
      `${ERM}\noptimizer: { schedule: { kind: piecewise, boundaries: [5, 4], rates: [1, 1, 1] } }`,
      'increasing steps, found [5, 4]',
    ],
    [
      'a domain onto itself',
      stage1('translation: { target: { subgroup: 0 } }'),
      'another subgroup than that of the source, found 0',
    ],
    [
      'a subgroup that is not there',
      stage1('translation: { target: { subgroup: 2 } }'),
      'a subgroup below 2, found 2',
    ],
    [
      'uneven parts',
      stage1('translation: { source: { images: 3 } }'),
      'a multiple of 2, as many from each class, found 3',
    ],
    [
      'a pool below the batch',
      stage1('training: { batchSize: 51 }'),
      'at least training.batchSize, 51, images under the rule "reference", found 50',
    ],
    [
      'digits without a corruption',
      stage1('').replace('waterbirds', 'mnist'),
      'a subgroup below 1, found 1; choose data.corruption',
    ],
    [
      'translated evaluation images of a method without translations',
      `${ERM}\nevaluation: { translated: true }`,
      'false with the method erm, which has no translations, found true; leave it out',
    ],
    [
      'translated evaluation images where none are translated',
      `${camel(`[${source('all')}]`)}\nevaluation: { translated: true }`,
      'false where only training images are translated, found true; set method.translations.evaluationSplits',
    ],
    [
      'the scaling of colour images for grey ones',
      `${ERM.replace('kind: waterbirds', 'kind: mnist-correlation')}\nimages: { scaling: { kind: ImageNetPreprocessing } }`,
      'BasicImagePreprocessing, as the images have no three channels, found ImageNetPreprocessing of 1',
    ],
    [
      'images too small for the classifier',
      ERM.replace('resnet50', 'small-cnn').replace('waterbirds', 'waterbirds, size: 9'),
      'images of at least 10×10 pixels for its small convolutional classifier, found 9×9; enlarge the images, or use another network: set data.size to 10, or network.kind to resnet50',
    ],
    [
      'images too small for the gate',
      stage1(`gate: { kind: strict }\ngenerator: { kind: unet }\ndiscriminator: { filters: [8, 8] }`).replace(
        'waterbirds',
        'waterbirds, size: 9',
      ),
      'images of at least 10×10 pixels for its small convolutional classifier, found 9×9; enlarge the images, or do without the gate: set data.size to 10, or gate.kind to none',
    ],
    [
      'images too small for the discriminators',
      stage1('').replace('waterbirds', 'waterbirds, size: 16'),
      'images of at least 17×17 pixels for its discriminators of 4 filters, found 16×16; enlarge the images, or use shallower discriminators: set data.size to 17, or discriminator.filters to a list of 3 numbers',
    ],
    [
      'discriminators too deep for digits',
      stage1('discriminator: { filters: [8, 8, 8, 8, 8] }').replace('waterbirds', 'mnist-correlation'),
      'images of at least 33×33 pixels for its discriminators of 5 filters, found 28×28; use shallower discriminators: set discriminator.filters to a list of 4 numbers',
    ],
    [
      'sides that residual generators do not give back',
      stage1('generator: { kind: resnet }').replace('kind: waterbirds', folder('[a, b]', '[c, d]', 30, 21)),
      'images of at least 8×8 pixels in multiples of 4 for its residual generators, found 30×21; resize the images, or use other generators: set data.image.height to 32 and data.image.width to 20, or generator.kind to unet',
    ],
    [
      'images too large for the published generators',
      stage1('').replace('kind: waterbirds', folder('[a, b]', '[c, d]', 200, 257)),
      'images of at most 256×256 pixels for its published generators, found 200×257; resize the images, or use other generators: set data.image.width to 256, or generator.kind to unet',
    ],
    [
      'a crop that may leave nothing',
      `${ERM.replace('waterbirds', 'waterbirds, size: 34')}\nimages: { augmentation: [{ kind: fliplr }, { kind: crop, fraction: 0.49 }] }`,
      'a share that leaves pixels of images of 34×34, found 0.49; set images.augmentation.1.fraction to 0.25',
    ],
    [
      'a shift out of sight',
      `${ERM.replace('waterbirds', 'waterbirds, size: 34')}\nimages: { augmentation: [{ kind: 'pad:crop', padding: 34 }] }`,
      'fewer pixels than shift images of 34×34 out of sight, found 34; set images.augmentation.0.padding to 5',
    ],
    [
      'a square that hides every image',
      `${ERM.replace('waterbirds', 'waterbirds, size: 34')}\nimages: { augmentation: [{ kind: cutout, size: 68 }] }`,
      'a square that does not hide all of images of 34×34 wherever it lies, found 68; set images.augmentation.0.size to 16',
    ],
    [
      'batch normalisation of a single pixel',
      `${ERM.replace('waterbirds', 'waterbirds, size: 32')}\ntraining: { batchSize: 1 }`,
      'at least 2, as batch normalisation of one image of 32×32 leaves nothing of it, found 1; set training.batchSize to 2',
    ],
    [
      'one class',
      ERM.replace('kind: waterbirds', folder('[benign]', '[c, d]')),
      'two classes or more, which a classifier tells apart, found [benign]; name every value of the class column in data.classes',
    ],
    [
      'digits of no class at all',
      ERM.replace('kind: waterbirds', 'kind: mnist-correlation, sizes: { kind: balanced, images: 1 }'),
      'training images of two classes, found none; set data.sizes.images to 2 or more',
    ],
    [
      'one subgroup, between which stage 1 translates',
      stage1('').replace('kind: waterbirds', folder('[a, b]', '[c]')),
      'a subgroup below 1, found 1; name two values of the subgroup column in data.subgroups',
    ],
    [
      'one subgroup, between which CAMEL translates',
      camel(`[${source('all')}]`, folder('[a, b]', '[c]')),
      'two subgroups, between which CAMEL translates, found 1; name two values of the subgroup column in data.subgroups, or set method.kind to group-dro',
    ],
    [
      'a domain that the sizes leave empty',
      stage1('translation: { classes: [0] }').replace(
        'waterbirds',
        'mnist-correlation, sizes: { kind: correlation, probability: 1 }',
      ),
      'a subgroup of which the translated classes have training images, found 1; set data.sizes',
    ],
    [
      'a batch below the groups of all digits',
      `${ERM.replace('erm', 'group-dro').replace('waterbirds', 'mnist, corruption: zigzag')}\ntraining: { batchSize: 19 }`,
      'at least 20, one image of each group, found 19; set training.batchSize to 20 or more',
    ],
    [
      'a batch of one where batches are balanced',
      `${ERM.replace('erm }', 'erm, sampling: balanced }').replace('kind: waterbirds', folder('[a, b]', '[c]'))}\ntraining: { batchSize: 1 }`,
      'at least 2, one image of each group, found 1; set training.batchSize to 2 or more, or method.sampling to natural',
    ],
    [
      'one filter of the discriminators',
      stage1('discriminator: { filters: [8] }'),
      'two or more numbers of filters, found [8]; set discriminator.filters to two numbers at least',
    ],
    [
      'one filter of the generators',
      stage1('generator: { kind: unet, filters: [8] }'),
      'two or more numbers of filters, found [8]; set generator.filters to two numbers at least',
    ],
    [
      'more rates of dropout than decoder blocks',
      stage1('generator: { kind: unet, filters: [8, 8], dropout: [0.5, 0.4] }'),
      'at most 1 rates, one for each decoder block, found 2; set generator.dropout to [0.5]',
    ],
    [
      'a pool below the batch under the other rule',
      stage1('training: { batchSize: 51 }\npool: { rule: current-or-history }'),
      'at least training.batchSize, 51, images under the rule "current-or-history", found 50; set pool.capacity to 51 or more, or training.batchSize to 50',
    ],
    [
      'one held-out image of the gate',
      stage1('gate: { kind: strict, heldOutImages: 1 }'),
      'at least 2 images of each group, found 1; set gate.heldOutImages to 2 or more',
    ],
    [
      'a batch of the gate below its groups',
      stage1('gate: { kind: strict, batchSize: 3 }'),
      'at least 4, one image of each group, found 3; set gate.batchSize to 4 or more',
    ],
  ])('%s', async (_, text, expected) => {
    const lines = await faults(text);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`expected ${expected}`);
    expect(lines[0]).toMatch(/^a\.yaml:\d+:\d+: /);
  });
});

describe('no fault between settings', () => {
  const groups = (text: string): string => ERM.replace('erm', 'group-dro').replace('kind: waterbirds', text);
  const cells = Array.from({ length: 5 }, (_, i) => `v${i}`).join(', ');
  it.each([
    [
      'a batch below the cells y × z of one’s own data, of which only the data know which occur',
      `${groups(`kind: folder, root: x, classes: [${cells}], subgroups: [${cells}], image: { height: 64, width: 64 }`)}\ntraining: { batchSize: 10 }`,
    ],
    [
      'a batch of two where the sizes leave two groups',
      `${groups('kind: mnist-correlation, sizes: { kind: correlation, probability: 1 }')}\ntraining: { batchSize: 2 }`,
    ],
    [
      'a batch of two for attributes of faces that need not occur together',
      `${groups('kind: celeba, z: Goatee')}\ntraining: { batchSize: 2 }`,
    ],
    [
      'a small batch of ERM, whatever the groups',
      `${ERM.replace('waterbirds', 'mnist').replace('resnet50', 'small-cnn')}\ntraining: { batchSize: 1 }`,
    ],
    [
      'sides that residual generators give back',
      'version: 1\nkind: stage-1\ndata: { kind: waterbirds, size: 20 }\ngenerator: { kind: resnet }',
    ],
  ])('%s', async (_, text) => {
    await right(text);
  });
});

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

describe('extends', () => {
  it('takes what the file does not say, the later over the earlier, the file over all', async () => {
    const { experiment } = await right({
      'a.yaml': `extends: [b.yaml, c/c.yaml]\n${ERM}\nseed: 3`,
      'b.yaml': 'seed: 1\ntraining: { epochs: 1, batchSize: 7 }',
      'c/c.yaml': 'extends: ../d.yaml\nseed: 2\ntraining: { epochs: 2 }',
      'd.yaml': 'name: deep\ntraining: { epochs: 9, weightDecay: 0.5 }',
    });
    expect(experiment).toMatchObject({
      seed: 3,
      name: 'deep',
      training: { epochs: 2, batchSize: 7, weightDecay: 0.5 },
    });
  });

  it('names the file that holds the fault', async () => {
    const texts = { 'a.yaml': `extends: b.yaml\n${ERM}`, 'b.yaml': '\n\ntraining: { epochs: 0 }' };
    expect((await faults(texts))[0]).toMatch(
      /^b\.yaml:3:21: training\.epochs: expected an integer above 0, found 0/,
    );
  });

  it.each([
    [
      'a cycle',
      { 'a.yaml': 'extends: b.yaml', 'b.yaml': 'extends: ./c.yaml', 'c.yaml': 'x: 1\nextends: a.yaml' },
      'c.yaml:2:10: extends: expected files that do not lead back to themselves, found a.yaml → b.yaml → c.yaml → a.yaml',
    ],
    ['itself', { 'a.yaml': 'extends: x/../a.yaml' }, 'found a.yaml → a.yaml'],
    [
      'an escape',
      { 'a.yaml': 'extends: b/b.yaml', 'b/b.yaml': 'extends: ../../etc/passwd' },
      'b/b.yaml:1:10: extends: expected a file below the working folder, found "../../etc/passwd" (a.yaml → b/b.yaml → ../../etc/passwd)',
    ],
    [
      'an absolute path',
      { 'a.yaml': 'extends: /etc/passwd' },
      'a.yaml:1:10: extends: expected a path relative to this file, with /, found "/etc/passwd"',
    ],
    ['a drive', { 'a.yaml': "extends: 'C:\\x'" }, 'expected a path relative to this file'],
    [
      'no such file',
      { 'a.yaml': 'extends: b.yaml' },
      'a.yaml:1:10: expected the file b.yaml, found none; correct the name, which is relative to that file',
    ],
    [
      'no path',
      { 'a.yaml': 'extends: { b: c }' },
      'a.yaml:1:10: extends: expected a file, or a list of files, found a map',
    ],
    [
      'a list of maps',
      { 'a.yaml': 'extends: [b.yaml, [c]]' },
      'a.yaml:1:19: extends: expected a file, or a list of files, found a list',
    ],
  ])('%s is refused with its chain', async (_, texts, expected) => {
    expect((await faults(texts))[0]).toContain(expected);
  });

  it('does not branch without end', async () => {
    const texts = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`${i}.yaml`, `extends: [${i + 1}.yaml, ${i + 1}.yaml]`]),
    );
    const lines = await faults({ ...texts, 'a.yaml': 'extends: 0.yaml', '12.yaml': 'x: 1' });
    expect(lines[0]).toContain('expected at most 32 files');
  });
});

describe('roots', () => {
  it('are put in, also into lists of sources, and only at the start of a path', async () => {
    const text = ERM.replace(
      'erm }',
      "camel, translations: { sources: [{ from: { kind: run, path: '${RUNS}/a' } }] } }",
    );
    const loaded = await right(text);
    expect(loaded.roots).toEqual(['DATA', 'RUNS']);
    const resolved = loaded.resolve({ DATA: '/d/', RUNS: '/r$&' });
    if (E.isLeft(resolved)) throw new Error(resolved.left[0]!.found);
    expect(resolved.right).toMatchObject({
      data: { root: '/d/waterbirds' },
      method: { translations: { sources: [{ from: { path: '/r$&/a' } }] } },
    });
  });

  it('that are not given are named with their cure', async () => {
    const resolved = (await right(ERM)).resolve({ DATE: '/d', DATA: '' });
    if (E.isRight(resolved)) throw new Error('expected a fault');
    expect(resolved.left.map(formatDataError)).toEqual([
      'a.yaml:3:7: data.root: expected the root DATA to be given, found none for "${DATA}/waterbirds", did you mean "DATE"?; set the environment variable DATA, or give --root DATA=FOLDER',
    ]);
  });

  it.each(['/home/me', '~/x', 'C:/x', 'x/${DATA}', '${data}/x', '${DATA}x', '', '\\\\server\\x', '"a\\0b"'])(
    'a path such as %s is refused in a file',
    async (path) => {
      const value = path.startsWith('"') ? path : `'${path}'`;
      const lines = await faults(ERM.replace('waterbirds', `waterbirds, root: ${value}`));
      expect(lines[0]).toContain('a.yaml:3:33: data.root: expected a path relative to the working folder');
    },
  );
});

describe('bad input is one line for each fault, never a stack trace', () => {
  const bomb = [
    'a: &a [x, x, x, x, x, x, x, x, x, x]',
    ...Array.from(
      'bcdefgh',
      (key, i) => `${key}: &${key} [${Array(10).fill(`*${'abcdefgh'[i]}`).join(', ')}]`,
    ),
  ].join('\n');

  it.each([
    ['an alias bomb', bomb, /expected at most 100 aliases, found more|expected at most 20000 values/],
    ['an alias to what holds it', 'a: &a [*a]', /expected at most 32 levels|expected YAML/],
    ['deep nesting', `x: ${'['.repeat(100)}${']'.repeat(100)}`, /expected at most 32 levels/],
    [
      'open brackets without end',
      `x: ${'['.repeat(60_000)}`,
      /^a\.yaml:1:1: expected at most 32 levels, found more/,
    ],
    ['dashes without end', `x: 1\n${'- '.repeat(30_000)}`, /^a\.yaml:2:1: expected at most 32 levels/],
    ['question marks without end', '? '.repeat(30_000), /expected at most 32 levels/],
    [
      'deep indentation',
      Array.from({ length: 300 }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
      /^a\.yaml:202:1: expected at most 32 levels/,
    ],
    [
      'keys without end',
      Array.from({ length: 5000 }, (_, i) => `k${i}: 1`).join('\n'),
      /version: expected version 1/,
    ],
    ['lists without end', `a: [${'[],'.repeat(20_500)}]`, /expected at most 20000 values/],
    ['properties without end', 'x: ' + '&a '.repeat(20_000), /expected YAML/],
    [
      'a key __proto__',
      `${ERM}\n__proto__: { seed: 5 }`,
      /^a\.yaml:6:1: expected the name of a setting, found "__proto__"; remove it/,
    ],
    ['a nested key __proto__', `${ERM}\ntraining: { "__proto__": 1 }`, /^a\.yaml:6:13: /],
    ['a key constructor', `${ERM}\nconstructor: 1`, /unknown key "constructor"/],
    [
      'duplicate keys',
      `${ERM}\nseed: 1\nseed: 2`,
      /^a\.yaml:7:1: expected every key once, found "seed" again/,
    ],
    [
      'a wrong type',
      ERM.replace('{ kind: waterbirds }', '[waterbirds]'),
      /^a\.yaml:3:7: data: expected a map with a kind/,
    ],
    [
      'an unknown version',
      ERM.replace('version: 1', 'version: 2'),
      /^a\.yaml:1:10: version: expected version 1 of the schema, found 2; use the release/,
    ],
    [
      'no version',
      ERM.replace('version: 1', ''),
      /version: expected version 1 of the schema, found nothing; write "version: 1"/,
    ],
    [
      'an unknown stage',
      ERM.replace('stage-2', 'stage-3'),
      /kind: expected one of "stage-1", "stage-2", did you mean "stage-1"\?, found "stage-3"/,
    ],
    [
      'a huge file',
      `${ERM}\n#${'x'.repeat(64_001)}`,
      /expected a configuration of at most 64000 characters, found 641\d\d/,
    ],
    ['nothing', '', /expected settings, each on a line "name: value", found nothing/],
    ['a list', '- 1', /found a list/],
    ['two documents', `${ERM}\n---\nx: 1`, /expected YAML, found Source contains multiple documents/],
    ['broken YAML', 'a: [1, 2', /^a\.yaml:1:\d+: expected YAML/],
    ['a tag', 'a: !!python/object x', /expected YAML, found Unresolved tag/],
    [
      'NaN',
      `${ERM}\ntraining: { weightDecay: .nan }`,
      /training\.weightDecay: expected a number of 0 or more, found NaN/,
    ],
    ['infinity', `${ERM}\ntraining: { weightDecay: .inf }`, /expected a number of 0 or more, found Infinity/],
    ['a seed that no number holds', `${ERM}\nseed: 99999999999999999999`, /seed: expected an integer/],
    ['tabs', 'a:\n\tb: 1', /expected YAML/],
  ])('%s', async (_, text, expected) => {
    const before = performance.now();
    expect((await faults(text))[0]).toMatch(expected);
    expect(performance.now() - before).toBeLessThan(10_000);
  });

  it.each([
    ['a key', `${ERM}\n"a\\nb\\e[31m": 1`],
    ['a long key', `${ERM}\n${'x'.repeat(900)}: 1`],
    ['a file', 'extends: "a\\nb"'],
    ['a way out', 'extends: "../a\\rb"'],
    ['a published name', 'prefix: robust\ntrain_datasets: ["mnist\\n\\e[2J"]'],
    ['a value', `${ERM}\nname: "\\u202e\\nb"`],
  ])('%s of several lines, or that steers a terminal, stays a line', async (_, text) => {
    const line = (await faults(text))[0]!;
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(line.length).toBeLessThan(1500);
  });

  it('leaves prototypes alone', async () => {
    await faults(`${ERM}\n"__proto__": { polluted: true }`);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('a name that an object has by birth is no kind', async () => {
    expect((await faults(ERM.replace('kind: erm', 'kind: toString')))[0]).toContain(
      'method.kind: expected one of',
    );
    expect((await faults(ERM.replace('stage-2', 'toString')))[0]).toContain('kind: expected one of');
  });

  it('a mapped run id is refused where no run ids are', async () => {
    const lines = await faults(ERM, { stage1: { x: { kind: 'run', path: 'y' } } });
    expect(lines[0]).toContain('--stage1 x: expected a published configuration');
  });
});
