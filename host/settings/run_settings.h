#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "host/settings/constraint.h"
#include "kernels/activation.h"

namespace qmnist {

/// Value of data.source that looks for files.
inline constexpr std::string_view kAutoSource = "auto";

/// The values of data.source, kAutoSource first. The registry of data sources defines this
/// (host/data/data_sources.cpp), so that the settings need not know it.
[[nodiscard]] std::vector<std::string_view> data_source_names();

/// How a data set is split into training and test images.
enum class SplitRule { kNotebook, kOfficial };

inline constexpr std::array kSplitRules{
    Choice<SplitRule>{SplitRule::kNotebook, "notebook"},
    Choice<SplitRule>{SplitRule::kOfficial, "official"},
};
[[nodiscard]] constexpr const auto& choices(SplitRule /*of*/) {
  return kSplitRules;
}

/// Whether a GPU keeps the images in its memory and gathers batches there by index; else the host
/// gathers them and they are streamed.
enum class OnDevice { kAuto, kAlways, kNever };

inline constexpr std::array kOnDevice{
    Choice<OnDevice>{OnDevice::kAuto, "auto"},
    Choice<OnDevice>{OnDevice::kAlways, "always"},
    Choice<OnDevice>{OnDevice::kNever, "never"},
};
[[nodiscard]] constexpr const auto& choices(OnDevice /*of*/) {
  return kOnDevice;
}

struct DataSettings {
  std::string source{kAutoSource};
  std::filesystem::path dir = "../data";
  std::filesystem::path images = {};
  std::filesystem::path labels = {};
  std::filesystem::path test_images = {};
  std::filesystem::path test_labels = {};
  SplitRule split = SplitRule::kNotebook;
  double test_fraction = 0.2;
  std::uint32_t split_seed = 42;
  double validation_fraction = 0;
  bool transpose = false;
  std::size_t first_label = 0;
  OnDevice on_device = OnDevice::kAuto;
};

template <SameAs<DataSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("data.source", settings.source, constraint::OneOf{data_source_names()},
      "kind of data files; auto takes the one found in data.dir, of MNIST and QMNIST the larger");
  key("data.dir", settings.dir, constraint::Path{}, "folder with the data files");
  key("data.images", settings.images, constraint::Text{},
      "file of images, relative to data.dir; empty takes the files that data.source finds");
  key("data.labels", settings.labels, constraint::Text{},
      "file of their labels, relative to data.dir; empty takes those in the same file, or beside "
      "it "
      "under a name like its");
  key("data.test_images", settings.test_images, constraint::Text{},
      "file of test images, relative to data.dir; data.images are the training images then");
  key("data.test_labels", settings.test_labels, constraint::Text{},
      "file of the test images' labels, as data.labels");
  key("data.split", settings.split, constraint::one_of<SplitRule>(),
      "notebook splits all samples at random, as scikit-learn does; official takes the data set's "
      "own training and test files");
  key("data.test_fraction", settings.test_fraction, constraint::open(0, 1),
      "fraction of the samples in the test set, as in scikit-learn; without effect on the official "
      "split");
  key("data.split_seed", settings.split_seed, constraint::seed(),
      "seed of the split, scikit-learn's random_state; in the official split, of the validation "
      "set only");
  key("data.validation_fraction", settings.validation_fraction, constraint::right_open(0, 1),
      "fraction of the training set held out for validation: its last samples, as in Keras, after "
      "the permutation by data.split_seed");
  key("data.transpose", settings.transpose, constraint::Boolean{},
      "exchange x and y of the images; only for a set that the program does not know");
  key("data.first_label", settings.first_label, constraint::Integer{0, 254},
      "label of the first class in the files; only for a set that the program does not know");
  key("data.on_device", settings.on_device, constraint::one_of<OnDevice>(),
      "whether a GPU keeps all images in its memory instead of having them streamed; auto does "
      "where an eighth of its free memory suffices");
}

/// Hidden layers that a network may have.
inline constexpr std::size_t kMaxHidden = 16;

struct ModelSettings {
  std::vector<std::size_t> hidden = {128, 64};
  Activation activation = Activation::kRelu;
};

template <SameAs<ModelSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("model.hidden", settings.hidden, constraint::Sizes{kMaxHidden, 1, 16384},
      "sizes of the hidden layers");
  key("model.activation", settings.activation, constraint::one_of<Activation>(),
      "activation of the hidden layers");
}

struct RegularizationSettings {
  double dropout = 0;
  double ema_decay = 0;
  double label_smoothing = 0;
};

template <SameAs<RegularizationSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("regularization.dropout", settings.dropout, constraint::closed(0, 0.9),
      "dropout probability of each hidden unit");
  key("regularization.ema_decay", settings.ema_decay, constraint::right_open(0, 1),
      "decay of an exponential moving average of the weights, which the model uses; 0 disables it");
  key("regularization.label_smoothing", settings.label_smoothing, constraint::closed(0, 0.9),
      "label smoothing factor");
}

