/**
 * What a network is, how one is made of a tfjs model, and fine-tuning. The builders are in the package's root.
 *
 * @module
 */
export { type ForwardContext, type ForwardResult, type NetworkWeights } from './network.ts';
export { networkFromModel } from './network-from-model.ts';
export { type BatchNormalizationOptions, type InputShape, type Normalization } from './blocks.ts';
export { type InitialWeights } from './initial-weights.ts';
export { type Resnet50Variant } from './resnet50.ts';
export { freezeLayers, frozenInResnet50, resnet50Preprocessing, resnet50Stage } from './fine-tuning.ts';
