/**
 * Layers that tfjs lacks, or gets wrong in training, as functions of tensors and as classes of tfjs.
 *
 * @module
 */
export { batchNormalization, type BatchNormalized } from './batch-normalization.ts';
export {
  InstanceNormalization,
  instanceNormalization,
  type InstanceNormalizationOptions,
} from './instance-normalization.ts';
export { type Affine } from './standardization.ts';
export { MaskedBlend, maskedBlend } from './masked-blend.ts';
export { dropoutMask } from './dropout.ts';
export { leakyRelu } from './leaky-relu.ts';
export {
  ReflectionPadding2D,
  reflectionPadding,
  type ReflectionPadding2DOptions,
} from './reflection-padding.ts';
export { registerLayers } from './register-layers.ts';
