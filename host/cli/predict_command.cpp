#include "host/cli/predict_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <span>

#include "host/atomic_file.h"
#include "host/charts/contact_sheet.h"
#include "host/cli/image_files.h"
#include "host/cli/interrupt.h"
#include "host/cli/output.h"
#include "host/cli/progress_line.h"
#include "host/cli/submission.h"
#include "host/cli/terminal.h"
#include "host/engines/ensemble.h"
#include "host/format/classification.h"
#include "host/format/terminal_image.h"
#include "host/format/text.h"
#include "host/image/decode.h"
#include "host/image/image_names.h"
#include "host/image/svg.h"
#include "host/model/model.h"
#include "host/stopwatch.h"
#include "host/system/folder_watch.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> chosen_models(const PredictOptions& options) {
  if (!options.models.empty()) {
    return options.models;
  }
  if (!fs::exists(kDefaultModel)) {
    throw UsageError(
        "--model is missing, and {} does not exist; name the folder of a run, or train a model "
        "with "
        "scripts/train",
        kDefaultModel);
  }
  return {kDefaultModel};
}

/// Shows progress where standard error is a terminal and standard output is not.
class Progress {
 public:
  explicit Progress(std::size_t total)
      : total_(total), line_(isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) != 1) {}

  void show(std::size_t done) {
    constexpr double kDelay = 1;  // seconds
    if (watch_.seconds() > kDelay) {
      line_.show(fmt::format("{} of {} images", grouped(done), grouped(total_)));
    }
  }
  void clear() { line_.clear(); }

 private:
  std::size_t total_;
  ProgressLine line_;
  Stopwatch watch_;
};

/// Batched inference over files.
class Predictor {
 public:
  explicit Predictor(const PredictOptions& options)
      : options_(options),
        // For a network this small, the CPU is done before a GPU is initialized.
        models_(read_models(chosen_models(options))),
        ensemble_(models_, "cpu"),
        watch_(options.watch ? std::make_unique<FolderWatch>(*options.watch) : nullptr),
        files_(list_image_files(options.images)),
        progress_(files_.size()),
        style_{.is_unicode = environment_is_utf8(), .has_colour = wants_colour()} {
    for (const ImageFile& file : files_) {
      if (file.is_in_folder) {
        name_columns_ = std::max(name_columns_, file.name.size());
      }
    }
  }

  ExitStatus run() {
    if (ensemble_.size() > 1 && !options_.json) {
      print_out("Ensemble of {} models (mean of class probabilities)\n", ensemble_.size());
    }
    if (!classify_all()) {
      return ExitStatus::kInterrupted;
    }
    progress_.clear();
    if (watch_) {
      follow();
    }
    if (!options_.contact_sheet.empty() && !on_sheet_.empty()) {
      write_contact_sheet();
    }
    return failures_ == 0 ? ExitStatus::kDone : ExitStatus::kData;
  }

 private:
  /// Classifies the images that the command names. @return false if it was interrupted meanwhile
  [[nodiscard]] bool classify_all() {
    constexpr std::size_t kBatch = 512;  // images; bounds memory
    const std::span<ImageFile> files = files_;
    for (std::size_t first = 0; first < files.size(); first += kBatch) {
      if (interrupt_requested()) {
        return false;
      }
      classify(files.subspan(first, std::min(kBatch, files.size() - first)));
      progress_.show(std::min(first + kBatch, files.size()));
    }
    return true;
  }

  /// Classifies a batch of images and prints the results; unreadable files are reported as errors.
  void classify(std::span<ImageFile> files) {
    std::vector<Classification> classifications;
    std::vector<std::uint8_t> pixels;
    for (ImageFile& file : files) {
      if (file.error) {
        continue;
      }
      try {
        const std::string name = file.name == "-" ? "standard input" : file.name;
        const PreprocessedImage input =
            preprocess(decode_image(read_image_file(file), name), options_.preprocess, name);
        classifications.push_back({.name = file.name, .input = input, .probabilities = {}});
        pixels.insert(pixels.end(), input.pixels.begin(), input.pixels.end());
      } catch (const DataError& error) {
        file.error = error.what();
      }
    }
    predict(pixels, classifications);
    auto next = classifications.begin();
    for (const ImageFile& file : files) {
      if (file.error) {
        print_failure(*file.error);
      } else {
        print(file, std::move(*next++));
      }
    }
  }

