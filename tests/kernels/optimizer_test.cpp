#include "tests/kernels/launcher.h"  // before any kernel

#include <array>
#include <cmath>

#include "kernels/optimizer.h"
#include "tests/kernels/values.h"

namespace qmnist {
namespace {

/// One parameter in double, and how far a float may be from it.
struct Reference {
  double parameter;
  double first_moment = 0;
  double second_moment = 0;
  double parameter_error = 0;
  double first_error = 0;
  double second_error = 0;

  /// The step's scalars err by eps / 2 each, as does each operation, square root and division
  /// included; second-order terms are left to the slack of rounding these constants up:
  ///
  ///     m + (g - m) c: (g - m) c errs by 1.5 eps, the sum by eps / 2
  ///     v + (g^2 - v) c: g^2 errs by eps / 2 before, then as above
  ///     w - alpha m / (sqrt(v) + epsilon): alpha, two operations on it, the sum and the root err
  ///     by 2.5 eps, v's own error by half of it; w by eps / 2
  void update(const OptimizerStep<double>& step, double gradient) {
    const double m = first_moment;
    const double v = second_moment;
    const double w = parameter;
    adam_update(step, gradient, parameter, first_moment, second_moment);
    constexpr double kEps = test::kEpsilon;
    first_error +=
        kEps * (1.6 * std::abs(gradient - m) * step.one_minus_beta1 + 0.5 * std::abs(first_moment));
    second_error += kEps * ((1.6 * std::abs(gradient * gradient - v) + 0.5 * gradient * gradient) *
                                step.one_minus_beta2 +
                            0.5 * second_moment);
    const double moved = std::abs(parameter - w);
    parameter_error += moved * (2.6 * kEps + second_error / (2 * second_moment)) +
                       step.alpha * first_error / std::sqrt(second_moment) +
                       0.5 * kEps * std::abs(parameter);
  }
};

/// A moment for each of the optimizer's.
using Moments = std::vector<test::Array<float>>;

class OptimizerKernelTest : public test::KernelTest {
 protected:
  void step(std::uint64_t t, const std::vector<float>& gradients, test::Array<float>& parameters,
            Moments& moments, std::size_t count) {
    test::Array scalars(
        std::vector<OptimizerStep<float>>{optimizer_scalars<float>(settings_, 1e-3, t)});
    test::Array device_gradients(gradients);
    OptimizerArenas arenas{
        .gradients = device_gradients.data(), .parameters = parameters.data(), .moments = {}};
    for (std::size_t i = 0; i < moments.size(); ++i) {
      arenas.moments[i] = moments[i].data();
    }
    run([&](cudaStream_t stream) {
      return launch_optimizer(stream, settings_.name, scalars.data(), arenas, count);
    });
  }

  /// Several steps, each compared with the formula in double.
  void compare(std::size_t count, std::size_t spare) {
    const auto initial = test::fine_values(count + spare, 1, -0.1F, 0.1F);
    test::Array parameters(initial);
    Moments moments = zero_moments(count + spare);
    std::vector<Reference> references;
    for (std::size_t i = 0; i < count; ++i) {
      references.push_back({.parameter = double{initial[i]}});
    }
    for (unsigned t = 1; t <= 3; ++t) {
      const auto gradients = test::fine_values(count + spare, 1 + t, -2, 2);
      step(t, gradients, parameters, moments, count);
      const auto w = parameters.values();
      const auto m = moments[0].values();
      const auto v = moments[1].values();
      for (std::size_t i = 0; i < count; ++i) {
        Reference& want = references[i];
        want.update(optimizer_scalars<double>(settings_, 1e-3, t), double{gradients[i]});
        ASSERT_NEAR(m[i], want.first_moment, want.first_error) << i << " of " << count;
        ASSERT_NEAR(v[i], want.second_moment, want.second_error) << i << " of " << count;
        ASSERT_NEAR(w[i], want.parameter, want.parameter_error) << i << " of " << count;
      }
      for (std::size_t i = count; i < w.size(); ++i) {
        ASSERT_EQ(w[i], initial[i]) << "beyond " << count;
        ASSERT_EQ(m[i] + v[i], 0) << "beyond " << count;
      }
    }
  }

  /// One step from random moments, compared with the formula in double.
  void compare_a_step(std::size_t count) {
    const auto initial = test::fine_values(count, 1, -0.1F, 0.1F);
    const auto gradients = test::fine_values(count, 2, -2, 2);
    test::Array parameters(initial);
    Moments moments;
    std::vector<std::vector<float>> before;
    for (unsigned i = 0; i < moment_count(settings_.name); ++i) {
      before.push_back(test::fine_values(count, 3 + i, 0, 1));
      moments.emplace_back(before.back());
    }
    step(3, gradients, parameters, moments, count);
    const auto scalars = optimizer_scalars<double>(settings_, 1e-3, 3);
    const auto w = parameters.values();
    for (std::size_t i = 0; i < count; ++i) {
      auto want_w = double{initial[i]};
      std::array<double, kMaxMoments> want{};
      for (std::size_t j = 0; j < before.size(); ++j) {
        want[j] = double{before[j][i]};
      }
      with_choice(settings_.name, [&](auto constant) {
        optimizer_update<constant.value>(scalars, double{gradients[i]}, want_w, want.data());
      });
      // A few roundings of numbers up to 1, and of moments up to 3.
      ASSERT_NEAR(w[i], want_w, 4 * test::kEpsilon) << i << " of " << count;
      for (std::size_t j = 0; j < before.size(); ++j) {
        ASSERT_NEAR(moments[j].values()[i], want[j], 4 * 3 * test::kEpsilon)
            << "moment " << j << ", " << i << " of " << count;
      }
    }
  }

