#include "host/tensorboard/run_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "host/image/grey.h"
#include "host/image/png.h"
#include "host/tensorboard/event_file.h"

namespace qmnist {
namespace {

using tensorboard::Event;
using tensorboard::HistogramProto;

Event event_at(std::size_t step) {
  Event event;
  event.set_step(static_cast<std::int64_t>(step));
  return event;
}

tensorboard::Summary::Value& add_value(Event& event, const std::string& tag) {
  tensorboard::Summary::Value& value = *event.mutable_summary()->add_value();
  value.set_tag(tag);
  return value;
}

void add_scalar(Event& event, const char* tag, double value) {
  add_value(event, tag).set_simple_value(static_cast<float>(value));
}

/// The big-endian number at that place of a PNG file, as text.
std::string number_at(std::string_view png, std::size_t place) {
  std::uint32_t number = 0;
  for (const char byte : png.substr(place, 4)) {
    number = number << 8U | static_cast<std::uint8_t>(byte);
  }
  return fmt::to_string(number);
}

/// A picture as the images plugin has it: width, height and the PNG file.
void add_picture(Event& event, const std::string& tag, const std::string& title, std::string png) {
  constexpr std::size_t kWidthAt = 16;  // https://www.w3.org/TR/png/#11IHDR
  constexpr std::size_t kHeightAt = 20;
  tensorboard::Summary::Value& value = add_value(event, tag);
  value.mutable_metadata()->mutable_plugin_data()->set_plugin_name("images");
  value.mutable_metadata()->set_display_name(title);
  value.mutable_metadata()->set_data_class(tensorboard::SummaryMetadata::DATA_CLASS_BLOB_SEQUENCE);
  tensorboard::TensorProto& tensor = *value.mutable_tensor();
  tensor.set_dtype(tensorboard::TensorProto::DT_STRING);
  tensor.mutable_tensor_shape()->add_dim()->set_size(3);
  tensor.add_string_val(number_at(png, kWidthAt));
  tensor.add_string_val(number_at(png, kHeightAt));
  tensor.add_string_val(std::move(png));
}

/// Equal buckets from the least to the largest value.
HistogramProto histogram_of(std::span<const float> values) {
  constexpr std::size_t kBuckets = 64;
  const auto [min, max] = std::ranges::minmax(values);
  const double width = std::max((double{max} - double{min}) / kBuckets, 1e-30);
  std::vector<double> counts(kBuckets);
  HistogramProto histogram;
  histogram.set_min(double{min});
  histogram.set_max(double{max});
  histogram.set_num(static_cast<double>(values.size()));
  for (const float value : values) {
    const auto bucket = static_cast<std::size_t>((double{value} - double{min}) / width);
    counts[std::min(bucket, kBuckets - 1)] += 1;
    histogram.set_sum(histogram.sum() + double{value});
    histogram.set_sum_squares(histogram.sum_squares() + double{value} * double{value});
  }
  for (std::size_t i = 0; i < kBuckets; ++i) {
    histogram.add_bucket_limit(double{min} + static_cast<double>(i + 1) * width);
    histogram.add_bucket(counts[i]);
  }
  return histogram;
}

bool is_finite(float value) {
  return std::isfinite(value);
}

/// A setting as hparams has it; lists as text.
tensorboard::Value hparam_of(const Json& setting) {
  tensorboard::Value value;
  if (setting.is_boolean()) {
    value.set_bool_value(setting.get<bool>());
  } else if (setting.is_number()) {
    value.set_number_value(setting.get<double>());
  } else {
    value.set_string_value(setting.is_string() ? setting.get<std::string>() : setting.dump());
  }
  return value;
}

/// The settings by which runs are compared: what is trained, and how.
tensorboard::HParamsPluginData session_start(const Config& config) {
  constexpr std::array<std::string_view, 6> kSections{
      "model.", "augmentation.", "regularization.", "optimizer.", "schedule.", "training."};
  tensorboard::HParamsPluginData data;
  auto& hparams = *data.mutable_session_start_info()->mutable_hparams();
  visit(config, [&](std::string_view name, const auto& value, const Constraint& /*any*/,
                    std::string_view /*help*/) {
    if (std::ranges::any_of(kSections, [&](auto section) { return name.starts_with(section); })) {
      hparams[std::string(name)] = hparam_of(setting_json(value));
    }
  });
  return data;
}

void add_hparams(Event& event, const char* tag, const tensorboard::HParamsPluginData& data) {
  auto& plugin = *add_value(event, tag).mutable_metadata()->mutable_plugin_data();
  plugin.set_plugin_name("hparams");
  plugin.set_content(data.SerializeAsString());
}

}  // namespace

void RunEvents::require() {}

RunEvents::RunEvents(const RunFolder& folder, const Config& config, std::size_t finished)
    : file_(std::make_unique<EventFile>(folder.path())) {
  Event start = event_at(finished + 1);
  start.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  file_->write(std::move(start));
  Event hparams;
  add_hparams(hparams, "_hparams_/session_start_info", session_start(config));
  file_->write(std::move(hparams));
}

RunEvents::~RunEvents() = default;

void RunEvents::add_epoch(const EpochMetrics& metrics, std::size_t steps) {
  Event event = event_at(metrics.epoch);
  add_scalar(event, "loss/training", metrics.loss);
  add_scalar(event, "accuracy/training", metrics.accuracy);
  if (metrics.validation) {
    add_scalar(event, "loss/validation", metrics.validation->loss);
    add_scalar(event, "accuracy/validation", metrics.validation->accuracy);
  }
  add_scalar(event, "learning_rate", metrics.learning_rate);
  add_scalar(event, "steps_per_second", static_cast<double>(steps) / metrics.seconds);
  file_->write(std::move(event));
}

void RunEvents::add_weights(std::size_t epoch, const Network& network,
                            std::span<const float> parameters) {
  Event event = event_at(epoch);
  for (const Tensor& tensor : network.tensors()) {
    const auto values = parameters.subspan(tensor.offset, tensor.size);
    if (!std::ranges::all_of(values, is_finite)) {
      continue;  // of a run that has diverged
    }
    *add_value(event, "weights/" + tensor.name).mutable_histo() = histogram_of(values);
  }
  file_->write(std::move(event));
}

void RunEvents::add_result(const RunResult& result, std::string_view confusion_png) {
  constexpr std::size_t kMistakes = 20;
  const ClassNames& classes = result.dataset.classes;
  Event event = event_at(result.checkpoint.finished_epochs());
  add_scalar(event, "loss/test", result.test.loss);
  add_scalar(event, "accuracy/test", result.test.accuracy);
  if (!confusion_png.empty()) {
    add_picture(event, "confusion", "confusion matrix of the test images",
                std::string(confusion_png));
  }
  std::size_t number = 0;
  for (const Prediction& mistake : most_confident_mistakes(result.test.predictions, kMistakes)) {
    constexpr std::size_t kEnlarged = 4;  // TensorBoard shows small pictures small
    const GreyImage image = enlarged(result.dataset.view().image(mistake.index), kEnlarged);
    add_picture(event, fmt::format("misclassified/{:02}", ++number),
                fmt::format("{} read as {}", classes[mistake.label], classes[mistake.predicted]),
                encode_png(image));
  }
  tensorboard::HParamsPluginData end;
  end.mutable_session_end_info()->set_status(tensorboard::SessionEndInfo::STATUS_SUCCESS);
  add_hparams(event, "_hparams_/session_end_info", end);
  file_->write(std::move(event));
}

}  // namespace qmnist
