#pragma once

#include <functional>

#include "host/error.h"

namespace qmnist {

/// A parsed command, ready to run. @return the program's exit status. @throws Error
using Command = std::function<ExitStatus()>;

}  // namespace qmnist
