#include "host/cli/predict_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <span>

#include "host/atomic_file.h"
#include "host/charts/contact_sheet.h"
#include "host/cli/image_files.h"
#include "host/cli/interrupt.h"
#include "host/cli/output.h"
#include "host/cli/terminal.h"
#include "host/engines/ensemble.h"
#include "host/format/answer.h"
#include "host/format/picture.h"
#include "host/format/text.h"
#include "host/image/decode.h"
#include "host/image/svg.h"
#include "host/model/model.h"
#include "host/stopwatch.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> chosen_models(const PredictOptions& options) {
  if (!options.models.empty()) {
    return options.models;
  }
  if (!fs::exists(kUsualModel)) {
    throw UsageError(
        "--model is missing, and there is no {} in this folder; name the folder of a run, or train "
        "one with scripts/train",
        kUsualModel);
  }
  return {kUsualModel};
}

/// Shows progress on standard error, where a terminal would show nothing else.
class Progress {
 public:
  explicit Progress(std::size_t total)
      : total_(total), is_shown_(isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) != 1) {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  Progress(Progress&&) = delete;
  Progress& operator=(Progress&&) = delete;
  ~Progress() { clear(); }

  void show(std::size_t done) {
    constexpr double kPatience = 1;  // seconds
    if (is_shown_ && watch_.seconds() > kPatience) {
      draw(fmt::format("\r{} of {} images", grouped(done), grouped(total_)));
      is_drawn_ = true;
    }
  }
  void clear() {
    if (is_drawn_) {
      draw("\r\x1b[K");
      is_drawn_ = false;
    }
  }

 private:
  static void draw(const std::string& text) { (void)std::fputs(text.c_str(), stderr); }

  std::size_t total_;
  bool is_shown_;
  bool is_drawn_ = false;
  Stopwatch watch_;
};

/// Batched inference over the files of a command line.
class Predictor {
 public:
  explicit Predictor(const PredictOptions& options)
      : options_(options),
        // A network of that small size has answered on the CPU before a GPU has started.
        ensemble_(read_models(chosen_models(options)), "cpu"),
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
      print_out("Ensemble of {} models: the mean of their class probabilities\n", ensemble_.size());
    }
    constexpr std::size_t kBlock = 512;  // images; bounds memory
    for (std::size_t first = 0; first < files_.size(); first += kBlock) {
      if (interrupt_requested()) {
        return ExitStatus::kInterrupted;
      }
      answer(std::span(files_).subspan(first, std::min(kBlock, files_.size() - first)));
      progress_.show(std::min(first + kBlock, files_.size()));
    }
    progress_.clear();
    if (!options_.contact_sheet.empty() && !on_sheet_.empty()) {
      write_contact_sheet();
    }
    return failures_ == 0 ? ExitStatus::kDone : ExitStatus::kData;
  }

 private:
  /// Classifies the images of a block; files that cannot be read get their error.
  void answer(std::span<ImageFile> files) {
    std::vector<Answer> answers;
    std::vector<std::uint8_t> pixels;
    for (ImageFile& file : files) {
      if (file.error) {
        continue;
      }
      try {
        const std::string place = file.name == "-" ? "standard input" : file.name;
        const Digit input =
            preprocess(decode_image(read_image_file(file), place), options_.preprocess, place);
        answers.push_back({.name = file.name, .input = input, .probabilities = {}});
        pixels.insert(pixels.end(), input.pixels.begin(), input.pixels.end());
      } catch (const DataError& error) {
        file.error = error.what();
      }
    }
    predict(pixels, answers);
    auto next = answers.begin();
    for (const ImageFile& file : files) {
      if (file.error) {
        report_failure(*file.error);
      } else {
        report(file, std::move(*next++));
      }
    }
  }

  void predict(std::span<const std::uint8_t> pixels, std::span<Answer> answers) {
    const std::vector<std::uint8_t> no_labels(answers.size());  // nobody knows them
    std::vector<std::uint32_t> all(answers.size());
    std::iota(all.begin(), all.end(), 0U);
    const std::vector<float> probabilities =
        ensemble_.predict({.pixels = pixels, .labels = no_labels}, all);
    for (std::size_t i = 0; i < answers.size(); ++i) {
      std::copy_n(probabilities.begin() + static_cast<std::ptrdiff_t>(i * kClasses), kClasses,
                  answers[i].probabilities.begin());
    }
  }

  void report(const ImageFile& file, Answer answer) {
    if (options_.json) {
      Json json = to_json(answer);
      json["models"] = ensemble_.size();
      print_out("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
    } else if (file.is_in_folder) {
      print_out("{}\n", answer_line(answer, name_columns_));
    } else {
      print_out("{}: {} ({})\n{}", one_line(answer.name), answer.digit(),
                percent(answer.confidence()), picture_and_bars(answer, style_));
    }
    ++answered_;
    if (!options_.contact_sheet.empty() && on_sheet_.size() < kMaxOnSheet) {
      on_sheet_.push_back(std::move(answer));
    }
  }

  void report_failure(const std::string& error) {
    flush_output();  // in the order of the files, where both go to one place
    progress_.clear();
    print_error(error);
    ++failures_;
  }

  void write_contact_sheet() {
    write_atomically(options_.contact_sheet,
                     svg_to_png(contact_sheet(on_sheet_, answered_ - on_sheet_.size())));
    if (!options_.json) {
      print_out("Contact sheet of {}{} picture{}: {}\n",
                answered_ > on_sheet_.size() ? "the first " : "", on_sheet_.size(),
                on_sheet_.size() == 1 ? "" : "s", one_line(options_.contact_sheet.string()));
    }
  }

  const PredictOptions& options_;
  Ensemble ensemble_;
  std::vector<ImageFile> files_;
  Progress progress_;
  TextStyle style_;
  std::size_t name_columns_ = 0;
  std::vector<Answer> on_sheet_;
  std::size_t answered_ = 0;
  std::size_t failures_ = 0;
};

}  // namespace

ExitStatus predict_command(const PredictOptions& options) {
  require_image_decoders();
  if (!options.contact_sheet.empty()) {
    require_svg_to_png();
  }
  return Predictor(options).run();
}

}  // namespace qmnist
