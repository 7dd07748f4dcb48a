#pragma once

#include <string>

#include "host/run_store/summary.h"

namespace qmnist {

/// A finished run as one page that a browser shows without a network or scripts: report.html.
/// Well-formed as XML too.
[[nodiscard]] std::string html_report(const RunResult& result);

}  // namespace qmnist
