#pragma once

namespace qmnist {

/// From now on SIGINT (Ctrl-C) and SIGTERM (docker stop) ask for an orderly end; a second one ends
/// the program at once.
void catch_interrupts();

/// Whether such a signal has come.
[[nodiscard]] bool interrupt_requested();

}  // namespace qmnist
