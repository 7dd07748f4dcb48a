#pragma once

#include <memory>

#include "host/engines/engine.h"

namespace qmnist::test {

/// Makes the engine that this test program is about: every engine passes engine_test.cpp, which is
/// compiled into one program for each.
/// @throws DeviceError where its device is missing
[[nodiscard]] std::unique_ptr<Engine> make_engine_under_test(EngineSettings settings);

}  // namespace qmnist::test
