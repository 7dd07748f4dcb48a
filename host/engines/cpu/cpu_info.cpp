#include "host/engines/cpu/cpu_info.h"

#include <sys/utsname.h>

#include <fstream>
#include <string_view>

namespace qmnist::cpu {

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (std::string_view(line).starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  utsname system{};
  return uname(&system) == 0 ? system.machine : "unknown";
}

}  // namespace qmnist::cpu
