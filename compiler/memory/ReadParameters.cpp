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
// Huge matrices that are packed come in pieces of some rows; once more where each row's packed form
// depends on all of them.
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

// Whether `user` can work on some rows of a matrix at a time.
static bool takesPieces(Operation *user) {
  auto pack = dyn_cast<kernel::PackOp>(user);
  return isa<kernel::UnitScalesOp, kernel::PackFixedOp>(user) ||
         (pack && pack.getLayout() == kernel::Layout::Dense);
}

// Whether a huge matrix is only read by what can do so in pieces.
static bool isReadInPieces(BlockArgument parameter) {
  auto type = cast<MemRefType>(parameter.getType());
  return type.getRank() == 2 && type.getNumElements() > kPiece &&
         llvm::all_of(parameter.getUsers(), takesPieces);
}

// Rows [first, first + count) of the packed weights, [N/(nb L), rows, nb, L].
static Value takeRows(OpBuilder &builder, Location loc, Value packed, int64_t first,
                      int64_t count) {
  SmallVector<OpFoldResult> offsets(4, builder.getIndexAttr(0)),
      strides(4, builder.getIndexAttr(1)),
      sizes = getAsIndexOpFoldResult(builder.getContext(),
                                     cast<MemRefType>(packed.getType()).getShape());
  offsets[1] = builder.getIndexAttr(first);
  sizes[1] = builder.getIndexAttr(count);
  return memref::SubViewOp::create(builder, loc, packed, offsets, sizes, strides);
}

// What `user` does, of the rows from `row` on that `piece` holds.
static void usePiece(OpBuilder &builder, Operation *user, Value piece, int64_t row) {
  Location loc = user->getLoc();
  int64_t count = cast<MemRefType>(piece.getType()).getDimSize(0);
  if (auto scales = dyn_cast<kernel::UnitScalesOp>(user)) {
    kernel::UnitScalesOp::create(builder, loc, TypeRange(), piece, scales.getOut(),
                                 /*accumulate=*/row > 0);
  } else if (auto fixed = dyn_cast<kernel::PackFixedOp>(user)) {
    kernel::FixedForm form = fixed.getForm();
    Value out = takeRows(builder, loc, fixed.getOut(), form.rows(row), form.rows(count));
    kernel::PackFixedOp::create(builder, loc, TypeRange(), piece, fixed.getScales(), out,
                                form.bits);
  } else {
    auto pack = cast<kernel::PackOp>(user);
    Value out = takeRows(builder, loc, pack.getOut(), row, count);
    kernel::PackOp::create(builder, loc, TypeRange(), piece, out, pack.getLayoutAttr());
  }
}

// In pieces of whole groups of fixed-point weights, whatever their bits.
static void useInPieces(Operation *user, MemRefType matrix, int64_t index) {
  OpBuilder builder(user);
  int64_t rows = matrix.getDimSize(0), width = matrix.getDimSize(1);
  int64_t step = std::max<int64_t>(32, kPiece / width / 32 * 32);
  for (int64_t row = 0; row < rows; row += step) {
    Value piece =
        readInto(builder, user->getLoc(), index, row * width,
                 MemRefType::get({std::min(step, rows - row), width}, matrix.getElementType()));
    usePiece(builder, user, piece, row);
  }
  user->erase();
}

static void readBeforeUse(BlockArgument parameter, int64_t index) {
  Operation *first = firstUser(parameter);
  if (!first)
    return;
  if (isReadInPieces(parameter)) {
    for (Operation *user : llvm::to_vector(parameter.getUsers()))
      useInPieces(user, cast<MemRefType>(parameter.getType()), index);
    return;
  }
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
