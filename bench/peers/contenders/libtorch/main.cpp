// The libtorch contender: the same training as contenders/pytorch.py, without Python.
//
//   libtorch_contender FOLDER EPOCHS BATCH SEED THREADS SIZE...
//
// FOLDER holds raw bytes: train.images, train.labels, test.images, test.labels. SIZE... are the
// sizes of the layers, the input's first. Prints seconds of each epoch, then the test accuracy.

#include <torch/torch.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

torch::Tensor read_bytes(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> bytes(std::istreambuf_iterator<char>(stream), {});
  return torch::tensor(
      at::ArrayRef<std::uint8_t>(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()),
      torch::kUInt8);
}

struct Samples {
  torch::Tensor images;  ///< float32 [count, inputs], 0..1
  torch::Tensor labels;  ///< int64 [count]
};

Samples read_samples(const std::string& prefix, std::int64_t inputs) {
  return {read_bytes(prefix + ".images").view({-1, inputs}).to(torch::kFloat32) / 255,
          read_bytes(prefix + ".labels").to(torch::kInt64)};
}

/// Dense layers with ReLU between them, Glorot-uniform weights and zero biases.
torch::nn::Sequential make_model(const std::vector<std::int64_t>& sizes) {
  torch::nn::Sequential model;
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    torch::nn::Linear dense(sizes[i], sizes[i + 1]);
    torch::nn::init::xavier_uniform_(dense->weight);
    torch::nn::init::zeros_(dense->bias);
    if (i > 0) {
      model->push_back(torch::nn::ReLU());
    }
    model->push_back(dense);
  }
  return model;
}

void train_epoch(torch::nn::Sequential& model, torch::optim::Adam& adam, const Samples& samples,
                 std::int64_t batch_size) {
  torch::Tensor loss_sum = torch::zeros({});
  for (const torch::Tensor& batch :
       torch::randperm(samples.labels.size(0), torch::kInt64).split(batch_size)) {
    const torch::Tensor loss =
        torch::nn::functional::cross_entropy(model->forward(samples.images.index_select(0, batch)),
                                             samples.labels.index_select(0, batch));
    adam.zero_grad();
    loss.backward();
    adam.step();
    loss_sum += loss.detach();
  }
  (void)loss_sum.item<float>();
}

void run(int argc, char** argv) {
  const std::string folder = argv[1];
  std::vector<std::int64_t> numbers;
  for (int i = 2; i < argc; ++i) {
    numbers.push_back(std::stoll(argv[i]));
  }
  const std::int64_t epochs = numbers.at(0);
  const std::int64_t batch_size = numbers.at(1);
  torch::manual_seed(static_cast<std::uint64_t>(numbers.at(2)));
  if (numbers.at(3) > 0) {
    torch::set_num_threads(static_cast<int>(numbers.at(3)));
  }
  const std::vector<std::int64_t> sizes(numbers.begin() + 4, numbers.end());

  torch::nn::Sequential model = make_model(sizes);
  // libtorch's Adam has no fused form, unlike PyTorch's.
  torch::optim::Adam adam(model->parameters(),
                          torch::optim::AdamOptions(1e-3).betas({0.9, 0.999}).eps(1e-7));
  const Samples train = read_samples(folder + "/train", sizes.front());
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto begin = std::chrono::steady_clock::now();
    train_epoch(model, adam, train, batch_size);
    std::printf("%.6f\n",
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  const torch::InferenceMode inference;
  const Samples test = read_samples(folder + "/test", sizes.front());
  const torch::Tensor is_right = model->forward(test.images).argmax(1).eq(test.labels);
  std::printf("%.6f\n", is_right.to(torch::kFloat32).mean().item<double>());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 8) {
    std::fprintf(stderr, "libtorch_contender: FOLDER EPOCHS BATCH SEED THREADS SIZE SIZE...\n");
    return 2;
  }
  try {
    run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "libtorch_contender: %s\n", error.what());
    return 1;
  }
  return 0;
}
