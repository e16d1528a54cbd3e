"""The steps in TensorFlow with Keras, as functions compiled to graphs and eagerly."""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from peer import serve

keras = tf.keras

if sys.argv[1] == "cpu":
    tf.config.set_visible_devices([], "GPU")
elif not tf.config.list_physical_devices("GPU"):
    sys.exit("TensorFlow finds no GPU")


def model_of(row, name):
    """The layers model, from the form that both libraries share, with the row's weights."""
    model = keras.models.model_from_json(row.models[name])
    for layer in model.layers:
        layer.set_weights([row.weights[name][f"{layer.name}/{w.name.split('/')[-1].split(':')[0]}"] for w in layer.weights])
    return model


def dropouts(model):
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]


def group_means(values, groups, count):
    members = tf.one_hot(groups, count)
    return tf.linalg.matvec(members, values, transpose_a=True) / tf.reduce_sum(members, 0)


def consistency(original, first, second):
    logs = [tf.nn.log_softmax(logits) for logits in (original, first, second)]
    mean = tf.math.log((tf.exp(logs[1]) + tf.exp(logs[2])) / 2)
    divergences = [tf.reduce_sum(tf.exp(log) * (log - mean), 1) for log in logs]
    return divergences[0] / 2 + (divergences[1] + divergences[2]) / 4


def robust(row):
    description = row.description
    model = model_of(row, "classifier")
    optimizer = keras.optimizers.SGD(description["learningRate"], momentum=0.9, nesterov=True)
    images, labels, groups = (tf.constant(row.batch[name]) for name in ("images", "labels", "groups"))
    count = description["groups"]
    adversary = tf.Variable(tf.zeros([count]), trainable=False)
    adjustments = tf.constant(description["adjustments"])
    maximum_norm = description["maximumGradientNorm"]

    def step():
        with tf.GradientTape() as tape:
            blocks = tf.split(model(images, training=True), images.shape[0] // labels.shape[0])
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, blocks[0])
            if description["objective"] == "erm":
                loss = tf.reduce_mean(each)
            else:
                means = group_means(each, groups, count)
                raised = adversary + description["adversaryStepSize"] * (tf.stop_gradient(means) + adjustments)
                adversary.assign(raised)
                if description["objective"] == "gdro":
                    weights = tf.nn.softmax(raised)
                else:
                    weights = tf.reshape(tf.nn.softmax(tf.reshape(raised, [-1, 2])), [-1]) / (count / 2)
                loss = tf.reduce_sum(tf.stop_gradient(weights) * means)
            if description["consistencyWeight"] > 0:
                divergence = group_means(consistency(*blocks), groups, count)
                loss += description["consistencyWeight"] * tf.reduce_sum(divergence)
            if description["weightDecay"] > 0:
                loss += description["weightDecay"] * tf.add_n([tf.nn.l2_loss(w) for w in model.trainable_variables])
        gradients = tape.gradient(loss, model.trainable_variables)
        if maximum_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, maximum_norm)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    return step, [model]


def forward(row):
    model = model_of(row, "classifier")
    images, labels = tf.constant(row.batch["images"]), tf.constant(row.batch["labels"])

    def step():
        logits = model(images, training=False)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))

    return step, [model]


def cyclegan(row):
    description = row.description
    to_target, to_source, judge_source, judge_target = (
        model_of(row, name) for name in ("toTarget", "toSource", "source", "target")
    )
    generator_variables = to_target.trainable_variables + to_source.trainable_variables
    discriminator_variables = judge_source.trainable_variables + judge_target.trainable_variables
    generator_optimizer = keras.optimizers.Adam(description["generatorLearningRate"], beta_1=0.5)
    discriminator_optimizer = keras.optimizers.Adam(description["discriminatorLearningRate"], beta_1=0.5)
    source, target = tf.constant(row.batch["source"]), tf.constant(row.batch["target"])
    pools = [tf.Variable(tf.zeros([description["poolSize"], *source.shape[1:]]), trainable=False) for _ in range(2)]
    draws = {name: tf.constant(value) for name, value in row.batch.items() if name.startswith("pools/")}
    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
    cycle_weight, identity_weight = description["cycleWeight"], description["identityWeight"]

    def real(logits):
        return cross_entropy(tf.ones_like(logits), logits)

    def fake(logits):
        return cross_entropy(tf.zeros_like(logits), logits)

    def distance(a, b):
        return tf.reduce_mean(tf.abs(a - b))

    def sample(pool, name, images):
        everything = tf.concat([pool, images], 0)
        pool.assign(tf.gather(everything, draws[f"pools/{name}/write"]))
        return tf.gather(everything, draws[f"pools/{name}/read"])

    def step():
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(generator_variables)
            fake_target = to_target(source, training=True)
            cycled_source = to_source(fake_target, training=True)
            fake_source = to_source(target, training=True)
            cycled_target = to_target(fake_source, training=True)
            same_source = to_source(source, training=True)
            same_target = to_target(target, training=True)
            generator_loss = (
                real(judge_source(fake_source, training=True))
                + real(judge_target(fake_target, training=True))
                + cycle_weight * (distance(source, cycled_source) + distance(target, cycled_target))
                + identity_weight / 2 * (distance(source, same_source) + distance(target, same_target))
            )
        gradients = tape.gradient(generator_loss, generator_variables)
        generator_optimizer.apply_gradients(zip(gradients, generator_variables))
        source_sample = sample(pools[0], "source", fake_source)
        target_sample = sample(pools[1], "target", fake_target)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(discriminator_variables)
            discriminator_loss = 0.5 * (
                real(judge_source(source, training=True))
                + fake(judge_source(source_sample, training=True))
                + real(judge_target(target, training=True))
                + fake(judge_target(target_sample, training=True))
            )
        gradients = tape.gradient(discriminator_loss, discriminator_variables)
        discriminator_optimizer.apply_gradients(zip(gradients, discriminator_variables))
        return generator_loss + discriminator_loss

    return step, []


STEPS = {"robust": robust, "forward": forward, "cyclegan": cyclegan}


def make(row, variant):
    compiled = tf.function if variant == "graph" else (lambda step: step)

    def first_losses(count):
        plain, models = STEPS[row.description["kind"]](row)
        for model in models:
            for layer in dropouts(model):
                layer.rate = 0.0
        step = compiled(plain)
        return [float(step()) for _ in range(count)]

    step = compiled(STEPS[row.description["kind"]](row)[0])
    return first_losses, lambda: float(step())


serve(tf.__version__, ["graph", "eager"], make)
