#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/config/config.h"
#include "host/data/class_names.h"
#include "host/engines/teacher.h"

namespace qmnist {

/// The checksums of the files of a config's teacher, which config.teacher.checksums is to have
/// where the config is compared with a checkpoint's.
/// @throws DataError naming a file that is not there, UsageError where the run would overwrite it
[[nodiscard]] std::vector<std::string> teacher_checksums(const Config& config);

/// The teacher that a config names, on the run's device; nullptr where it names none.
/// @param config resolved
/// @param settings of the run's engine
/// @param classes of the data
/// @throws DataError naming a model that cannot be read or has other classes; as Teacher
[[nodiscard]] std::unique_ptr<Teacher> make_teacher(const Config& config,
                                                    const EngineSettings& settings,
                                                    const ClassNames& classes);

}  // namespace qmnist