  /// Classifies what arrives in the watched folder, until the program is interrupted.
  void follow() {
    const FileDescriptor& stop = interrupt_descriptor();
    flush_output();
    if (isatty(STDERR_FILENO) == 1) {
      fmt::print(stderr, "Waiting for images in {}; Ctrl-C ends\n",
                 one_line(options_.watch->string()));
    }
    try {
      while (!interrupt_requested()) {
        std::vector<ImageFile> files = arrived(stop);
        for (auto file = files.begin(); file != files.end() && !interrupt_requested(); ++file) {
          classify({file, 1});
        }
        flush_output();
      }
    } catch (const DataError& error) {
      print_failure(error.what());
    }
  }

  /// Waits for images in the watched folder.
  [[nodiscard]] std::vector<ImageFile> arrived(const FileDescriptor& stop) {
    std::vector<ImageFile> files;
    for (const std::string& name : watch_->wait(stop)) {
      if (is_image_name(name)) {
        files.push_back(
            {.name = (*options_.watch / name).string(), .is_in_folder = true, .error = {}});
      }
    }
    return files;
  }

  /// Fills in the probabilities.
  void predict(std::span<const std::uint8_t> pixels, std::span<Classification> classifications) {
    const std::vector<float> probabilities = ensemble_.predict(pixels);
    const std::size_t count = ensemble_.classes();
    for (std::size_t i = 0; i < classifications.size(); ++i) {
      const auto row = std::span(probabilities).subspan(i * count, count);
      classifications[i].probabilities.assign(row.begin(), row.end());
    }
  }

  void print(const ImageFile& file, Classification classification) {
    if (options_.json) {
      Json json = to_json(classification, classes());
      json["models"] = ensemble_.size();
      print_out("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
    } else if (file.is_in_folder) {
      print_out("{}\n", classification_line(classification, classes(), name_columns_));
    } else {
      print_out("{}: {} ({})\n{}", one_line(classification.name), classes()[classification.label()],
                percent(classification.confidence()),
                image_with_bars(classification, classes(), style_));
    }
    ++classified_;
    if (!options_.contact_sheet.empty() && on_sheet_.size() < kMaxOnSheet) {
      on_sheet_.push_back(std::move(classification));
    }
  }

  void print_failure(const std::string& error) {
    flush_output();  // keeps the order of the files if both streams have the same destination
    progress_.clear();
    print_error(error);
    ++failures_;
  }

  void write_contact_sheet() {
    write_atomically(
        options_.contact_sheet,
        svg_to_png(contact_sheet(on_sheet_, classes(), classified_ - on_sheet_.size())));
    if (!options_.json) {
      print_out("Contact sheet of {}{} image{}: {}\n",
                classified_ > on_sheet_.size() ? "the first " : "", on_sheet_.size(),
                on_sheet_.size() == 1 ? "" : "s", one_line(options_.contact_sheet.string()));
    }
  }

  [[nodiscard]] const ClassNames& classes() const { return models_.front().classes; }

  const PredictOptions& options_;
  std::vector<Model> models_;
  Ensemble ensemble_;
  std::unique_ptr<FolderWatch> watch_;  ///< before files_, so that none arrives unseen
  std::vector<ImageFile> files_;
  Progress progress_;
  TextStyle style_;
  std::size_t name_columns_ = 0;
  std::vector<Classification> on_sheet_;
  std::size_t classified_ = 0;
  std::size_t failures_ = 0;
};

}  // namespace

ExitStatus predict_command(const PredictOptions& options) {
  if (options.images.empty() && !options.watch) {
    write_submission(read_models(chosen_models(options)), options.csv, options.submission);
    return ExitStatus::kDone;
  }
  require_image_decoders();
  if (!options.contact_sheet.empty()) {
    require_svg_to_png();
  }
  return Predictor(options).run();
}

}  // namespace qmnist
