"""PyTorch on a GPU: fused Adam, all images on the device, training steps replayed as CUDA graphs.

--many-steps captures up to 64 steps in a graph, as qmnist_gpu does, instead of one.
"""

import numpy as np
import torch
from torch import nn

import dataset
from contenders.common import BETA1, BETA2, CLASSES, EPSILON, LEARNING_RATE
from contenders.common import parse_options, report, time_epochs
from contenders.pytorch import make_model


def capture(step, batches, model, adam):
    """A graph of step(batch) for each row of `batches`; leaves model and optimizer as they were."""
    initial = [parameter.detach().clone() for parameter in model.parameters()]
    # PyTorch wants a few steps on another stream first, which make gradients and Adam's moments.
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step(batches[0])
    torch.cuda.current_stream().wait_stream(stream)

    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for batch in batches:
            step(batch)

    with torch.no_grad():
        for parameter, value in zip(model.parameters(), initial):
            parameter.copy_(value)
    for state in adam.state.values():
        for value in state.values():
            value.zero_()
    return graph


def main():
    options = parse_options(__doc__, ["--many-steps"])
    if not torch.cuda.is_available():
        raise SystemExit("PyTorch finds no GPU that it can use; its wheel may need a newer driver")
    torch.manual_seed(options.seed)
    data = dataset.load(options.data)
    images = torch.from_numpy(data.train_images).cuda().float() / 255
    labels = torch.from_numpy(data.train_labels).cuda().long()
    model = make_model([dataset.PIXELS, *options.hidden, CLASSES]).cuda()
    adam = torch.optim.Adam(
        model.parameters(), LEARNING_RATE, (BETA1, BETA2), EPSILON, fused=True, capturable=True
    )
    loss_sum = torch.zeros((), device="cuda")

    def step(batch):
        adam.zero_grad(set_to_none=True)
        logits = model(images.index_select(0, batch))
        loss = nn.functional.cross_entropy(logits, labels.index_select(0, batch))
        loss.backward()
        adam.step()
        loss_sum.add_(loss.detach())

    steps = len(labels) // options.batch  # a last, shorter batch is left out
    most = 64 if options.many_steps else 1
    steps_a_graph = max(n for n in range(1, min(steps, most) + 1) if steps % n == 0)
    batches = torch.zeros((steps_a_graph, options.batch), dtype=torch.long, device="cuda")
    graph = capture(step, batches, model, adam)

    def train_epoch():
        loss_sum.zero_()
        order = torch.randperm(len(labels), device="cuda")[: steps * options.batch]
        for indices in order.view(-1, steps_a_graph, options.batch):
            batches.copy_(indices)
            graph.replay()
        loss_sum.item()

    seconds = time_epochs(train_epoch, options.epochs)
    with torch.inference_mode():
        test_images = torch.from_numpy(data.test_images).cuda().float() / 255
        predicted = model(test_images).argmax(1).cpu().numpy()
    accuracy = np.mean(predicted == data.test_labels)
    device = torch.cuda.get_device_name(0)
    report(f"torch {torch.__version__}", seconds, accuracy, data.fingerprint, device)


if __name__ == "__main__":
    main()
