"""Keras as in the notebook: model.fit on float32 arrays, and nothing else.

--tuned is Keras at its best: a tf.data pipeline, XLA, and many steps a call.
"""

import importlib.metadata
import time

import keras
import numpy as np
import tensorflow as tf

import dataset
from contenders.common import BETA1, BETA2, CLASSES, EPSILON, LEARNING_RATE
from contenders.common import parse_options, report


class EpochTimes(keras.callbacks.Callback):
    """Records the seconds of each epoch."""

    def __init__(self):
        super().__init__()
        self.seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begin = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.begin)


def pipeline(images, labels, batch):
    """Shuffles indices, then gathers a whole batch at once: cheaper than image by image.

    A last, shorter batch is left out, as XLA would compile all again for its shape.
    """
    images, labels = tf.constant(images), tf.constant(labels)
    places = tf.data.Dataset.range(len(labels)).cache()
    batches = places.shuffle(len(labels)).batch(batch, drop_remainder=True)

    def gather(places):
        return tf.gather(images, places), tf.gather(labels, places)

    return batches.map(gather).prefetch(tf.data.AUTOTUNE)


def main():
    options = parse_options(__doc__, ["--tuned"])
    data = dataset.load(options.data)
    keras.utils.set_random_seed(options.seed)
    if options.threads:
        tf.config.threading.set_intra_op_parallelism_threads(options.threads)
        tf.config.threading.set_inter_op_parallelism_threads(options.threads)
    images = (data.train_images / np.float32(255)).reshape(-1, 28, 28)
    layers = [keras.layers.Input((28, 28)), keras.layers.Flatten()]
    layers += [keras.layers.Dense(size, activation="relu") for size in options.hidden]
    layers += [keras.layers.Dense(CLASSES, activation="softmax")]
    model = keras.Sequential(layers)
    adam = keras.optimizers.Adam(LEARNING_RATE, BETA1, BETA2, EPSILON)
    steps = len(images) // options.batch
    # The largest divisor of the steps per epoch, up to 250.
    steps_a_call = max(n for n in range(1, min(steps, 250) + 1) if steps % n == 0)
    model.compile(
        optimizer=adam,
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
        jit_compile=options.tuned,
        steps_per_execution=steps_a_call if options.tuned else 1,
    )
    times = EpochTimes()
    common = {"epochs": options.epochs, "verbose": 0, "callbacks": [times]}
    if options.tuned:
        model.fit(pipeline(images, data.train_labels, options.batch), **common)
    else:
        model.fit(images, data.train_labels, batch_size=options.batch, **common)

    test_images = (data.test_images / np.float32(255)).reshape(-1, 28, 28)
    predicted = np.argmax(model.predict(test_images, batch_size=1000, verbose=0), axis=1)
    version = (
        f"keras {keras.__version__}, tensorflow {importlib.metadata.version('tensorflow-cpu')}"
    )
    report(version, times.seconds, np.mean(predicted == data.test_labels), data.fingerprint)


if __name__ == "__main__":
    main()
