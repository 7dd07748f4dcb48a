#pragma once

#include <memory>
#include <vector>

#include "host/selftest/check.h"
#include "host/selftest/expectations.h"

namespace qmnist::selftest {

/// The CPU engine with each instruction set of this CPU, with one thread and with all, against the
/// reference's plain loops, to the bit; and the time of its steps.
[[nodiscard]] std::vector<Check> cpu_checks(const std::shared_ptr<Expectations>& expectations);

}  // namespace qmnist::selftest
