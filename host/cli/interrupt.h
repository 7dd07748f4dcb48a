#pragma once

namespace qmnist {

/// From now on SIGINT (Ctrl-C), SIGTERM (docker stop) and SIGHUP (a closed terminal, a lost
/// connection) ask for an orderly end. A second SIGINT or SIGTERM ends the program at once. SIGHUP
/// stays ignored where it was on entry (nohup).
void catch_interrupts();

/// Whether such a signal has come; may be called from any thread.
[[nodiscard]] bool interrupt_requested();

}  // namespace qmnist
