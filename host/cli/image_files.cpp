#include "host/cli/image_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "host/error.h"
#include "host/file_descriptor.h"
#include "host/image/image_names.h"

namespace qmnist {
namespace {

namespace fs = std::filesystem;

bool is_image(const fs::directory_entry& entry) {
  std::error_code unknown;
  return is_image_name(entry.path()) && entry.is_regular_file(unknown);
}

std::vector<ImageFile> images_in(const std::string& folder) {
  std::vector<ImageFile> files;
  std::error_code reason;
  for (fs::directory_iterator entry(folder, reason), end; !reason && entry != end;
       entry.increment(reason)) {
    if (is_image(*entry)) {
      files.push_back({.name = entry->path().string(), .is_in_folder = true, .error = {}});
    }
  }
  if (reason) {
    return {
        {.name = folder, .error = fmt::format("{}: cannot be read: {}", folder, reason.message())}};
  }
  if (files.empty()) {
    return {{.name = folder, .error = no_images_in(folder)}};
  }
  std::ranges::sort(files, {}, &ImageFile::name);
  return files;
}

}  // namespace

std::vector<ImageFile> list_image_files(const std::vector<std::string>& arguments) {
  std::vector<ImageFile> files;
  for (const std::string& argument : arguments) {
    std::error_code unknown;
    if (argument != "-" && fs::is_directory(argument, unknown)) {
      std::ranges::move(images_in(argument), std::back_inserter(files));
    } else {
      files.push_back({.name = argument, .is_in_folder = false, .error = {}});
    }
  }
  return files;
}

std::vector<std::uint8_t> read_image_file(const ImageFile& file) {
  constexpr std::size_t kChunk = 1 << 16;
  constexpr std::size_t kMaxSize = std::size_t{1} << 28;
  const bool is_input = file.name == "-";
  const std::string name = is_input ? "standard input" : file.name;
  const FileDescriptor descriptor(is_input ? ::dup(STDIN_FILENO)
                                           : ::open(file.name.c_str(), O_RDONLY | O_CLOEXEC));
  std::vector<std::uint8_t> content;
  std::size_t size = 0;
  for (ssize_t got = 1; got != 0;) {
    content.resize(size + kChunk);
    got = descriptor ? ::read(descriptor.get(), content.data() + size, kChunk) : -1;
    if (got < 0 && (errno != EINTR || !descriptor)) {
      throw DataError("{}: cannot be read: {}; expected an image", name,
                      std::generic_category().message(errno));
    }
    size += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    if (size > kMaxSize) {
      throw DataError("{}: is larger than {} MiB; expected a smaller image", name, kMaxSize >> 20);
    }
  }
  content.resize(size);
  return content;
}

}  // namespace qmnist
