#!/usr/bin/env python3
"""Writes the 70,000 digits of data/ in another form, or a set of more classes that is made of them.

make_data_set.py FORM FOLDER [IMAGES]     the first IMAGES of each part only

FORM: idx        MNIST's four files, with a dot in their names
      csv        mnist_train.csv and mnist_test.csv
      kaggle     train.csv of the Digit Recognizer, both parts in one
      npz        Keras's mnist.npz
      npy        x_train.npy, y_train.npy, ..., in Fortran order
      pictures   mnist_png's folders: training/5/1.png, ...
      letters    26 classes in the form of EMNIST's letters: transposed, labels from 1, a mapping
      62         62 classes as IDX files: the digits turned and mirrored, 10 classes for each way
"""

import gzip
import struct
import sys
import zipfile
import zlib
from pathlib import Path

SIDE = 28
PIXELS = SIDE * SIDE
DATA = Path(__file__).resolve().parents[2] / "data"
PARTS = {"train": "train", "test": "t10k"}


def read_part(name, count):
    """The images, 784 bytes each, and the labels of a part."""
    images = gzip.decompress((DATA / f"{name}-images-idx3-ubyte.gz").read_bytes())[16:]
    labels = gzip.decompress((DATA / f"{name}-labels-idx1-ubyte.gz").read_bytes())[8:]
    count = min(count, len(labels))
    return [images[i * PIXELS : (i + 1) * PIXELS] for i in range(count)], labels[:count]


def write_idx(folder, name, images, labels, separator="-"):
    header = struct.pack(">IIII", 0x803, len(images), SIDE, SIDE)
    (folder / f"{name}-images{separator}idx3-ubyte").write_bytes(header + b"".join(images))
    (folder / f"{name}-labels{separator}idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(labels)) + labels)


def write_csv(path, parts, names):
    text = [str(level) for level in range(256)]
    with path.open("w") as file:
        file.write(",".join(names) + "\n")
        for images, labels in parts:
            for image, label in zip(images, labels):
                file.write(f"{label}," + ",".join(map(text.__getitem__, image)) + "\n")


def npy(shape, values, fortran=False):
    header = f"{{'descr': '|u1', 'fortran_order': {fortran}, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values


def write_npz(folder, parts):
    with zipfile.ZipFile(folder / "mnist.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, (images, labels) in parts.items():
            archive.writestr(f"x_{name}.npy", npy((len(images), SIDE, SIDE), b"".join(images)))
            archive.writestr(f"y_{name}.npy", npy((len(labels),), labels))


def write_npy(folder, parts):
    for name, (images, labels) in parts.items():
        pixels = b"".join(images)
        columns = (pixels[x * SIDE + y :: PIXELS] for y in range(SIDE) for x in range(SIDE))
        (folder / f"x_{name}.npy").write_bytes(npy((len(images), SIDE, SIDE), b"".join(columns), True))
        (folder / f"y_{name}.npy").write_bytes(npy((len(labels),), labels))


def png(image):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + image[y * SIDE : (y + 1) * SIDE] for y in range(SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def write_pictures(folder, parts):
    for name, (images, labels) in parts.items():
        part = folder / {"train": "training", "test": "testing"}[name]
        for digit in range(10):
            (part / str(digit)).mkdir(parents=True, exist_ok=True)
        for i, (image, label) in enumerate(zip(images, labels)):
            (part / str(label) / f"{i}.png").write_bytes(png(image))


def transposed(image):
    return b"".join(image[x::SIDE] for x in range(SIDE))


def mirrored(image):
    return b"".join(image[y * SIDE : (y + 1) * SIDE][::-1] for y in range(SIDE))


def turned(image):
    return mirrored(transposed(image))


def in_way(image, way):
    """One of eight ways to turn and mirror an image."""
    for _ in range(way % 4):
        image = turned(image)
    return mirrored(image) if way >= 4 else image


def more_classes(images, labels, classes):
    """Class 10 w + d is the digit d in way w; the ways follow one another."""
    ways = -(-classes // 10)
    made = [(in_way(image, i % ways), 10 * (i % ways) + label) for i, (image, label) in enumerate(zip(images, labels))]
    made = [pair for pair in made if pair[1] < classes]
    return [image for image, _ in made], bytes(label for _, label in made)


def write_letters(folder, parts):
    for name, part in parts.items():
        images, labels = more_classes(*part, 26)
        write_idx(folder, f"emnist-letters-{name}", list(map(transposed, images)), bytes(label + 1 for label in labels))
    mapping = "".join(f"{label} {64 + label} {96 + label}\n" for label in range(1, 27))
    (folder / "emnist-letters-mapping.txt").write_text(mapping)


def main():
    form, folder = sys.argv[1], Path(sys.argv[2])
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 60000
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: read_part(file, count) for name, file in PARTS.items()}
    columns = ["label"] + [f"{y}x{x}" for y in range(1, SIDE + 1) for x in range(1, SIDE + 1)]
    if form == "idx":
        for name, file in PARTS.items():
            write_idx(folder, file, *parts[name], separator=".")
    elif form == "csv":
        for name, part in parts.items():
            write_csv(folder / f"mnist_{name}.csv", [part], columns)
    elif form == "kaggle":
        write_csv(folder / "train.csv", parts.values(), ["label"] + [f"pixel{i}" for i in range(PIXELS)])
    elif form == "npz":
        write_npz(folder, parts)
    elif form == "npy":
        write_npy(folder, parts)
    elif form == "pictures":
        write_pictures(folder, parts)
    elif form == "letters":
        write_letters(folder, parts)
    elif form == "62":
        for name, file in PARTS.items():
            write_idx(folder, file, *more_classes(*parts[name], 62))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
