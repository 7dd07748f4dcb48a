"""JAX: an epoch is one compiled lax.scan over data that stay on the device, Adam by hand.

--bytes keeps the images as bytes and turns each batch into floats in its step.
"""

import os

from contenders.common import BETA1, BETA2, CLASSES, EPSILON
from contenders.common import learning_rate, parse_options, report, time_epochs

options = parse_options(__doc__, ["--bytes"])
if options.threads == 1:  # XLA reads this when JAX is imported
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import functools  # noqa: E402

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

import dataset  # noqa: E402

if options.device == "cuda":  # JAX's default there is TF32, the others' is float32
    jax.config.update("jax_default_matmul_precision", "highest")


def initial_parameters(sizes, generator):
    """Glorot-uniform weights and zero biases, one pair per layer."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        limit = np.sqrt(6 / (inputs + outputs))
        weight = generator.uniform(-limit, limit, (inputs, outputs))
        layers.append((jnp.asarray(weight, jnp.float32), jnp.zeros(outputs)))
    return layers


def as_floats(images):
    return images.astype(jnp.float32) / 255 if images.dtype == jnp.uint8 else images


def logits(parameters, images):
    values = as_floats(images)
    for weight, bias in parameters[:-1]:
        values = jax.nn.relu(values @ weight + bias)
    weight, bias = parameters[-1]
    return values @ weight + bias


def mean_loss(parameters, images, labels):
    log_probabilities = jax.nn.log_softmax(logits(parameters, images))
    return -jnp.take_along_axis(log_probabilities, labels[:, None], 1).mean()


def adam(parameters, first, second, gradients, step, rate):
    """One step as in Keras: epsilon is added to the root of the uncorrected moment."""
    rate = rate * jnp.sqrt(1 - BETA2**step) / (1 - BETA1**step)
    first = jax.tree.map(lambda m, g: m + (1 - BETA1) * (g - m), first, gradients)
    second = jax.tree.map(lambda v, g: v + (1 - BETA2) * (g * g - v), second, gradients)
    parameters = jax.tree.map(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), parameters, first, second
    )
    return parameters, first, second


@functools.partial(jax.jit, donate_argnums=0)
def epoch(state, images, labels, batches, rates):
    """All steps of an epoch; `batches` has one row of indices per step, `rates` one learning rate."""

    def step(carry, batch_and_rate):
        batch, rate = batch_and_rate
        parameters, first, second, count, loss_sum = carry
        loss, gradients = jax.value_and_grad(mean_loss)(parameters, images[batch], labels[batch])
        updated = adam(parameters, first, second, gradients, count, rate)
        return (*updated, count + 1, loss_sum + loss), None

    carry, _ = jax.lax.scan(step, (*state, jnp.float32(0)), (batches, rates))
    return carry[:4], carry[4]


def main():
    data = dataset.load(options.data)
    images = data.train_images if options.bytes else np.float32(data.train_images) / 255
    images, labels = jnp.asarray(images), jnp.asarray(data.train_labels, jnp.int32)
    generator = np.random.default_rng(options.seed)
    parameters = initial_parameters([dataset.PIXELS, *options.hidden, CLASSES], generator)
    zeros = [jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)]
    state = (parameters, *zeros, jnp.float32(1))
    steps = len(labels) // options.batch  # a last, shorter batch is left out
    total = steps * options.epochs
    rates = np.float32([learning_rate(options, step, total) for step in range(total)])
    rates = iter(jnp.asarray(rates.reshape(options.epochs, steps)))

    def train_epoch():
        nonlocal state
        order = generator.permutation(len(labels))[: steps * options.batch]
        state, loss = epoch(state, images, labels, jnp.asarray(order.reshape(steps, -1)), next(rates))
        loss.block_until_ready()

    seconds = time_epochs(train_epoch, options.epochs)
    predicted = np.argmax(logits(state[0], jnp.asarray(data.test_images)), axis=1)
    accuracy = np.mean(predicted == data.test_labels)
    device = jax.devices()[0].device_kind if options.device == "cuda" else ""
    report(f"jax {jax.__version__}", seconds, accuracy, data.fingerprint, device)


if __name__ == "__main__":
    main()
