#include "host/format/training_text.h"

#include <gtest/gtest.h>

namespace qmnist {
namespace {

TEST(TrainingTextTest, NamesTheOptimizerAndWhatIsSetOfIt) {
  EXPECT_EQ(optimizer_text({}), "Adam");
  EXPECT_EQ(optimizer_text({.name = OptimizerName::kAdamW, .weight_decay = 0.01}),
            "AdamW, weight decay 0.01");
  EXPECT_EQ(optimizer_text({.name = OptimizerName::kSgd}), "SGD");
  EXPECT_EQ(optimizer_text({.name = OptimizerName::kSgd, .momentum = 0.9, .nesterov = true}),
            "SGD, Nesterov momentum 0.9");
}

TEST(TrainingTextTest, ListsTheDistortionsThatAreOn) {
  EXPECT_EQ(teacher_text({}), "");
  EXPECT_EQ(teacher_text({.models = {"a"}, .weight = 0.5, .temperature = 3}),
            "1 model, weight 0.5, temperature 3");
  EXPECT_EQ(augmentation_text({}), "");
  EXPECT_EQ(augmentation_text({.rotation = 10, .shift = 1.5}), "rotation 10, shift 1.5");
  EXPECT_EQ(augmentation_text({.scale = 0.1, .elastic = 1, .elastic_sigma = 4.5}),
            "scale 0.1, elastic 1 (sigma 4.5)");
}

TEST(TrainingTextTest, SaysHowTheDataAreSplit) {
  EXPECT_EQ(split_rule_text({.split_seed = 7, .validation_fraction = 0.1}),
            "as scikit-learn, seed 7");
  DataSettings official{.split = SplitRule::kOfficial};
  EXPECT_EQ(split_rule_text(official), "official, the data set's own files");
  official.validation_fraction = 0.1;
  EXPECT_EQ(split_rule_text(official), "official, the data set's own files; validation by seed 42");
}

}  // namespace
}  // namespace qmnist
