#pragma once

#include <functional>

#include "host/error.h"

namespace qmnist {

/// What a command line asks for. @return the program's exit status. @throws Error
using Command = std::function<ExitStatus()>;

}  // namespace qmnist
