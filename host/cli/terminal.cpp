#include "host/cli/terminal.h"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "host/cli/output.h"
#include "host/failure.h"
#include "host/format/text.h"

namespace qmnist {
namespace {

constexpr std::string_view kErrorPrefix = "qmnist_gpu: error: ";

/// Errors of the write are ignored: there is nowhere to report them.
void print_on_stderr(std::string_view prefix, const std::string& message) {
  const std::string line = fmt::format("{}{}\n", prefix, one_line(message));
  (void)std::fwrite(line.data(), 1, line.size(), stderr);
}

std::string_view environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets any
  return value == nullptr ? "" : value;
}

}  // namespace

bool environment_is_utf8() {
  const locale_t locale = newlocale(LC_CTYPE_MASK, "", nullptr);
  if (locale == nullptr) {
    return false;
  }
  const bool is_utf8 = std::string_view(nl_langinfo_l(CODESET, locale)) == "UTF-8";
  freelocale(locale);
  return is_utf8;
}

bool wants_colour() {
  return isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR").empty() &&
         environment("TERM") != "dumb";
}

std::size_t terminal_columns() {
  constexpr std::size_t kDefault = 80;
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kDefault;
}

std::string display_path(const std::filesystem::path& path) {
  const std::filesystem::path relative = path.lexically_proximate(std::filesystem::current_path());
  const bool is_outside = !relative.empty() && *relative.begin() == "..";
  return is_outside ? path.string() : relative.string();
}

void print_error(const std::string& message) {
  print_on_stderr(kErrorPrefix, message);
}

void print_out_of_memory() noexcept {
  for (const std::string_view part : {kErrorPrefix, kOutOfMemory, std::string_view("\n")}) {
    (void)!::write(STDERR_FILENO, part.data(), part.size());
  }
}

void print_warning(const std::string& message) {
  flush_output();  // keeps the order of events if both streams have the same destination
  print_on_stderr("qmnist_gpu: warning: ", message);
}

}  // namespace qmnist
