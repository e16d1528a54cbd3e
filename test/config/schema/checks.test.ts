import { describe, expect, it } from 'vitest';
import { ERM, faults, right } from './loaded-texts.ts';

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
      'a step below the groups',
      `${ERM.replace('erm', 'group-dro')}\ntraining: { batchSize: 1, accumulate: 3 }`,
      'at least 2, one image of each group in a step, found 1',
    ],
    [
      'accumulated gradients of the penalty of invariance',
      `${ERM}\ntraining: { batchSize: 8, accumulate: 4 }\ninvariance: { kind: irm }`,
      '1 with the penalty of invariance, which is no sum over the parts of a batch, found 4; set training.accumulate to 1 and training.batchSize to 32, or invariance.kind to none',
    ],
    [
      'patience without a score',
      `${ERM}\ntraining: { stopEarly: { kind: patience } }\nevaluation: { select: last }`,
      'never where the last checkpoint is selected, without a score to go by, found patience',
    ],
    [
      'an end by a gate that there is not',
      stage1('training: { stopEarly: { kind: satisfied } }'),
      'never without a gate, which is to be satisfied, found satisfied',
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
    [
      'noise for generators that add their input to their output',
      stage1('generator: { kind: unet, residual: true, noise: { toSource: 2 } }'),
      '0 with generator.residual true, which adds the input to the output, found 2; set generator.noise.toSource to 0, or generator.residual to mask',
    ],
    [
      'a warm-up of averages that there are not',
      stage1('movingAverageWarmUp: true'),
      'false without moving averages, found true; set movingAverageDecay, e.g. to 0.99, or movingAverageWarmUp to false',
    ],
    [
      'scarce classes mixed in batches of no class',
      stage1('training: { scarce: { kind: mixed } }\npool: { capacity: 0 }'),
      'true where training.scarce is mixed, which goes by the classes of a batch, found false; set training.balanced to true, or training.scarce.kind to asOthers',
    ],
    [
      'scarce classes mixed beside pools',
      stage1('training: { batchSize: 6, balanced: true, scarce: { kind: mixed } }'),
      '0 where training.scarce is mixed, as the classes of a pool’s images are not known, found 50; set pool.capacity to 0, or training.scarce.kind to asOthers',
    ],
    [
      'more real images of a scarce class than a batch holds',
      stage1('training: { batchSize: 5, balanced: true, scarce: { kind: mixed } }\npool: { capacity: 0 }'),
      'at most 2, the images of a class in a batch, found 3; set training.scarce.realInputs to 2 or less, or training.batchSize to 6 or more',
    ],
    [
      'more real images of the one class than a batch holds',
      stage1(
        'translation: { classes: [1] }\ntraining: { batchSize: 4, balanced: true, scarce: { kind: mixed, realInputs: 5 } }\npool: { capacity: 0 }',
      ),
      'at most 4, the images of a class in a batch, found 5; set training.scarce.realInputs to 4 or less, or training.batchSize to 5 or more',
    ],
    [
      'a balanced batch below the classes',
      stage1('training: { batchSize: 9, balanced: true }').replace('waterbirds', 'mnist, corruption: zigzag'),
      'at least 10, one image of each class, found 9; set training.batchSize to 10 or more, or training.balanced to false',
    ],
    [
      'a hole as large as what discriminators see',
      stage1('discriminator: { augmentation: { kind: random, cutout: 28 } }').replace(
        'waterbirds',
        'mnist-correlation',
      ),
      'a square that is smaller than images of 28×28, found 28; set discriminator.augmentation.cutout to 7',
    ],
    [
      'a shift out of the sight of discriminators',
      stage1('discriminator: { augmentation: { kind: random, shift: 28 } }').replace(
        'waterbirds',
        'mnist-correlation',
      ),
      'fewer pixels than shift images of 28×28 out of sight, found 28; set discriminator.augmentation.shift to 2',
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
      'as many real images of a scarce class as a batch holds of the one class that a domain has',
      'version: 1\nkind: stage-1\ndata: { kind: mnist-correlation, sizes: { kind: correlation, probability: 1 } }\npool: { capacity: 0 }\ntraining: { batchSize: 4, balanced: true, scarce: { kind: mixed, realInputs: 4 } }',
    ],
    [
      'noise for generators with a mask',
      'version: 1\nkind: stage-1\ndata: { kind: waterbirds }\ngenerator: { kind: unet, residual: mask, noise: { toTarget: 2 } }',
    ],
    [
      'sides that residual generators give back',
      'version: 1\nkind: stage-1\ndata: { kind: waterbirds, size: 20 }\ngenerator: { kind: resnet }',
    ],
  ])('%s', async (_, text) => {
    await right(text);
  });
});