/// Precision to which a GPU may round the operands of matrix products; sums and weights are always
/// float32.
enum class MathMode { kFp32, kTf32, kBf16 };

inline constexpr std::array kMathModes{
    Choice<MathMode>{MathMode::kFp32, "fp32"},
    Choice<MathMode>{MathMode::kTf32, "tf32"},
    Choice<MathMode>{MathMode::kBf16, "bf16"},
};
[[nodiscard]] constexpr const auto& choices(MathMode /*of*/) {
  return kMathModes;
}

/// What a GPU trains and predicts with: products of cuBLAS, or kernels in the order of operations
/// that the CPU has, so that both give the same bits (docs/arithmetic.md).
enum class Kernels { kAuto, kCublas, kFixedOrder };

inline constexpr std::array kKernels{
    Choice<Kernels>{Kernels::kAuto, "auto"},
    Choice<Kernels>{Kernels::kCublas, "cublas"},
    Choice<Kernels>{Kernels::kFixedOrder, "fixed_order"},
};
[[nodiscard]] constexpr const auto& choices(Kernels /*of*/) {
  return kKernels;
}

struct TrainingSettings {
  std::size_t epochs = 10;
  std::size_t batch_size = 32;
  std::size_t slices = 1;
  bool shuffle = true;
  std::uint32_t seed = 0;
  std::size_t threads = 0;
  MathMode math = MathMode::kFp32;
  Kernels kernels = Kernels::kAuto;
  std::size_t early_stopping = 0;
  double target_accuracy = 0;
};

template <SameAs<TrainingSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("training.epochs", settings.epochs, constraint::Integer{1, 100000},
      "passes over the training set");
  key("training.batch_size", settings.batch_size, constraint::Integer{1, 65536},
      "samples per step");
  key("training.slices", settings.slices, constraint::Integer{1, 1024},
      "slices of a batch, whose gradients are summed in their order; ranks that train together "
      "share "
      "them, and the bits are the same for any number of ranks that divides it; above 1, a GPU "
      "needs "
      "fixed_order kernels");
  key("training.shuffle", settings.shuffle, constraint::Boolean{},
      "reshuffle the training set every epoch");
  key("training.seed", settings.seed, constraint::seed(),
      "seed of the initial weights and of the shuffling");
  key("training.threads", settings.threads, constraint::Integer{0, 1024},
      "CPU threads; 0 takes the number of available CPUs, container limits included");
  key("training.math", settings.math, constraint::one_of<MathMode>(),
      "precision of the operands of matrix products on a GPU; the CPU always uses fp32");
  key("training.kernels", settings.kernels, constraint::one_of<Kernels>(),
      "kernels of a GPU: cublas, or fixed_order, which gives the bits of the CPU; auto takes "
      "cublas on a GPU, in a sweep fixed_order; the CPU always has the fixed order");
  key("training.early_stopping", settings.early_stopping, constraint::Integer{0, 100000},
      "stop after so many epochs without a lower validation loss and restore the best epoch's "
      "weights, as in Keras; 0 disables it");
  key("training.target_accuracy", settings.target_accuracy, constraint::closed(0, 1),
      "stop at this validation accuracy (0 to 1); exit status 5 if it is not reached; 0 disables "
      "it");
}

struct TeacherSettings {
  std::vector<std::filesystem::path> models = {};
  double weight = 0.9;
  double temperature = 2;
  std::vector<std::string> checksums = {};  ///< of the models' files, once they are read; no key

  [[nodiscard]] bool any() const { return !models.empty(); }
};

template <SameAs<TeacherSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("training.teacher", settings.models, constraint::Paths{64},
      "runs or model files whose mean probabilities are learned beside the labels (knowledge "
      "distillation)");
  key("training.teacher_weight", settings.weight, constraint::left_open(0, 1),
      "weight of the teacher's probabilities in the loss; that of the labels is the rest");
  key("training.teacher_temperature", settings.temperature, constraint::closed(1, 100),
      "temperature at which the teacher's probabilities are learned; above 1, small ones count "
      "more");
}

/// Value of the key device that takes the first device that can be used.
inline constexpr std::string_view kAutoDevice = "auto";

/// The values of device, kAutoDevice first; defined by the registry of engines
/// (host/engines/engine_kinds.cpp), as data_source_names() is by that of data sources.
[[nodiscard]] std::vector<std::string_view> device_names();

struct OutputSettings {
  std::filesystem::path dir = "../runs/baseline";
  double checkpoint_seconds = 10;
  bool tensorboard = false;
};

template <SameAs<OutputSettings> Settings, typename Visitor>
void visit(Settings& settings, const Visitor& key) {
  key("output.dir", settings.dir, constraint::Path{}, "run folder that takes the results");
  key("output.checkpoint_seconds", settings.checkpoint_seconds, constraint::closed(0, 1e6),
      "save a checkpoint after an epoch if the last one is at least so many seconds old; 0 saves "
      "after every epoch");
  key("output.tensorboard", settings.tensorboard, constraint::Boolean{},
      "also write the run's metrics, weights and results for TensorBoard");
}

}  // namespace qmnist
