//===- VerifyCopies.cpp - no unexplained copies in @forward -------------------------===//
//
// Destinations are built so that every kernel writes where its result is needed. A memref.copy left in
// @forward is a missed destination: slow, and easy to overlook. Two kinds are allowed: the output of
// a model that only reshapes an input (nothing computes it), and a copy from a constant.
//
//   memref.copy %alloc, %out   ->   error: copies a buffer that a kernel could have written in place
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace dlc::memory {
#define GEN_PASS_DEF_VERIFYCOPIES
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;

// The buffer that a chain of views shows.
static Value viewedBuffer(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value;
}

namespace {

struct VerifyCopies : memory::impl::VerifyCopiesBase<VerifyCopies> {
  void runOnOperation() override {
    if (getOperation().getName() != "forward")
      return;
    getOperation().walk([&](memref::CopyOp copy) {
      Value source = viewedBuffer(copy.getSource());
      bool fromArgument = isa<BlockArgument>(source);
      if (fromArgument || source.getDefiningOp<memref::GetGlobalOp>())
        return;
      copy.emitOpError("copies a buffer that a kernel could have written in place");
      signalPassFailure();
    });
  }
};

} // namespace