  [[nodiscard]] Moments zero_moments(std::size_t count) const {
    Moments moments;
    for (std::size_t i = 0; i < moment_count(settings_.name); ++i) {
      moments.emplace_back(std::vector<float>(count, 0));
    }
    return moments;
  }

  OptimizerSettings settings_;
};
INSTANTIATE_TEST_SUITE_P(Kernels, OptimizerKernelTest, test::ways(), test::name_of);

TEST_P(OptimizerKernelTest, StepsAsTheFormulaDoes) {
  for (const std::size_t count : test::kCounts) {
    compare(count, 0);
  }
}

TEST_P(OptimizerKernelTest, StepsAsTheFormulaOfEachOptimizerDoes) {
  for (const OptimizerChoice& optimizer : kOptimizers) {
    for (const bool nesterov : {false, true}) {
      settings_ = {.name = optimizer.value,
                   .momentum = 0.9,
                   .nesterov = nesterov,
                   .weight_decay = optimizer.has_weight_decay ? 0.3 : 0.0};
      for (const std::size_t count : test::Sizes{1, 5, 1023}) {
        compare_a_step(count);
      }
    }
  }
}

TEST_P(OptimizerKernelTest, ScalesGradientsAndAveragesParametersInTheSameStep) {
  // One step of plain gradient descent, and a quarter of the way to its parameters: exact for such
  // numbers.
  settings_ = {.name = OptimizerName::kSgd, .momentum = 0};
  for (const std::size_t count : test::Sizes{1, 255, 257}) {
    const auto weights = test::coarse_values(count, 1);
    const auto gradients = test::coarse_values(count, 2);
    const auto before = test::coarse_values(count + 3, 3);
    test::Array parameters(weights);
    test::Array device_gradients(gradients);
    test::Array ema(before);
    test::Array scale(std::vector<float>{0.5F});
    test::Array scalars(std::vector{optimizer_scalars<float>(settings_, 0.25, 1000, 0.75)});
    Moments moments = zero_moments(count);
    run([&](cudaStream_t stream) {
      return launch_optimizer(stream, settings_.name, scalars.data(),
                              {.gradients = device_gradients.data(),
                               .parameters = parameters.data(),
                               .moments = {moments[0].data()},
                               .ema = ema.data(),
                               .gradient_scale = scale.data()},
                              count);
    });
    const auto averages = ema.values();
    for (std::size_t i = 0; i < averages.size(); ++i) {
      const float weight = i < count ? weights[i] - 0.25F * (0.5F * gradients[i]) : 0;
      const float want = i < count ? before[i] + (weight - before[i]) / 4 : before[i];
      ASSERT_EQ(averages[i], want) << i << " of " << count;
      if (i < count) {
        ASSERT_EQ(parameters.values()[i], weight) << i << " of " << count;
      }
    }
  }
}

TEST_P(OptimizerKernelTest, LeavesWhatFollowsAlone) {
  for (const std::size_t count : test::Sizes{1, 5, 1022, 1024}) {
    compare(count, 7);
  }
}

TEST_P(OptimizerKernelTest, GivesTheSameBitsEachTime) {
  const auto initial = test::fine_values(1025, 1, -1, 1);
  for (const OptimizerChoice& optimizer : kOptimizers) {
    settings_ = {.name = optimizer.value};
    std::vector<std::vector<float>> results;
    for (int i = 0; i < 2; ++i) {
      test::Array parameters(initial);
      Moments moments = zero_moments(initial.size());
      step(1, test::fine_values(1025, 2, -1, 1), parameters, moments, 1025);
      results.push_back(parameters.values());
    }
    EXPECT_TRUE(test::same_bits(results[0], results[1])) << optimizer.name;
  }
}

TEST_P(OptimizerKernelTest, ZeroGradientFromTheStartChangesNothing) {
  const auto initial = test::fine_values(33, 1, -1, 1);
  const std::vector<float> zeros(33, 0);
  for (const OptimizerChoice& optimizer : kOptimizers) {
    settings_ = {.name = optimizer.value};
    test::Array parameters(initial);
    Moments moments = zero_moments(33);
    for (std::uint64_t t = 1; t <= 3; ++t) {
      step(t, zeros, parameters, moments, 33);
    }
    EXPECT_TRUE(test::same_bits(parameters.values(), initial)) << optimizer.name;
    for (const auto& moment : moments) {
      EXPECT_TRUE(test::same_bits(moment.values(), zeros)) << optimizer.name;
    }
  }
}

}  // namespace
}  // namespace qmnist
