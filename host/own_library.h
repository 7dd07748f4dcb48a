#pragma once

#include <stdexcept>

namespace qmnist {

/// A library that could not be loaded; the message is the dynamic linker's.
class LibraryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Loads a library that is a part of this program, and needs others that not every machine has. It
/// is never unloaded.
/// @param library its file's name
/// @return the address of `symbol` in it
/// @throws LibraryError
[[nodiscard]] const void* load_own_library(const char* library, const char* symbol);

}  // namespace qmnist
