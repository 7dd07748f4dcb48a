#include "host/run/run_teacher.h"

#include <filesystem>

#include "host/data/sha256.h"
#include "host/error.h"

namespace qmnist {

namespace fs = std::filesystem;

std::vector<std::string> teacher_checksums(const Config& config) {
  std::vector<std::string> checksums;
  for (const fs::path& path : config.teacher.models) {
    if (!fs::exists(path)) {
      throw DataError(
          "{}: is not there; train this teacher first, or name other runs or model files in "
          "training.teacher",
          path.string());
    }
    const fs::path file = model_file(path);
    if (fs::weakly_canonical(file).parent_path() == fs::weakly_canonical(config.output.dir)) {
      throw UsageError(
          "{}: this run would move its own teacher away; copy the model, or set another output.dir",
          file.string());
    }
    checksums.push_back(sha256_of_file(file));
  }
  return checksums;
}

std::unique_ptr<Teacher> make_teacher(const Config& config, const EngineSettings& settings,
                                      const ClassNames& classes) {
  const TeacherSettings& teacher = config.teacher;
  if (!teacher.any()) {
    return nullptr;
  }
  const std::vector<Model> models = read_models(teacher.models);
  if (models.front().classes != classes) {
    throw DataError(
        "{}: its classes are {}, those of the data are {}; a teacher must have the same",
        teacher.models.front().string(), classes_text(models.front().classes),
        classes_text(classes));
  }
  return std::make_unique<Teacher>(models, settings, config.device);
}

}  // namespace qmnist
