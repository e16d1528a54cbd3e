/** The study of MNIST-Correlation at a size at which a run takes a second, for digits of `writeSmallMnist`. */

/** Its file, from the root of the repository. */
export const STUDY = 'examples/studies/mnist-correlation/smoke.yaml';

/** What makes it tiny. */
export const TINY = [
  'data.sizes={ kind: parts, training: { y0z0: 24, y0z1: 6, y1z0: 6, y1z1: 24 }, validation: { y0z0: 5, y0z1: 5, y1z0: 5, y1z1: 5 }, gate: { training: 10, heldOut: 4 } }',
  'data.testImages=5',
  'stage-1.0.translation={ source: { images: null }, target: { images: null } }',
  'stage-1.0.training={ steps: 4, batchSize: 4 }',
  'stage-1.0.generator.width=0.0625',
  'stage-1.0.discriminator.width=0.0625',
  'stage-1.0.checkpoints.every={ steps: 2 }',
  'stage-1.0.gallery.every={ steps: 2 }',
  'stage-1.0.gate={ every: { steps: 2 }, trainingImages: 40, heldOutImages: 4, domainSteps: 2, labelSteps: 2, width: 0.1, batchSize: 8 }',
  'stage-2.training={ steps: 4, batchSize: 8 }',
  'stage-2.network.width=0.1',
  'stage-2.evaluation.every={ steps: 2 }',
  'stage-2.checkpoints.every={ steps: 2 }',
];
