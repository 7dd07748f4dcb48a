"""Test accuracy of the notebook's network in Keras over five seeds, on the official split of the four .gz files in a folder."""

import gzip
import sys

import keras
import numpy as np


def read(name, header):
    return np.frombuffer(gzip.open(f"{sys.argv[1]}/{name}.gz").read(), np.uint8, offset=header)


x, y = read("train-images-idx3-ubyte", 16).reshape(-1, 784) / np.float32(255), read("train-labels-idx1-ubyte", 8)
xt, yt = read("t10k-images-idx3-ubyte", 16).reshape(-1, 784) / np.float32(255), read("t10k-labels-idx1-ubyte", 8)
results = []
for seed in range(5):
    keras.utils.set_random_seed(seed)
    layers = [keras.layers.Dense(128, "relu"), keras.layers.Dense(64, "relu"), keras.layers.Dense(10, "softmax")]
    model = keras.Sequential([keras.Input((784,)), *layers])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size=32, epochs=10, verbose=0)
    results.append(100 * model.evaluate(xt, yt, verbose=0)[1])
    print(results[-1], flush=True)
print(f"{np.mean(results):.2f} +- {np.std(results, ddof=1):.2f}", keras.__version__)
