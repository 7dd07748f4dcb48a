#pragma once

#include "host/file_descriptor.h"

namespace qmnist {

/// Installs handlers that make SIGINT (Ctrl-C), SIGTERM (docker stop) and SIGHUP (a closed terminal
/// or connection) request an orderly exit. A second SIGINT or SIGTERM ends the program immediately.
/// SIGHUP stays ignored if it was ignored on entry (nohup).
void catch_interrupts();

/// From now on, a second one does not end the program: launchers of ranks repeat SIGTERM while a
/// checkpoint is saved.
void catch_repeated_interrupts();

/// Whether one of these signals was received. Safe to call from any thread.
[[nodiscard]] bool interrupt_requested();

/// Becomes readable when one of these signals is received, and stays so; for poll().
/// @throws UsageError where the system has no descriptor left
[[nodiscard]] const FileDescriptor& interrupt_descriptor();

}  // namespace qmnist
