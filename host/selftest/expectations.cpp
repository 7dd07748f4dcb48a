#include "host/selftest/expectations.h"

#include <fmt/format.h>

#include "host/engines/cpu/cpu_engine.h"
#include "host/engines/reference_engine.h"
#include "host/selftest/step_time.h"

namespace qmnist::selftest {
namespace {

template <typename MakeOutcome>
const Outcome& find_or_make(std::map<std::string_view, Outcome>& outcomes, std::string_view name,
                            const MakeOutcome& make) {
  const auto found = outcomes.find(name);
  return found == outcomes.end() ? outcomes.emplace(name, make()).first->second : found->second;
}

}  // namespace

const Outcome& Expectations::by_plain_loops(const TrainingCase& training) {
  return find_or_make(by_plain_loops_, training.name, [&] {
    ReferenceEngine<float> engine(training.settings);
    return train(engine, training, images_);
  });
}

const Outcome& Expectations::by_cpu(const TrainingCase& training) {
  return find_or_make(by_cpu_, training.name, [&] {
    EngineSettings settings = training.settings;
    settings.threads = threads_;
    cpu::CpuEngine engine(settings);
    return train(engine, training, images_);
  });
}

const StrokeImages& Expectations::epoch_images() {
  if (!epoch_images_) {
    epoch_images_.emplace(kEpochImages);
  }
  return *epoch_images_;
}

Finding compare_bits(const MakeEngine& make_engine, const TrainingCase& training,
                     const StrokeImages& images, const Outcome& expected,
                     std::string_view bits_of) {
  const auto engine = make_engine(training.settings);
  const Outcome actual = train(*engine, training, images);
  return {.difference = difference(training.settings.network, actual, expected),
          .detail = fmt::format("the bits of {} after {}", bits_of, training.description())};
}

}  // namespace qmnist::selftest
