//===- Reduction.h - sums that the threads of a block share --------------*- C++ -*-===//
#ifndef DLC_TEST_UNIT_KERNELS_REDUCTION_H
#define DLC_TEST_UNIT_KERNELS_REDUCTION_H

#include "Program.h"

namespace dlc::test {

/// The sums of a few long rows, as linalg.
class Reduction {
public:
  Reduction();
  /// Whether a run gives the right sums.
  bool isRight();

  std::unique_ptr<Program> program;

private:
  static constexpr int rows = 3, columns = 5000;
  Array in = Array::random(rows * columns, 1), out{rows};
};

} // namespace dlc::test

#endif // DLC_TEST_UNIT_KERNELS_REDUCTION_H
