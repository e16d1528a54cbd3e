import { readFixture } from '../support/fixture.ts';
import { fixture, type DoubleCase, type ModelCase } from './golden.ts';

export const full = process.env['MODEL_PATCHING_FULL'] === '1';

export const doubles = ['model-gradients-float64', 'unet-gradients-float64'].flatMap(
  (name) => readFixture<DoubleCase>(name).cases,
);

export const doubleOf = ({ model, input: { shape } }: ModelCase): DoubleCase | undefined =>
  doubles.find((one) => one.model === model && one.inputShape.join() === shape.join());

export const withWeights = (model: string): ModelCase => {
  const found = fixture.cases.find((other) => other.model === model && Array.isArray(other.weights));
  if (!found) throw new Error(`no case ${model} with weights`);
  return found;
};

export const weightsOf = (golden: ModelCase): ModelCase =>
  Array.isArray(golden.weights)
    ? golden
    : withWeights(golden.model.startsWith('pix2pix') ? 'unet_generator 256 batchnorm' : golden.model);
