#include "host/cli/submission.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

#include "host/atomic_file.h"
#include "host/cli/output.h"
#include "host/data/csv.h"
#include "host/engines/ensemble.h"
#include "host/format/text.h"
#include "kernels/softmax.h"

namespace qmnist {
namespace {

/// @param probabilities [count, classes] row-major
std::string submission_text(std::span<const float> probabilities, std::size_t count,
                            std::size_t classes) {
  std::string text = "ImageId,Label\n";
  for (std::size_t i = 0; i < count; ++i) {
    fmt::format_to(std::back_inserter(text), "{},{}\n", i + 1,
                   argmax(probabilities.data() + i * classes, classes));
  }
  return text;
}

}  // namespace

void write_submission(std::span<const Model> models, const std::filesystem::path& csv,
                      const std::filesystem::path& submission) {
  ByteReader file(csv, "a CSV file, plain or gzip");
  const std::vector<std::uint8_t> pixels = read_unlabelled_csv(file);
  const std::size_t count = pixels.size() / kPixels;
  // As for single images, the CPU is done before a GPU is initialized.
  Ensemble ensemble(models, "cpu");
  write_atomically(submission,
                   submission_text(ensemble.predict(pixels), count, ensemble.classes()));
  print_out("{} prediction{}: {} (submit it to https://www.kaggle.com/c/digit-recognizer)\n",
            grouped(count), count == 1 ? "" : "s", one_line(submission.string()));
}

}  // namespace qmnist
