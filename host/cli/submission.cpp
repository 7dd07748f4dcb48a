#include "host/cli/submission.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <numeric>
#include <string>
#include <vector>

#include "host/atomic_file.h"
#include "host/cli/output.h"
#include "host/data/csv.h"
#include "host/engines/ensemble.h"
#include "host/format/text.h"

namespace qmnist {
namespace {

/// @param probabilities [count, classes] row-major
std::string submission_text(std::span<const float> probabilities, std::size_t count) {
  const std::size_t classes = probabilities.size() / count;
  std::string text = "ImageId,Label\n";
  for (std::size_t i = 0; i < count; ++i) {
    const std::span<const float> of_image = probabilities.subspan(i * classes, classes);
    const auto label = std::ranges::max_element(of_image) - of_image.begin();
    fmt::format_to(std::back_inserter(text), "{},{}\n", i + 1, label);
  }
  return text;
}

}  // namespace

void write_submission(std::span<const Model> models, const std::filesystem::path& csv,
                      const std::filesystem::path& submission) {
  ByteReader file(csv, "a CSV file, plain or gzip");
  const std::vector<std::uint8_t> pixels = read_unlabelled_csv(file);
  const std::vector<std::uint8_t> labels(pixels.size() / kPixels);  // unknown, not used
  std::vector<std::uint32_t> all(labels.size());
  std::iota(all.begin(), all.end(), 0U);
  // As for single images, the CPU is done before a GPU is initialized.
  const std::vector<float> probabilities =
      Ensemble(models, "cpu").predict({.pixels = pixels, .labels = labels}, all);
  write_atomically(submission, submission_text(probabilities, all.size()));
  print_out("{} prediction{}: {} (submit it to https://www.kaggle.com/c/digit-recognizer)\n",
            grouped(all.size()), all.size() == 1 ? "" : "s", one_line(submission.string()));
}

}  // namespace qmnist
