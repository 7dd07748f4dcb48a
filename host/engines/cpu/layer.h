#pragma once

#include <cstddef>

#include "host/engines/cpu/panels.h"
#include "kernels/adam.h"

namespace qmnist {

/// A weight or bias matrix and what Adam keeps for it, of the same shape.
struct Parameters {
  Parameters(std::size_t rows, std::size_t columns,
             PanelMatrix::Panels panels = PanelMatrix::Panels::kNarrow)
      : values(rows, columns, panels),
        first_moments(rows, columns, panels),
        second_moments(rows, columns, panels) {}

  PanelMatrix values;
  PanelMatrix first_moments;
  PanelMatrix second_moments;
};

/// What is done with a gradient once it is known, while it is still in registers: a step of Adam,
/// or, where `gradients` is given, only written there.
struct Update {
  AdamStep<float> step;
  PanelMatrix* gradients = nullptr;
};

}  // namespace qmnist
