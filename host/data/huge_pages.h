#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace qmnist {

/// As bytes.reserve(size), and asks the system to back that memory with huge pages, as images are
/// read in random order: with small pages nearly each one costs a walk through the page table.
/// Where the system does not, nothing else changes.
void reserve_on_huge_pages(std::vector<std::uint8_t>& bytes, std::size_t size);

}  // namespace qmnist
