/**
 * The CycleGAN step in plain tfjs: layers models applied in training mode, which moves their statistics,
 * `tf.variableGrads`, `tf.train.adam` and `tf.losses`, as its documentation has them.
 */
import * as tf from '@tensorflow/tfjs';
import type { CycleganBatch } from '../../src/gan/cyclegan-state.ts';
import { disposeTensors } from '../../src/tensor-tree.ts';
import type { CycleganDescription } from './descriptions.ts';
import type { Contender } from './own-step.ts';
import { named, trainableVariables } from './plain-layers.ts';
import type { Row } from './rows.ts';

type Names = 'toTarget' | 'toSource' | 'source' | 'target';

const distance = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.losses.absoluteDifference(a, b);
const judgedReal = (logits: tf.Tensor): tf.Tensor =>
  tf.losses.sigmoidCrossEntropy(tf.onesLike(logits), logits);
const judgedFake = (logits: tf.Tensor): tf.Tensor =>
  tf.losses.sigmoidCrossEntropy(tf.zerosLike(logits), logits);

/** A contender that trains the row's own models in place. */
export function plainCyclegan(row: Row, description: CycleganDescription): Contender {
  const models = Object.fromEntries(
    Object.entries(row.networks).map(([name, { model }]) => [name, model]),
  ) as Record<Names, tf.LayersModel>;
  const apply = (name: Names, x: tf.Tensor): tf.Tensor =>
    models[name].apply(x, { training: true }) as tf.Tensor;
  const generatorVariables = [models.toTarget, models.toSource].flatMap(trainableVariables);
  const discriminatorVariables = [models.source, models.target].flatMap(trainableVariables);
  const { source, target } = row.own.batch as unknown as Pick<CycleganBatch, 'source' | 'target'>;
  const { generatorLearningRate, discriminatorLearningRate, cycleWeight, identityWeight, poolSize } =
    description;
  const emptyPool = (): tf.Variable<tf.Rank.R4> =>
    tf.tidy(() =>
      tf.variable(tf.zeros([poolSize, ...source.shape.slice(1)] as [number, number, number, number]), false),
    );
  const pools = { source: emptyPool(), target: emptyPool() };
  const optimizers = () => ({
    generators: tf.train.adam(generatorLearningRate, 0.5, 0.999, 1e-7),
    discriminators: tf.train.adam(discriminatorLearningRate, 0.5, 0.999, 1e-7),
  });
  let { generators, discriminators } = optimizers();

  const step = (draws: Pick<CycleganBatch, 'pools'>): { generator: tf.Scalar; discriminator: tf.Scalar } =>
    tf.tidy(() => {
      const fakes: { source?: tf.Tensor; target?: tf.Tensor } = {};
      const first = tf.variableGrads(() => {
        const fakeTarget = apply('toTarget', source);
        const cycledSource = apply('toSource', fakeTarget);
        const fakeSource = apply('toSource', target);
        const cycledTarget = apply('toTarget', fakeSource);
        const sameSource = apply('toSource', source);
        const sameTarget = apply('toTarget', target);
        fakes.source = tf.keep(fakeSource.clone());
        fakes.target = tf.keep(fakeTarget.clone());
        return tf
          .addN([
            judgedReal(apply('source', fakeSource)),
            judgedReal(apply('target', fakeTarget)),
            distance(source, cycledSource).mul(cycleWeight),
            distance(target, cycledTarget).mul(cycleWeight),
            distance(source, sameSource).mul(identityWeight / 2),
            distance(target, sameTarget).mul(identityWeight / 2),
          ])
          .asScalar();
      }, generatorVariables);
      generators.applyGradients(named(first.grads));

      const sample = (domain: 'source' | 'target'): tf.Tensor => {
        const all = tf.concat([pools[domain], fakes[domain] as tf.Tensor4D]);
        pools[domain].assign(tf.gather(all, draws.pools![domain].write));
        return tf.gather(all, draws.pools![domain].read);
      };
      const samples = { source: sample('source'), target: sample('target') };
      const second = tf.variableGrads(() => {
        const judged = (domain: 'source' | 'target', real: tf.Tensor): tf.Tensor =>
          judgedReal(apply(domain, real))
            .add(judgedFake(apply(domain, samples[domain])))
            .div(2);
        return judged('source', source).add(judged('target', target)).asScalar();
      }, discriminatorVariables);
      discriminators.applyGradients(named(second.grads));
      tf.dispose([fakes.source, fakes.target]);
      return { generator: first.value, discriminator: second.value };
    });

  const read = async (index: number): Promise<number> => {
    const draws = row.own.draw(index);
    const losses = step(draws as unknown as Pick<CycleganBatch, 'pools'>);
    const values = await Promise.all([losses.generator.data(), losses.discriminator.data()]);
    disposeTensors(losses);
    disposeTensors(draws);
    return values[0][0]! + values[1][0]!;
  };

  return {
    async firstLosses(count) {
      const initial = Object.values(models).map((model) =>
        model.getWeights().map((weight) => weight.clone()),
      );
      const values: number[] = [];
      for (let i = 0; i < count; i++) values.push(await read(i));
      Object.values(models).forEach((model, i) => model.setWeights(initial[i]!));
      tf.dispose(initial);
      Object.values(pools).forEach((pool) => tf.tidy(() => pool.assign(tf.zerosLike(pool))));
      generators.dispose();
      discriminators.dispose();
      ({ generators, discriminators } = optimizers());
      return values;
    },
    step: async () => void (await read(0)),
    dispose() {
      generators.dispose();
      discriminators.dispose();
      tf.dispose([pools.source, pools.target]);
    },
  };
}
