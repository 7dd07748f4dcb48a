#include "host/run/run_teacher.h"

#include "host/data/sha256.h"
#include "host/error.h"

namespace qmnist {

std::unique_ptr<Teacher> make_teacher(Config& config, const EngineSettings& settings,
                                      const ClassNames& classes) {
  TeacherSettings& teacher = config.teacher;
  if (!teacher.any()) {
    return nullptr;
  }
  for (const std::filesystem::path& path : teacher.models) {
    if (!std::filesystem::exists(path)) {
      throw DataError(
          "{}: is not there; train this teacher first, or name other runs or model files in "
          "training.teacher",
          path.string());
    }
  }
  const std::vector<Model> models = read_models(teacher.models);
  if (models.front().classes != classes) {
    throw DataError(
        "{}: its classes are {}, those of the data are {}; a teacher must have the same",
        teacher.models.front().string(), classes_text(models.front().classes),
        classes_text(classes));
  }
  teacher.checksums.clear();
  for (const std::filesystem::path& path : teacher.models) {
    teacher.checksums.push_back(sha256_of_file(model_file(path)));
  }
  return std::make_unique<Teacher>(models, settings, config.device);
}

}  // namespace qmnist
