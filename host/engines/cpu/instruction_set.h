#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace qmnist::cpu {

/// The vector instructions that the CPU engine uses, the widest of this CPU: "AVX2", "NEON", ... as
/// Highway names them, except that its "AVX3" is called "AVX-512".
[[nodiscard]] std::string instruction_set();

/// Floats of a vector of that set, at most a block of columns.
[[nodiscard]] std::size_t vector_floats();

/// All that this CPU has and the program was compiled for, the widest first.
[[nodiscard]] std::vector<std::string> instruction_sets();

/// While it lives, all CPU engines of this process use only the vector instructions of that set.
/// For tests; one at a time, and no engine works while it is made or destroyed.
class OnlyInstructionSet {
 public:
  /// @param name of instruction_sets(), else std::out_of_range
  explicit OnlyInstructionSet(const std::string& name);
  OnlyInstructionSet(const OnlyInstructionSet&) = delete;
  OnlyInstructionSet& operator=(const OnlyInstructionSet&) = delete;
  OnlyInstructionSet(OnlyInstructionSet&&) = delete;
  OnlyInstructionSet& operator=(OnlyInstructionSet&&) = delete;
  ~OnlyInstructionSet();
};

}  // namespace qmnist::cpu
