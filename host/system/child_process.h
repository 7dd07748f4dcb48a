#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace qmnist {

/// Calls `work` in a child process and returns its result.
///
/// Some C and Rust libraries abort if an allocation fails. In a child process, that only ends the
/// child, without a message. If no child can be created (a limit on processes), `work` is called in
/// this process.
///
/// The child has no other threads, so `work` must not use anything that another thread may hold a
/// lock on, except for the allocator, which fork() handles. Calls are serialized.
/// @param task description for errors: "drawing a picture"
/// @throws std::bad_alloc if `work` does; UsageError if it throws anything else or the child ends
///   without a result, as libraries report a failed allocation in various ways
[[nodiscard]] std::string run_in_child(std::string_view task,
                                       const std::function<std::string()>& work);

}  // namespace qmnist
