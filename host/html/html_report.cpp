#include "host/html/html_report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "host/charts/charts.h"
#include "host/charts/heat_map.h"
#include "host/export/html_page.h"
#include "host/format/text.h"
#include "host/format/training_text.h"
#include "host/html/html.h"
#include "host/html/report_images.h"
#include "host/run_store/run_folder.h"

namespace qmnist {
namespace {

using Facts = std::vector<std::pair<std::string_view, std::string>>;

constexpr ChartStyle kPageStyle{.font = "inherit",
                                .text = "var(--text)",
                                .muted = "var(--muted)",
                                .grid = "var(--rule)",
                                .training = "var(--training)",
                                .validation = "var(--validation)"};

/// A list of names and values; `css_class` selects the layout.
std::string facts_html(std::string_view css_class, const Facts& facts) {
  std::string html = fmt::format("<dl class=\"{}\">\n", css_class);
  for (const auto& [name, value] : facts) {
    fmt::format_to(std::back_inserter(html), "<div><dt>{}</dt><dd>{}</dd></div>\n", escaped(name),
                   escaped(value));
  }
  return html + "</dl>\n";
}

std::string section(std::string_view id, std::string_view title, std::string_view content) {
  return fmt::format(
      "<section id=\"{0}\" aria-labelledby=\"{0}-heading\">\n"
      "<h2 id=\"{0}-heading\">{1}</h2>\n{2}</section>\n",
      id, title, content);
}

std::string run_name(const RunResult& result) {
  return (result.config.output.dir / "").parent_path().filename().string();
}

std::string seconds_text(double seconds) {
  return fmt::format("{:.2f} s", seconds);
}

std::string rate_text(const RunResult& result) {
  const double rate = result.samples_per_second();
  return std::isfinite(rate) ? grouped(static_cast<std::size_t>(rate)) : "–";
}

std::string headline(const RunResult& result) {
  const std::size_t images = result.test.predictions.size();
  const auto correct = static_cast<std::size_t>(
      std::ranges::count_if(result.test.predictions, &Prediction::is_correct));
  std::string html = fmt::format(
      "<header>\n<p>{}</p>\n<h1>Test accuracy {}</h1>\n"
      "<p>{} of {} test images were classified correctly (± one binomial standard error).</p>\n",
      escaped(run_name(result)), accuracy_text(result.test), grouped(correct), grouped(images));
  if (const std::string warning =
          test_warning(result.test, result.dataset.classes, result.config.optimizer.learning_rate);
      !warning.empty()) {
    html += fmt::format("<p class=\"warning\" role=\"alert\">Warning: {}</p>\n", escaped(warning));
  }
  html += facts_html("figures", {{"Test loss", fmt::format("{:.4f}", result.test.loss)},
                                 {"Misclassified", grouped(images - correct)},
                                 {"Parameters", grouped(result.network.parameter_count())},
                                 {"Training", seconds_text(result.seconds_train())},
                                 {"Samples per second", rate_text(result)}});
  if (fits_page(result.network)) {
    html += fmt::format("<p><a href=\"{}\">Draw, and see what this network reads</a></p>\n",
                        run_file::kDrawPage);
  }
  return html + "</header>\n";
}

std::string model_table(const Network& network) {
  Table table{.caption = fmt::format("The network, from {} pixels to {} classes", network.inputs(),
                                     network.classes()),
              .columns = {"Layer", "Output", "Parameters"},
              .rows = {}};
  const auto layers = network.layers();
  const std::string hidden = fmt::format("dense, {}", name_of(network.activation()));
  for (const DenseLayer& layer : layers) {
    table.rows.push_back({&layer == &layers.back() ? "dense, softmax" : hidden,
                          grouped(layer.outputs), grouped(layer.weight.size + layer.bias.size)});
  }
  table.rows.push_back({"total", "", grouped(network.parameter_count())});
  return html_table(table, "numbers");
}

std::string or_none(const std::string& text) {
  return text.empty() ? "none" : text;
}

std::string training_text(const RunResult& result) {
  const TrainingSettings& training = result.config.training;
  const Checkpoint& checkpoint = result.checkpoint;
  const std::string best = checkpoint.best
                               ? fmt::format("; best weights: epoch {} of {}",
                                             checkpoint.best->epoch, checkpoint.finished_epochs())
                               : "";
  return fmt::format(
      "{} epochs, batches of {}, {}, seed {}{}", training.epochs, training.batch_size,
      training.shuffle ? "shuffled every epoch" : "not shuffled", training.seed, best);
}

std::string run_summary(const RunResult& result) {
  const Config& config = result.config;
  return "<div class=\"columns\">\n" + model_table(result.network) +
         facts_html(
             "facts",
             {{"Data", fmt::format("{}, {} images of {} x {}", result.dataset.name,
                                   grouped(result.dataset.count()), kImageSide, kImageSide)},
              {"Training images", grouped(result.split.train.size())},
              {"Validation images", grouped(result.split.validation.size())},
              {"Test images", fmt::format("{} (split: {})", grouped(result.split.test.size()),
                                          split_rule_text(config.data))},
              {"Training", training_text(result)},
              {"Optimizer",
               fmt::format("{}: learning rate {}", optimizer_text(config.optimizer),
                           schedule_text(config.schedule, config.optimizer.learning_rate))},
              {"Augmentation", or_none(augmentation_text(config.augmentation))},
              {"Regularization", or_none(regularization_text(config))},
              {"Teacher", or_none(teacher_text(config.teacher))},
              {"Device", result.device},
              {"Run folder", config.output.dir.string()}}) +
         "</div>\n";
}

std::vector<std::string> epoch_row(const EpochMetrics& epoch) {
  std::vector<std::string> row{std::to_string(epoch.epoch), fmt::format("{:.3f}", epoch.seconds),
                               fmt::format("{:g}", epoch.learning_rate),
                               fmt::format("{:.4f}", epoch.loss),
                               fmt::format("{:.4f}", epoch.accuracy)};
  if (epoch.validation) {
    row.push_back(fmt::format("{:.4f}", epoch.validation->loss));
    row.push_back(fmt::format("{:.4f}", epoch.validation->accuracy));
  }
  return row;
}

std::string epoch_table(std::span<const EpochMetrics> history) {
  constexpr std::size_t kMaxEpochRows = 100;
  const std::string caption =
      history.size() > kMaxEpochRows
          ? fmt::format("{} of the {} epochs; {} has all of them", kMaxEpochRows,
                        grouped(history.size()), run_file::kMetricsTable)
          : "Every epoch; loss and accuracy are running means while the weights change";
  Table table{.caption = caption,
              .columns = {"Epoch", "Seconds", "Learning rate", "Loss", "Accuracy"},
              .rows = {}};
  if (!history.empty() && history.front().validation) {
    table.columns.insert(table.columns.end(), {"Validation loss", "Validation accuracy"});
  }
  for (const std::size_t i : evenly_spaced(history.size(), kMaxEpochRows)) {
    table.rows.push_back(epoch_row(history[i]));
  }
  return html_table(table, "numbers epochs");
}

std::string curves(std::span<const EpochMetrics> history) {
  return "<div class=\"charts\">\n" + curve_chart(Measure::kLoss, history) +
         curve_chart(Measure::kAccuracy, history) + "</div>\n" + epoch_table(history);
}

std::string per_class_html(const Evaluation& test, std::span<const std::string> classes) {
  Table table{.caption = "Precision, recall, F1 and number of test images",
              .columns = {"Class", "Precision", "Recall", "F1", "Support"},
              .rows = {}};
  for (std::size_t label = 0; label < test.classes(); ++label) {
    const ClassReport& report = test.per_class[label];
    table.rows.push_back({classes[label], fmt::format("{:.4f}", report.precision),
                          fmt::format("{:.4f}", report.recall), fmt::format("{:.4f}", report.f1),
                          grouped(report.support)});
  }
  return html_table(table, "numbers");
}

std::string timing(const RunResult& result) {
  const auto epochs = static_cast<double>(result.checkpoint.finished_epochs());
  return facts_html(
      "facts",
      {{"Loading", seconds_text(result.seconds_load)},
       {"Training", fmt::format("{}, {:.3f} s per epoch", seconds_text(result.seconds_train()),
                                result.seconds_train() / epochs)},
       {"Training, with checkpoints", seconds_text(result.checkpoint.seconds_wall)},
       {"Testing", seconds_text(result.seconds_test)},
       {"Training samples per second", rate_text(result)}});
}

std::string environment(const RunResult& result) {
  utsname system{};
  uname(&system);
  const Facts facts{
      {"Program", "qmnist_gpu " QMNIST_VERSION ", compiled by " QMNIST_COMPILER},
      {"Device", result.device},
      {"System", fmt::format("{} {} {}", system.sysname, system.release, system.machine)},
      {"Finished", fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr)))}};
  Table files{.caption = "Data files", .columns = {"File", "SHA-256"}, .rows = {}};
  for (const DataFile& file : result.dataset.files) {
    files.rows.push_back({file.path.filename().string(), file.sha256});
  }
  return facts_html("facts", facts) + html_table(files);
}

