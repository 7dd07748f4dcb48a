"""PyTorch: fused Adam, all images in one tensor, a batch is one index_select.

--compile compiles the model and its loss with torch.compile.
"""

import numpy as np
import torch
from torch import nn

import dataset
from contenders.common import BETA1, BETA2, CLASSES, EPSILON, LEARNING_RATE
from contenders.common import parse_options, report, time_epochs


def make_model(sizes):
    """Dense layers with ReLU between them, Glorot-uniform weights and zero biases."""
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        dense = nn.Linear(inputs, outputs)
        nn.init.xavier_uniform_(dense.weight)
        nn.init.zeros_(dense.bias)
        layers += [dense, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def main():
    options = parse_options(__doc__, ["--compile"])
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = dataset.load(options.data)
    images = torch.from_numpy(data.train_images).float() / 255
    labels = torch.from_numpy(data.train_labels).long()
    model = make_model([dataset.PIXELS, *options.hidden, CLASSES])
    adam = torch.optim.Adam(model.parameters(), LEARNING_RATE, (BETA1, BETA2), EPSILON, fused=True)

    def mean_loss(images, labels):
        return nn.functional.cross_entropy(model(images), labels)

    if options.compile:
        mean_loss = torch.compile(mean_loss)

    def train_epoch():
        loss_sum = torch.zeros(())
        for batch in torch.randperm(len(labels)).split(options.batch):
            loss = mean_loss(images.index_select(0, batch), labels.index_select(0, batch))
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()
            loss_sum += loss.detach()
        loss_sum.item()

    seconds = time_epochs(train_epoch, options.epochs)
    with torch.inference_mode():
        predicted = model(torch.from_numpy(data.test_images).float() / 255).argmax(1).numpy()
    accuracy = np.mean(predicted == data.test_labels)
    report(f"torch {torch.__version__}", seconds, accuracy, data.fingerprint)


if __name__ == "__main__":
    main()
