#pragma once

#include <string>

#include "host/run_store/summary.h"

namespace qmnist {

/// The report of a finished run as a self-contained HTML page without scripts: report.html. It is
/// also well-formed XML.
[[nodiscard]] std::string html_report(const RunResult& result);

}  // namespace qmnist
