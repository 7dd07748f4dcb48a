#pragma once

#include <memory>

#include "host/config/config.h"
#include "host/data/class_names.h"
#include "host/engines/teacher.h"

namespace qmnist {

/// The teacher that a config names, on the run's device; nullptr where it names none. Notes the
/// checksums of its files in the config.
/// @param config resolved
/// @param settings of the run's engine
/// @param classes of the data
/// @throws DataError naming a model that cannot be read or has other classes; as Teacher
[[nodiscard]] std::unique_ptr<Teacher> make_teacher(Config& config, const EngineSettings& settings,
                                                    const ClassNames& classes);

}  // namespace qmnist
