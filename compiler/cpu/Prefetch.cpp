//===- Prefetch.cpp - memory asked for while other work goes on ---------------------===//

#include "compiler/cpu/Prefetch.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc::cpu;

// More than a line for each channel of a step is more than memory delivers meanwhile.
static constexpr int64_t kMostLinesPerStep = 16;

Prefetch::Prefetch(Emitter &e, Value buffer, int64_t bytes, int64_t units)
    : Prefetch(e, buffer, e.index(0), Value(), bytes / kLineBytes, units) {
  lines = e.div(memref::DimOp::create(e.builder, e.loc, buffer, 0), kLineElements);
  lines = e.min(lines, e.index(mostLines));
}

void Prefetch::begin(Value done, int64_t count, int64_t steps) {
  share = llvm::divideCeil(count * mostLines, units);
  linesPerStep = std::min<int64_t>(llvm::divideCeil(share, steps), kMostLinesPerStep);
  line = e.add(firstLine, e.div(e.mul(done, lines), units));
}

void Prefetch::step(Value index) {
  Value first = e.min(e.mul(index, linesPerStep), e.index(share - linesPerStep));
  for (int64_t n = 0; n < linesPerStep; ++n)
    e.prefetch(buffer, e.mul(e.add(e.add(line, first), n), kLineElements));
}
