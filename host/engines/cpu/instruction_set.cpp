#include "host/engines/cpu/instruction_set.h"

#include <algorithm>
#include <stdexcept>

#include "host/engines/cpu/packed_matrix.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/instruction_set.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

const char* instruction_set_name() {
  return hwy::TargetName(HWY_TARGET);
}

std::size_t floats_of_vector() {
  return hwy::HWY_NAMESPACE::Lanes(hwy::HWY_NAMESPACE::CappedTag<float, kBlockWidth>());
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE

namespace qmnist::cpu {
namespace {

std::string name_for_people(std::string name) {
  if (name.starts_with("AVX3")) {
    name.replace(0, 4, "AVX-512");
  }
  return name;
}

/// @param targets bits of Highway's; 0 for all that the CPU has
void restrict_to(std::int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

}  // namespace

HWY_EXPORT(instruction_set_name);
HWY_EXPORT(floats_of_vector);

std::string instruction_set() {
  return name_for_people(HWY_DYNAMIC_DISPATCH(instruction_set_name)());
}

std::size_t vector_floats() {
  return HWY_DYNAMIC_DISPATCH(floats_of_vector)();
}

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const std::int64_t target : hwy::SupportedAndGeneratedTargets()) {
    names.push_back(name_for_people(hwy::TargetName(target)));
  }
  return names;
}

OnlyInstructionSet::OnlyInstructionSet(const std::string& name) {
  const std::vector<std::string> names = instruction_sets();
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    throw std::out_of_range("an instruction set that this CPU or program lacks");
  }
  restrict_to(hwy::SupportedAndGeneratedTargets()[static_cast<std::size_t>(found - names.begin())]);
}

OnlyInstructionSet::~OnlyInstructionSet() {
  restrict_to(0);
}

}  // namespace qmnist::cpu
#endif
