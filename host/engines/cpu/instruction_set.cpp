#include "host/engines/cpu/instruction_set.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "host/engines/cpu/instruction_set.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace qmnist::cpu::HWY_NAMESPACE {

const char* instruction_set_name() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace qmnist::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace qmnist::cpu {

HWY_EXPORT(instruction_set_name);

std::string instruction_set() {
  std::string name = HWY_DYNAMIC_DISPATCH(instruction_set_name)();
  if (name.starts_with("AVX3")) {
    name.replace(0, 4, "AVX-512");
  }
  return name;
}

}  // namespace qmnist::cpu
#endif
