#include "host/own_library.h"

#include <dlfcn.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace qmnist {
namespace {

/// An installed program has its libraries in a folder of their own; in the build folder, they are
/// found by the program's RUNPATH.
std::string path_of(const char* library) {
  std::error_code ignored;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto installed = program.parent_path() / QMNIST_LIBRARY_FOLDER / library;
  return std::filesystem::exists(installed, ignored) ? installed.string() : library;
}

}  // namespace

const void* load_own_library(const char* library, const char* symbol) {
  void* const handle = dlopen(path_of(library).c_str(), RTLD_NOW | RTLD_LOCAL);
  const void* const address = handle == nullptr ? nullptr : dlsym(handle, symbol);
  if (address == nullptr) {
    throw LibraryError(dlerror());  // NOLINT(concurrency-mt-unsafe)
  }
  return address;
}

}  // namespace qmnist
