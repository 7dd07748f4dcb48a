#include "host/failure.h"

#include <exception>
#include <filesystem>
#include <new>
#include <system_error>

namespace qmnist {
namespace {

std::string system_failure(const std::system_error& error) {
  if (error.code() == std::errc::not_enough_memory) {
    return std::string(kOutOfMemory);
  }
  const auto* at = dynamic_cast<const std::filesystem::filesystem_error*>(&error);
  if (at == nullptr || at->path1().empty()) {
    return error.what();
  }
  return fmt::format("{}: cannot be accessed: {}; check this path and its permissions",
                     at->path1().string(), error.code().message());
}

}  // namespace

Failure current_failure() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.status(), error.what()};
  } catch (const std::bad_alloc&) {
    return {ExitStatus::kUsage, std::string(kOutOfMemory)};
  } catch (const std::system_error& error) {
    return {ExitStatus::kUsage, system_failure(error)};
  } catch (const std::exception& error) {
    return {ExitStatus::kInternal, error.what()};
  }
}

}  // namespace qmnist
