import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, it } from 'vitest';
import { resnet50 } from '../../src/models/resnet50.ts';
import { useBackend } from '../support/backend.ts';
import { expectGolden, fixture } from './golden.ts';
import { doubleOf, full, weightsOf } from './large-cases.ts';

const resnets = fixture.cases.filter(({ model }) => model.startsWith('resnet50'));

beforeAll(() => useBackend('wasm'));

describe('large networks agree with the reference', () => {
  it
    .runIf(full)
    .each(resnets.map((golden) => [`${golden.model} at ${golden.input.shape[1]}`, golden] as const))(
    '%s',
    (_, golden) => {
      const inputShape = golden.input.shape.slice(1) as [number, number, number];
      const network = resnet50({ inputShape, classes: golden.outputEval.shape[1]! });
      const head = (logits: tf.Tensor): tf.Tensor => tf.softmax(logits);
      expectGolden(network, golden, {
        head,
        weightsOf: weightsOf(golden),
        double: doubleOf(golden),
      });
    },
    600_000,
  );
});
