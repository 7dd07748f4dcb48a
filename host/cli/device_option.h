#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace qmnist {

/// The value of --device.
struct DeviceOption {
  std::string name;                  ///< as the config key device has it
  std::vector<std::size_t> indices;  ///< of the devices of that kind; empty where none is given
};

/// Parses "cpu", "cuda", "cuda:1" or "cuda:0,1".
/// @throws UsageError saying what would be right
[[nodiscard]] DeviceOption parse_device_option(std::string_view text);

/// The same where a command uses one device: UsageError for several.
[[nodiscard]] DeviceOption parse_single_device_option(std::string_view text);

/// The values of --device, for its help.
[[nodiscard]] std::string device_option_help();

}  // namespace qmnist
