"""Checks each exported model in the program that it is for, on a run's first 1,000 test digits.

check_consumers.py RUN_FOLDER EXPORTS_FOLDER REPOSITORY PREDICT...

Each PREDICT is a build of predict.cpp.
"""

import csv
import gzip
import importlib.metadata
import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import safetensors
import safetensors.numpy

DIGITS = 1000
TOLERANCE = 1e-5

run, exports, repository, *predict_programs = (Path(argument).resolve() for argument in sys.argv[1:])


def read_images():
    """Every image of the data set, in its order: the training file's, then the test file's."""
    parts = []
    for name in ("train", "t10k"):
        with gzip.open(repository / f"data/{name}-images-idx3-ubyte.gz") as file:
            parts.append(np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28))
    return np.concatenate(parts)


def read_predictions():
    with open(run / "predictions.csv", newline="") as file:
        rows = list(csv.DictReader(file))[:DIGITS]
    columns = [np.array([float(row[key]) for row in rows])
               for key in ("index", "prediction", "confidence")]
    return columns[0].astype(int), columns[1].astype(int), columns[2]


ACTIVATIONS = {
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z < 0, 0.01 * z, z),
    "gelu": np.vectorize(lambda z: z * math.erfc(-z / math.sqrt(2)) / 2),
    "tanh": np.tanh,
}


def in_double(weights):
    """The network's formula in float64."""
    values = images.reshape(-1, 784) / 255.0
    layers = len(weights) // 2
    for layer in range(layers):
        weight, bias = (weights[f"{2 * layer}.{kind}"].astype(float) for kind in ("weight", "bias"))
        values = values @ weight.T + bias
        if layer + 1 < layers:
            values = ACTIVATIONS[activation](values)
    values = np.exp(values - values.max(axis=1, keepdims=True))
    return values / values.sum(axis=1, keepdims=True)


def check(name, probabilities):
    """Compares probabilities with the formula's, and what they say with what the engine said."""
    assert probabilities.shape == (DIGITS, 10), probabilities.shape
    from_formula = np.abs(probabilities - expected).max()
    from_engine = np.abs(probabilities.max(axis=1) - confidences).max()
    different = np.count_nonzero(probabilities.argmax(axis=1) != predictions)
    print(f"{name:22} {from_formula:.1e} from the formula, {from_engine:.1e} from the engine, "
          f"{different} other predictions")
    assert from_formula < TOLERANCE and from_engine < TOLERANCE and different == 0, name


def check_same_weights(name, weights):
    """Expects the run's weights, to the bit, in the run's order."""
    assert sorted(weights) == sorted(original), (name, list(weights))
    for key, values in original.items():
        assert weights[key].dtype == np.float32, (name, key)
        assert weights[key].shape == values.shape, (name, key)
        assert weights[key].tobytes() == values.tobytes(), (name, key)
    print(f"{name:22} the same weights, to the bit")


def run_onnx():
    onnx.checker.check_model(exports / "model.onnx", full_check=True)  # shapes and types, too
    session = onnxruntime.InferenceSession(exports / "model.onnx",
                                           providers=["CPUExecutionProvider"])
    image, = session.get_inputs()
    probabilities, = session.get_outputs()
    assert (image.name, image.type, image.shape) == ("image", "tensor(uint8)", ["N", 28, 28])
    assert (probabilities.name, probabilities.type, probabilities.shape) == (
        "probabilities", "tensor(float)", ["N", 10])
    one, = session.run(None, {"image": images[:1]})
    all_of_them, = session.run(None, {"image": images})
    assert np.allclose(one, all_of_them[:1], rtol=0, atol=TOLERANCE)
    return all_of_them


def check_onnx_files():
    """ONNX's own checker, with all types and shapes worked out, and what the metadata say."""
    summary = json.loads((run / "summary.json").read_text())
    config = json.loads((run / "config.json").read_text())
    del config["data"]["dir"], config["output"]["dir"]
    for path in (exports / "model.onnx", exports / "float32/model.onnx"):
        file = onnx.load(path)
        onnx.checker.check_model(file, full_check=True)
        metadata = {entry.key: entry.value for entry in file.metadata_props}
        assert set(metadata) == {"classes", "preprocessing", "test_accuracy", "config"}, metadata
        assert json.loads(metadata["classes"]) == [str(digit) for digit in range(10)]
        assert float(metadata["test_accuracy"]) == summary["test_accuracy"]
        assert json.loads(metadata["config"]) == config
    print(f"ONNX {onnx.__version__:17} passes both files")


def run_docs(words, folder):
    """Runs the code with these words in docs/usage.md as it stands there."""
    text = (repository / "docs/usage.md").read_text()
    code, = (block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
             if words in block)
    os.chdir(folder)
    names = {"images": images}
    exec(code, names)
    return np.asarray(names["probabilities"])


def run_cpp(program):
    output = subprocess.run([program], input=images.tobytes(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(output.stdout, np.float32).reshape(-1, 10)


indices, predictions, confidences = read_predictions()
images = read_images()[indices]
original = safetensors.numpy.load_file(run / "model.safetensors")
with safetensors.safe_open(run / "model.safetensors", framework="numpy") as content:
    activation = (content.metadata() or {}).get("activation", "relu")
expected = in_double(original)

check("formula in float64", expected)
check_same_weights("safetensors", safetensors.numpy.load_file(exports / "model.safetensors"))
with safetensors.safe_open(exports / "model.safetensors", framework="numpy") as content:
    named = {} if activation == "relu" else {"activation": activation}
    assert content.metadata() == {"format": "pt", **named}, content.metadata()
arrays = dict(np.load(exports / "model.npz"))
assert arrays.pop("classes").tolist() == [str(digit) for digit in range(10)]
check_same_weights("NumPy", arrays)
check_onnx_files()
check(f"ONNX Runtime {onnxruntime.__version__}", run_onnx())
check(f"OpenCV {importlib.metadata.version('opencv-python-headless')}",
      run_docs("readNetFromONNX", exports / "float32"))
if activation == "relu":  # as in the code there
    check(f"Keras {importlib.metadata.version('keras')}", run_docs("model.npz", exports))
for program in predict_programs:
    check(f"C++, {program.name}", run_cpp(program))
