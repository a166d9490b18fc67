//===- ExpandDepthwiseWeights.cpp - the gradient of a depthwise kernel --------------===//
//
// Vectors of channels; the sums of an item's taps stay in registers while all pixels go by. Some
// neighbours of an output row are taken together: each pixel of the image is loaded once and goes
// to every tap that met it.
//
//===------------------------------------------------------------------------------===//

#include "compiler/cpu/Columns.h"
#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <map>

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using kernel::shapeOf;

namespace {

class DepthwiseWeightsEmitter {
public:
  DepthwiseWeightsEmitter(Emitter &e, kernel::DepthwiseWeightsOp op)
      : e(e), op(op), in(shapeOf(op.getInput())), g(shapeOf(op.getGradient())),
        k(op.getKernelShape()), rows(windowAlong(0, op, in, g, k)),
        columns(windowAlong(1, op, in, g, k)), runs(cutColumns(columns, op.getPixels())) {}

  void emit(Value lo, Value hi) {
    auto extents = op.getItemExtents(e.builder, e.loc);
    e.forItems(extents, lo, hi, [&](ValueRange outer, Value first, Value end) {
      part = outer[0];
      block = outer[1];
      e.loop(first, end, 1, [&](Value item) {
        firstTap = e.mul(item, op.getTapRows());
        emitItem();
      });
    });
  }

private:
  void emitItem() {
    Value count = e.batchOf(op.getInput());
    int64_t parts = op.getParts();
    Emitter::Values sums(op.getTapRows() * k[1], e.splat(0));
    sums = e.loop(e.div(e.mul(part, count), parts), e.div(e.mul(e.add(part, 1), count), parts), 1,
                  sums, [&](Value n, ValueRange carried) {
                    image = n;
                    return emitImage(carried);
                  });
    for (auto [i, sum] : llvm::enumerate(sums))
      store(sum, e.add(firstTap, i / k[1]), i % k[1]);
  }

  // Output rows that skip the same taps share their code; of one row of taps, those that skip it
  // are left out.
  Emitter::Values emitImage(ValueRange carried) {
    if (op.getTapRows() == 1) {
      auto [begin, end] = emitWindowBounds(e, rows, firstTap);
      return e.loop(begin, end, 1, carried,
                    [&](Value y, ValueRange sums) { return emitRow(y, ArrayRef(true), sums); });
    }
    Emitter::Values sums(carried);
    for (const ColumnRun &run : cutColumns(rows, 1)) {
      SmallVector<bool> active;
      for (const auto &tap : run.taps)
        active.push_back(tap.front());
      if (llvm::is_contained(active, true))
        sums = e.loop(e.index(run.begin), e.index(run.end), 1, sums,
                      [&](Value y, ValueRange inner) { return emitRow(y, active, inner); });
    }
    return sums;
  }

  Emitter::Values emitRow(Value y, ArrayRef<bool> active, ValueRange carried) {
    Emitter::Values sums(carried);
    for (const ColumnRun &run : runs)
      sums = e.loop(e.index(run.begin), e.index(run.end), run.width, sums,
                    [&](Value x, ValueRange inner) { return emitTile(run, y, x, active, inner); });
    return sums;
  }

  // A few neighbours of an output row: the sums of their products with what each tap saw.
  Emitter::Values emitTile(const ColumnRun &run, Value y, Value x, ArrayRef<bool> active,
                           ValueRange carried) {
    Emitter::Values sums(carried), gradients;
    for (int64_t m = 0; m < run.width; ++m)
      gradients.push_back(e.load(op.getGradient(), {image, block, y, e.add(x, m), e.index(0)}));
    std::map<int64_t, SmallVector<std::pair<int64_t, int64_t>>> uses; // position -> (output, tap)
    for (int64_t tap = 0; tap < k[1]; ++tap)
      for (int64_t m = 0; m < run.width; ++m)
        if (run.taps[tap][m])
          uses[columns.position(m, tap)].push_back({m, tap});
    Value left = e.mul(x, columns.stride);
    for (auto [t, reads] : llvm::enumerate(active)) {
      if (!reads)
        continue;
      Value row = e.sub(e.add(e.mul(y, rows.stride), e.mul(e.add(firstTap, t), rows.dilation)),
                        e.index(rows.before));
      for (const auto &[position, pairs] : uses) {
        Value pixel = e.load(op.getInput(), {image, block, row, e.add(left, position), e.index(0)});
        for (auto [m, tap] : pairs) {
          Value &sum = sums[t * k[1] + tap];
          sum = vector::FMAOp::create(e.builder, e.loc, pixel, gradients[m], sum);
        }
      }
    }
    return sums;
  }

  void store(Value sum, Value tapRow, int64_t tap) {
    Emitter::Values at = {tapRow, e.index(tap), e.mul(block, e.lanes)};
    if (cast<MemRefType>(op.getOut().getType()).getRank() == 4)
      at.insert(at.begin(), part);
    e.store(sum, op.getOut(), at, emitLaneMask(e, k[2], block));
  }

  Emitter &e;
  kernel::DepthwiseWeightsOp op;
  ArrayRef<int64_t> in, g, k;
  Window1D rows, columns;
  SmallVector<ColumnRun> runs;
  Value part, block, firstTap, image; // at hand
};

} // namespace

void dlc::cpu::expandDepthwiseWeights(Emitter &e, kernel::DepthwiseWeightsOp op, Value lo,
                                      Value hi) {
  DepthwiseWeightsEmitter(e, op).emit(lo, hi);
}
