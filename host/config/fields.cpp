#include "host/config/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

#include "host/edit_distance.h"

namespace qmnist {
namespace {

constexpr std::int64_t kLargestSeed = std::numeric_limits<std::uint32_t>::max();

std::string_view last_part(std::string_view key) {
  return key.substr(key.rfind('.') + 1);
}

struct Expectation {
  std::string operator()(const BooleanRule& /*rule*/) const { return "true or false"; }
  std::string operator()(const PathRule& /*rule*/) const { return "a path in quotes"; }
  std::string operator()(const IntegerRule& rule) const {
    return fmt::format("an integer from {} to {}", rule.minimum, rule.maximum);
  }
  std::string operator()(const NumberRule& rule) const {
    return fmt::format("a number {} {} and {} {}", rule.minimum_allowed ? ">=" : ">", rule.minimum,
                       rule.maximum_allowed ? "<=" : "<", rule.maximum);
  }
  std::string operator()(const ChoiceRule& rule) const {
    return rule.choices.size() == 1
               ? fmt::format("\"{}\"", rule.choices.front())
               : fmt::format("one of \"{}\"", fmt::join(rule.choices, "\", \""));
  }
  std::string operator()(const SizesRule& rule) const {
    return fmt::format("a list of at most {} integers from {} to {}", rule.maximum_count,
                       rule.minimum, rule.maximum);
  }
};

struct Acceptance {
  const Json& value;

  bool operator()(const BooleanRule& /*rule*/) const { return value.is_boolean(); }
  bool operator()(const PathRule& /*rule*/) const {
    return value.is_string() && !value.get_ref<const std::string&>().empty();
  }
  bool operator()(const IntegerRule& rule) const {
    return is_integer_within(value, rule.minimum, rule.maximum);
  }
  bool operator()(const NumberRule& rule) const {
    if (!value.is_number()) {
      return false;
    }
    const double number = value.get<double>();
    const bool above = rule.minimum_allowed ? number >= rule.minimum : number > rule.minimum;
    const bool below = rule.maximum_allowed ? number <= rule.maximum : number < rule.maximum;
    return above && below;
  }
  bool operator()(const ChoiceRule& rule) const {
    return value.is_string() &&
           std::ranges::find(rule.choices, value.get<std::string>()) != rule.choices.end();
  }
  bool operator()(const SizesRule& rule) const {
    return value.is_array() && value.size() <= rule.maximum_count &&
           std::ranges::all_of(value, [&](const Json& item) {
             return is_integer_within(item, rule.minimum, rule.maximum);
           });
  }

