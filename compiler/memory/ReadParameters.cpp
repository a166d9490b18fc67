//===- ReadParameters.cpp - parameters come one by one ------------------------------===//
//
// A network's weights twice in memory, as they come and as they are packed, are twice too many. So
// @prepare takes no parameters: it reads each right before its first use, into a buffer that dies
// with its last. The arena's planner then gives all of them the same place, as large as the
// largest.
//
//   func @prepare(%w: memref<4xf32> {nn.param = "w"}, ...) {   func @prepare(...) {
//     kernel.pack ins(%w) ...                             ->     %b = memref.alloc() :
//     memref<4xf32>
//                                                                kernel.read_param 0 from 0 into %b
//                                                                kernel.pack ins(%b) ...
//
// Huge matrices that are packed come in pieces of some rows.
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace dlc::memory {
#define GEN_PASS_DEF_READPARAMETERS
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;

// Elements: 32 MiB are enough to keep all threads busy, and little beside what huge networks need.
static constexpr int64_t kPiece = 8 << 20;

static Operation *firstUser(BlockArgument parameter) {
  Operation *first = nullptr;
  for (Operation *user : parameter.getUsers()) {
    Operation *op = parameter.getOwner()->findAncestorOpInBlock(*user);
    first = !first || op->isBeforeInBlock(first) ? op : first;
  }
  return first;
}

// A buffer with the elements of parameter `index` from `first` on.
static Value readInto(OpBuilder &builder, Location loc, int64_t index, int64_t first,
                      MemRefType type) {
  Value buffer = memref::AllocOp::create(builder, loc, type);
  kernel::ReadParamOp::create(builder, loc, index, first, buffer);
  return buffer;
}

// What packs the rows of a huge matrix, if nothing else uses it.
static kernel::PackOp hugePack(BlockArgument parameter) {
  auto type = cast<MemRefType>(parameter.getType());
  if (!parameter.hasOneUse() || type.getRank() != 2 || type.getNumElements() <= kPiece)
    return {};
  auto pack = dyn_cast<kernel::PackOp>(*parameter.user_begin());
  return pack && pack.getLayout() == kernel::Layout::Dense ? pack : kernel::PackOp();
}

// Rows [first, first + count) of [K, N] become [N/(nb L), first.., nb, L]. See kernel.pack.
static void packInPieces(kernel::PackOp pack, int64_t index) {
  OpBuilder builder(pack);
  Location loc = pack.getLoc();
  auto plain = cast<MemRefType>(pack.getInput().getType());
  auto blocked = cast<MemRefType>(pack.getOut().getType());
  int64_t rows = plain.getDimSize(0), width = plain.getDimSize(1);
  int64_t step = std::max<int64_t>(1, kPiece / width);
  for (int64_t row = 0; row < rows; row += step) {
    int64_t count = std::min(step, rows - row);
    Value piece = readInto(builder, loc, index, row * width,
                           MemRefType::get({count, width}, plain.getElementType()));
    SmallVector<OpFoldResult> offsets(4, builder.getIndexAttr(0)),
        strides(4, builder.getIndexAttr(1)),
        sizes = getAsIndexOpFoldResult(builder.getContext(), blocked.getShape());
    offsets[1] = builder.getIndexAttr(row);
    sizes[1] = builder.getIndexAttr(count);
    Value out = memref::SubViewOp::create(builder, loc, pack.getOut(), offsets, sizes, strides);
    kernel::PackOp::create(builder, loc, TypeRange(), piece, out, pack.getLayoutAttr());
  }
  pack.erase();
}

static void readBeforeUse(BlockArgument parameter, int64_t index) {
  Operation *first = firstUser(parameter);
  if (!first)
    return;
  if (kernel::PackOp pack = hugePack(parameter))
    return packInPieces(pack, index);
  OpBuilder builder(first);
  parameter.replaceAllUsesWith(readInto(builder, parameter.getLoc(), index, /*first=*/0,
                                        cast<MemRefType>(parameter.getType())));
}

namespace {

struct ReadParameters : memory::impl::ReadParametersBase<ReadParameters> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    BitVector parameters(function.getNumArguments());
    int64_t count = 0;
    // Where the model trains, parameters have places that all functions share.
    for (BlockArgument argument : function.getArguments())
      if (function.getArgAttr(argument.getArgNumber(), nn::kParamAttr) &&
          !function.getArgAttr(argument.getArgNumber(), nn::kPlaceAttr)) {
        parameters.set(argument.getArgNumber());
        readBeforeUse(argument, count++);
      }
    if (failed(function.eraseArguments(parameters)))
      signalPassFailure();
  }
};

} // namespace
