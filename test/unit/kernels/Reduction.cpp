//===- Reduction.cpp - sums that the threads of a block share ------------------------===//

#include "Reduction.h"

#include <cmath>

using namespace dlc::test;

static const char *const text = R"mlir(
func.func @run(%batch: index {nn.batch}, %x: memref<?x5000xf32>, %sum: memref<?xf32>) {
  linalg.generic {indexing_maps = [affine_map<(r, c) -> (r, c)>, affine_map<(r, c) -> (r)>],
                  iterator_types = ["parallel", "reduction"]}
      ins(%x : memref<?x5000xf32>) outs(%sum : memref<?xf32>) {
  ^bb0(%a: f32, %s: f32):
    %t = arith.addf %a, %s : f32
    linalg.yield %t : f32
  }
  return
}
)mlir";

Reduction::Reduction() { program = Program::make(text, "dlc-gpu-phase,dlc-device-phase", rows); }

bool Reduction::isRight() {
  for (int row = 0; row < rows; ++row)
    out[row] = row;
  if (!program->run({&in, &out}).empty())
    return false;
  for (int row = 0; row < rows; ++row) {
    double sum = row, magnitude = 0;
    for (int column = 0; column < columns; ++column) {
      sum += in[row * columns + column];
      magnitude += std::abs(in[row * columns + column]);
    }
    if (!(std::abs(out[row] - sum) < 1e-6 * magnitude))
      return false;
  }
  return true;
}
