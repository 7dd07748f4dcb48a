#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace qmnist {

/// Does a piece of work in a child process and returns the bytes that it returned there.
///
/// Some C and Rust libraries abort where an allocation fails. In a child that ends the child alone,
/// and silently. Where no child can be had (a limit of processes), the work is done right here.
///
/// Threads do not live on in the child: the work must use nothing that another thread may hold
/// locked, but for the allocator, which fork() takes care of. One call at a time; others wait.
/// @param task what it does, for errors: "drawing a picture"
/// @throws std::bad_alloc as `work` does; UsageError where it threw something else or the child
///   ended without a result: libraries that fail to allocate report it as anything
[[nodiscard]] std::string run_in_child(std::string_view task,
                                       const std::function<std::string()>& work);

}  // namespace qmnist
