"""The images, labels and split, exactly as qmnist_gpu reads them (host/data/dataset.h, split.h).

Reading needs the standard library only; load() imports NumPy. Every contender trains on the
training samples of a Dataset and reports its fingerprint, which the race compares with that of
qmnist_gpu's own test set.
"""

import gzip
import math
import pickle
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PIXELS = 28 * 28
KAGGLE = "MNIST-120k"
MNIST = [
    ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
]
QMNIST = [
    ("qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int"),
    ("qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int"),
]


@dataclass
class Dataset:
    """Training and test samples as NumPy arrays: uint8 images [count, 784], labels [count]."""

    train_images: Any
    train_labels: Any
    test_images: Any
    test_labels: Any
    fingerprint: str


def find(folder, name):
    """The file of that name, plain or gzip-compressed; None if there is neither."""
    return next((f for f in (folder / name, folder / f"{name}.gz") if f.is_file()), None)


def read_idx(path):
    """The values of an IDX file as bytes, and its sizes."""
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rank = content[3]
    return content[4 + 4 * rank :], struct.unpack_from(f">{rank}I", content, 4)


def read_kaggle(path):
    """Images and labels of Kaggle's pickle; only NumPy's own constructors are allowed."""

    class ArraysOnly(pickle.Unpickler):
        def find_class(self, module, name):
            known = {"_reconstruct", "_frombuffer", "ndarray", "dtype"}
            if module.split(".")[0] == "numpy" and name in known:
                return super().find_class(module, name)
            if (module, name) == ("_codecs", "encode"):
                return super().find_class(module, name)
            raise ValueError(f"{path}: has {module}.{name}, which images and labels do not need")

    with path.open("rb") as file:
        content = ArraysOnly(file, encoding="latin1").load()
    return content["data"].tobytes(), content["labels"].reshape(-1).astype("uint8").tobytes()


def read_samples(folder):
    """Pixels and labels as bytes: the largest set in `folder`, training files first."""
    folder = Path(folder)

    def is_complete(parts):
        return all(find(folder, name) for part in parts for name in part)

    if not is_complete(QMNIST) and (folder / KAGGLE).is_file():
        return read_kaggle(folder / KAGGLE)
    parts = next((parts for parts in (QMNIST, MNIST) if is_complete(parts)), None)
    if parts is None:
        raise FileNotFoundError(f"{folder}: no complete data set (QMNIST or MNIST)")
    pixels, labels = b"", b""
    for images_name, labels_name in parts:
        pixels += read_idx(find(folder, images_name))[0]
        values, sizes = read_idx(find(folder, labels_name))
        # QMNIST has rows of 8 big-endian 32-bit integers; the first is the class.
        labels += values if len(sizes) == 1 else values[3::32]
    return pixels, labels


def write_first(source, folder, count):
    """Writes the first `count` samples of `source` into `folder`, as MNIST's four files."""
    pixels, labels = read_samples(source)
    if not 10 <= count <= len(labels):
        raise ValueError(f"cannot use {count} samples of {len(labels)}")
    half = count // 2
    for (images_name, labels_name), (first, last) in zip(MNIST, [(0, half), (half, count)]):
        size = last - first
        header = struct.pack(">BBBBIII", 0, 0, 8, 3, size, 28, 28)
        image_bytes = pixels[first * PIXELS : last * PIXELS]
        (Path(folder) / images_name).write_bytes(header + image_bytes)
        header = struct.pack(">BBBBI", 0, 0, 8, 1, size)
        (Path(folder) / labels_name).write_bytes(header + labels[first:last])


def fingerprint(test_indices):
    """A checksum of a test set: the CRC-32 of its indices, in order."""
    indices = [int(index) for index in test_indices]
    return f"{zlib.crc32(struct.pack(f'<{len(indices)}I', *indices)):08x}"


def load(folder, test_fraction=0.2, seed=42):
    """The samples of `folder`, split as scikit-learn's train_test_split(random_state=seed)."""
    import numpy as np

    pixels, labels = read_samples(folder)
    images = np.frombuffer(pixels, np.uint8).reshape(-1, PIXELS)
    labels = np.frombuffer(labels, np.uint8)
    order = np.random.RandomState(seed).permutation(len(labels))
    test_count = math.ceil(test_fraction * len(labels))
    test, train = order[:test_count], order[test_count:]
    return Dataset(images[train], labels[train], images[test], labels[test], fingerprint(test))
