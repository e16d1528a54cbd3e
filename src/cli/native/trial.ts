/**
 * A program of its own, started by the installer: trains the small CNN for a few steps on the backend that is named
 * and prints the median time of a step and the last loss. Nothing in it is drawn at random anew, so that backends
 * can be compared.
 */
import * as tf from '@tensorflow/tfjs';
import { crossEntropy } from '../../cross-entropy.ts';
import { valueAndGradients } from '../../gradients.ts';
import { smallCnn } from '../../models/small-classifiers.ts';
import { normal, randomKey } from '../../random/random.ts';
import { selectBackend } from '../../backends/backend.ts';
import { runProgram } from '../../system/program.ts';

const BATCH = 100;
/** The first one warms up. */
const STEPS = 6;
const RATE = 0.01;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

await runProgram('trial', async () => {
  await selectBackend({ name: process.argv[2] ?? 'wasm' });
  const network = smallCnn({ inputShape: [28, 28, 1], classes: 2, width: 1, seed: 1 });
  const { trainable, ...others } = network.weights();
  const images = tf.tensor4d(normal(randomKey(1), BATCH * 784), [BATCH, 28, 28, 1]);
  const labels = tf.tensor1d(
    Array.from({ length: BATCH }, (_, index) => index % 2),
    'int32',
  );
  const times: number[] = [];
  let [weights, loss] = [trainable, NaN];
  for (let step = 0; step < STEPS; step++) {
    const start = performance.now();
    const current = weights;
    const found = valueAndGradients(() => {
      const { output } = network.forward(images, {
        mode: 'train',
        weights: { ...others, trainable: current },
      });
      return { loss: crossEntropy(output as tf.Tensor2D, labels).mean<tf.Scalar>(), aux: {} };
    }, current);
    weights = Object.fromEntries(
      Object.entries(current).map(([name, value]) => [
        name,
        tf.tidy(() => value.sub(found.gradients[name]!.mul(RATE))),
      ]),
    );
    // The read-back waits for the work of the step.
    loss = (await found.loss.data())[0]!;
    await Object.values(weights)[0]!.data();
    times.push(performance.now() - start);
    tf.dispose([current, found.loss, found.gradients]);
  }
  process.stdout.write(`${JSON.stringify({ milliseconds: median(times.slice(1)), loss })}\n`);
});