std::string config_html(const Json& values) {
  const std::string text = values.dump(2, ' ', false, Json::error_handler_t::replace);
  return "<details>\n<summary>Every key with its value, as in config.json</summary>\n" +
         scroll_box("Config", "<pre>" + escaped(text) + "</pre>\n") + "</details>\n";
}

}  // namespace

std::string html_report(const RunResult& result) {
  const auto& history = result.checkpoint.history;
  const ClassNames& classes = result.dataset.classes;
  std::string html = headline(result) + "<main>\n";
  html += section("run", "The run", run_summary(result));
  html += section("curves", "Loss and accuracy", curves(history));
  html += "<div class=\"columns\">\n";
  html += section("confusion", "Confusion matrix", confusion_html(result.test, classes));
  html += section("classes", "Metrics per class", per_class_html(result.test, classes));
  html += "</div>\n";
  html += section("mistakes", "Most confident misclassifications",
                  mistakes_html(result.test, result.dataset));
  html += section("first-layer", "Weights of the first layer",
                  first_layer_html(result.network, result.checkpoint.state.eval_parameters()));
  html += section("timing", "Timing", timing(result));
  html += section("environment", "Environment", environment(result));
  html += section("config", "Config", config_html(config_json(result.config)));
  return html_page(fmt::format("{}: {}", run_name(result), accuracy_text(result.test)),
                   chart_style(kPageStyle), html + "</main>\n");
}

}  // namespace qmnist
