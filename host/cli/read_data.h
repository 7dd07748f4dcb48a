#pragma once

#include "host/data/dataset.h"

namespace qmnist {

/// load_dataset() that says on a terminal how far it is, where it takes more than a second.
[[nodiscard]] Dataset read_data(const DataSettings& settings);

/// load_data() likewise.
[[nodiscard]] Dataset read_data(const std::filesystem::path& path, const FileForm& form = {});

}  // namespace qmnist
