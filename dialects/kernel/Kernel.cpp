//===- Kernel.cpp - the kernel dialect: registration and layouts -------------------===//

#include "dialects/kernel/Kernel.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FoldInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc::kernel;

#include "dialects/kernel/KernelDialect.cpp.inc"
#include "dialects/kernel/KernelEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttrs.cpp.inc"
#include "dialects/kernel/KernelInterfaces.cpp.inc"

namespace {

// Constants of an epilogue stay inside it: an outlined kernel carries its epilogue whole.
struct KeepConstants : DialectFoldInterface {
  using DialectFoldInterface::DialectFoldInterface;
  bool shouldMaterializeInto(Region *) const override { return true; }
};

} // namespace

void KernelDialect::initialize() {
  addInterfaces<KeepConstants>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/kernel/KernelAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/KernelOps.cpp.inc"
      >();
}

LogicalResult TileAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t rows,
                               int64_t cols, int64_t unroll) {
  if (rows < 1 || cols < 1 || unroll < 1)
    return emitError() << "a tile needs rows, cols and unroll of at least 1";
  return success();
}

AffineMap dlc::kernel::getPackMap(MLIRContext *context, Layout layout, ArrayRef<int64_t> blocked) {
  auto dim = [&](unsigned i) { return getAffineDimExpr(i, context); };
  int64_t lanes = blocked.back();
  auto build = [&](ArrayRef<AffineExpr> results) {
    return AffineMap::get(blocked.size(), 0, results, context);
  };
  switch (layout) {
  case Layout::Image: // (n, cb, h, w, l) -> (n, h, w, c)
    return build({dim(0), dim(2), dim(3), dim(1) * lanes + dim(4)});
  case Layout::Matrix: // (kb, m, l) -> (m, k)
    return build({dim(1), dim(0) * lanes + dim(2)});
  case Layout::Vector: // (cb, l) -> (c)
    return build({dim(0) * lanes + dim(1)});
  case Layout::Conv: // (og, ib, kh, kw, i, j, l) -> (kh, kw, c, o)
    return build({dim(2), dim(3), dim(1) * blocked[4] + dim(4),
                  (dim(0) * blocked[5] + dim(5)) * lanes + dim(6)});
  case Layout::Dense: // (g, k, j, l) -> (k, n)
    return build({dim(1), (dim(0) * blocked[2] + dim(2)) * lanes + dim(3)});
  case Layout::Depthwise: // (cb, kh, kw, l) -> (kh, kw, c)
    return build({dim(1), dim(2), dim(0) * lanes + dim(3)});
  }
  llvm_unreachable("every layout has a map");
}

SmallVector<int64_t> dlc::kernel::getBlockedShape(Layout layout, ArrayRef<int64_t> plain,
                                                  int64_t lanes, int64_t cols, int64_t block) {
  auto blocks = [](int64_t extent, int64_t size) -> int64_t {
    return llvm::divideCeil(extent, size);
  };
  switch (layout) {
  case Layout::Image:
    return {plain[0], blocks(plain[3], lanes), plain[1], plain[2], lanes};
  case Layout::Matrix:
    return {blocks(plain[1], lanes), plain[0], lanes};
  case Layout::Vector:
    return {blocks(plain[0], lanes), lanes};
  case Layout::Conv:
    return {blocks(plain[3], cols * lanes),
            blocks(plain[2], block),
            plain[0],
            plain[1],
            block,
            cols,
            lanes};
  case Layout::Dense:
    return {blocks(plain[1], cols * lanes), plain[0], cols, lanes};
  case Layout::Depthwise:
    return {blocks(plain[2], lanes), plain[0], plain[1], lanes};
  }
  llvm_unreachable("every layout has a shape");
}