  static bool is_integer_within(const Json& number, std::int64_t minimum, std::int64_t maximum) {
    if (!number.is_number_integer()) {
      return false;
    }
    // Numbers above the signed range come as unsigned and would wrap.
    if (number.is_number_unsigned() &&
        number.get<std::uint64_t>() > static_cast<std::uint64_t>(maximum)) {
      return false;
    }
    const auto integer = number.get<std::int64_t>();
    return integer >= minimum && integer <= maximum;
  }
};

}  // namespace

std::span<const Field> config_fields() {
  static const std::array fields{
      Field{"data.source", "auto", ChoiceRule{{"auto", "qmnist", "kaggle", "mnist"}},
            "which data set; auto takes the largest one found in data.dir"},
      Field{"data.dir", "../data", PathRule{}, "folder with the data files"},
      Field{"data.test_fraction", 0.2, NumberRule{0, false, 1, false},
            "share of the digits that becomes the test set, as in scikit-learn"},
      Field{"data.split_seed", 42, IntegerRule{0, kLargestSeed},
            "seed of the split, scikit-learn's random_state"},
      Field{"data.validation_fraction", 0.0, NumberRule{0, true, 1, false},
            "share of the training set held back to validate on, its last digits as in Keras"},
      Field{"model.hidden", Json::array({128, 64}), SizesRule{16, 1, 16384},
            "sizes of the hidden layers"},
      Field{"model.activation", "relu", ChoiceRule{{"relu", "leaky_relu", "gelu", "tanh"}},
            "activation of the hidden layers"},
      Field{"augmentation.rotation", 0.0, NumberRule{0, true, 180, true},
            "training digits are turned by up to so many degrees, anew at each use"},
      Field{"augmentation.scale", 0.0, NumberRule{0, true, 0.5, true},
            "they are stretched or shrunk by up to that share, in width and in height"},
      Field{"augmentation.shear", 0.0, NumberRule{0, true, 1, true},
            "they are slanted by up to so many pixels a row"},
      Field{"augmentation.shift", 0.0, NumberRule{0, true, 14, true},
            "they are moved by up to so many pixels, across and down"},
      Field{"augmentation.elastic", 0.0, NumberRule{0, true, 4, true},
            "they are bent: standard deviation of the displacements in pixels"},
      Field{"augmentation.elastic_sigma", 4.0, NumberRule{3, true, 10, true},
            "width in pixels of the Gaussian that smooths the displacements"},
      Field{"regularization.dropout", 0.0, NumberRule{0, true, 0.9, true},
            "probability of each hidden unit to be left out of a training step"},
      Field{
          "regularization.ema_decay", 0.0, NumberRule{0, true, 1, false},
          "decay of a moving average of the weights that takes their place at the end; 0 for none"},
      Field{"regularization.label_smoothing", 0.0, NumberRule{0, true, 0.9, true},
            "share of a training digit's target that all classes get alike"},
      Field{"optimizer.name", "adam", ChoiceRule{{"adam", "adamw", "sgd"}},
            "optimizer; adamw is Adam with weight decay"},
      Field{"optimizer.learning_rate", 0.001, NumberRule{0, false, 10, true}, "learning rate"},
      Field{"optimizer.beta1", 0.9, NumberRule{0, true, 1, false}, "decay of the first moment"},
      Field{"optimizer.beta2", 0.999, NumberRule{0, true, 1, false}, "decay of the second moment"},
      Field{"optimizer.epsilon", 1e-7, NumberRule{0, false, 1, true},
            "added to the root of the second moment, as Keras does"},
      Field{"optimizer.momentum", 0.0, NumberRule{0, true, 1, false}, "momentum of sgd"},
      Field{"optimizer.nesterov", false, BooleanRule{}, "whether sgd's momentum looks ahead"},
      Field{"optimizer.weight_decay", 0.0, NumberRule{0, true, 1, true},
            "share of each weight that adamw and sgd take from it a step, times the learning rate"},
      Field{"optimizer.clip_norm", 0.0, NumberRule{0, true, 1e6, true},
            "greatest length of all gradients together, to which longer ones are cut; 0 for any"},
      Field{"schedule.name", "constant", ChoiceRule{{"constant", "step", "cosine", "one_cycle"}},
            "how the learning rate goes on from optimizer.learning_rate, its peak"},
      Field{"schedule.warmup_epochs", 0.0, NumberRule{0, true, 100000, true},
            "epochs in which the learning rate first rises from 0; one_cycle has its own"},
      Field{"schedule.step_epochs", 5.0, NumberRule{0, false, 100000, true},
            "step: epochs from one change of the learning rate to the next"},
      Field{"schedule.step_factor", 0.1, NumberRule{0, false, 1, true},
            "step: what each change multiplies the learning rate by"},
      Field{"schedule.final_factor", 0.0, NumberRule{0, true, 1, true},
            "cosine, one_cycle: share of the peak that is left at the end"},
      Field{"training.epochs", 10, IntegerRule{1, 100000}, "passes over the training set"},
      Field{"training.batch_size", 32, IntegerRule{1, 65536}, "digits a step"},
      Field{"training.shuffle", true, BooleanRule{}, "reshuffle the training set every epoch"},
      Field{"training.seed", 0, IntegerRule{0, kLargestSeed},
            "seed of the initial weights and of the shuffling"},
      Field{"training.threads", 0, IntegerRule{0, 1024},
            "CPU threads; 0 takes as many as CPUs are available, limits of containers included"},
      Field{"training.math", "fp32", ChoiceRule{{"fp32", "tf32", "bf16"}},
            "to what a GPU may round the operands of matrix products; the CPU takes fp32"},
      Field{
          "training.early_stopping", 0, IntegerRule{0, 100000},
          "epochs without a lower validation loss after which training ends, as in Keras; the best "
          "epoch's weights are taken; 0 never ends it"},
      Field{
          "training.target_accuracy", 0.0, NumberRule{0, true, 1, true},
          "validation accuracy 0..1 that ends training; where it is not reached the exit status is "
          "5; 0 asks for none"},
      Field{"device", "auto", ChoiceRule{{"auto", "cuda", "cpu"}},
            "where to train; auto takes a GPU if one works"},
      Field{"device_index", 0, IntegerRule{0, 1023}, "which GPU, as CUDA numbers them"},
      Field{"output.dir", "../runs/baseline", PathRule{}, "run folder that takes the results"},
  };
  return fields;
}

const Field* find_field(std::string_view key) {
  const auto fields = config_fields();
  const auto found = std::ranges::find(fields, key, &Field::key);
  return found == fields.end() ? nullptr : &*found;
}

std::string_view nearest_key(std::string_view key) {
  // A key in the wrong section is closer to its namesake than spelling alone tells.
  const auto distance = [key](const Field& field) {
    return edit_distance(key, field.key) + edit_distance(last_part(key), last_part(field.key));
  };
  return std::ranges::min(config_fields(), {}, distance).key;
}

std::string_view choice_name(std::string_view key, std::size_t choice) {
  return std::get<ChoiceRule>(find_field(key)->rule).choices.at(choice);
}

std::string expectation(const Rule& rule) {
  return std::visit(Expectation{}, rule);
}

bool accepts(const Rule& rule, const Json& value) {
  return std::visit(Acceptance{value}, rule);
}

}  // namespace qmnist
