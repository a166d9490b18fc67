//===- JoinInsertions.cpp - parts of parts are parts of the whole --------------------===//
//
// A tensor that is put together only to be inserted into a larger one (a concatenation of
// concatenations, as in DenseNet) needs no buffer and no copy of its own: its parts are inserted
// into the larger one right away, and who reads it reads a slice of what has been put together so
// far.
//
//   %p = insert_slice %a into %e[0]             %w0 = insert_slice %a into %whole[0]
//   %q = insert_slice %b into %p[4]             %w1 = insert_slice %b into %w0[4]
//   %r = ... %q                           ->    %q = extract_slice %w1[0] [8] ; %r = ... %q
//   %w = insert_slice %r into %whole[8]         %w = insert_slice %r into %w1[8]
//   %z = insert_slice %q into %w[0]
//
// Parts never overlap, so they may be inserted in any order; program order lets each be written in
// place.
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

namespace dlc::memory {
#define GEN_PASS_DEF_JOININSERTIONS
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;
using tensor::ExtractSliceOp;
using tensor::InsertSliceOp;

// Unit strides and known offsets, and no dimension dropped.
static bool isPlainSlice(OffsetSizeAndStrideOpInterface slice, Type whole, Type part) {
  return cast<RankedTensorType>(whole).getRank() == cast<RankedTensorType>(part).getRank() &&
         llvm::none_of(slice.getStaticOffsets(), ShapedType::isDynamic) &&
         llvm::all_of(slice.getStaticStrides(), [](int64_t stride) { return stride == 1; });
}

static bool isPlain(InsertSliceOp op) {
  return isPlainSlice(op, op.getType(), op.getSource().getType());
}
static bool isPlain(ExtractSliceOp op) {
  return isPlainSlice(op, op.getSource().getType(), op.getType());
}

namespace {

// A tensor put together by insertions, one into the other; its values, from the first destination
// on.
struct Assembly {
  llvm::SetVector<Value> values;
  llvm::SetVector<Operation *> insertions;

  // The assembly that `value` is a stage of.
  static std::optional<Assembly> of(Value value);
};

class Joiner {
public:
  Joiner(InsertSliceOp link, Assembly part, Assembly whole)
      : link(link), offsets(link.getStaticOffsets()), part(std::move(part)),
        whole(std::move(whole)), builder(link) {}
  bool placeRoot();
  void join();

private:
  SmallVector<OpFoldResult> shifted(ArrayRef<int64_t> inPart);
  void redirect(OpOperand &operand);

  InsertSliceOp link; // the part into the whole
  SmallVector<int64_t> offsets;
  Assembly part, whole;
  OpBuilder builder;
  Value current; // what has been put together of the whole
};

} // namespace

std::optional<Assembly> Assembly::of(Value value) {
  Assembly assembly;
  while (auto insertion = value.getDefiningOp<InsertSliceOp>())
    value = insertion.getDest();
  assembly.values.insert(value);
  while (true) {
    InsertSliceOp next;
    for (OpOperand &use : value.getUses()) {
      auto insertion = dyn_cast<InsertSliceOp>(use.getOwner());
      if (!insertion || &use != &insertion.getDestMutable())
        continue;
      if (next || !isPlain(insertion) || insertion->getBlock() != value.getParentBlock())
        return std::nullopt;
      next = insertion;
    }
    if (!next)
      return assembly;
    assembly.insertions.insert(next);
    assembly.values.insert(value = next.getResult());
  }
}

// The whole has to be there when the first of the parts is computed.
bool Joiner::placeRoot() {
  Operation *first = part.values[0].getDefiningOp();
  Operation *root = whole.values[0].getDefiningOp();
  if (!isa_and_nonnull<tensor::EmptyOp, bufferization::ToTensorOp>(root) ||
      root->getBlock() != first->getBlock())
    return false;
  if (root->isBeforeInBlock(first))
    return true;
  for (Value operand : root->getOperands())
    if (Operation *op = operand.getDefiningOp(); op && !op->isBeforeInBlock(first))
      return false;
  root->moveBefore(first);
  return true;
}

SmallVector<OpFoldResult> Joiner::shifted(ArrayRef<int64_t> inPart) {
  return llvm::map_to_vector(llvm::zip_equal(inPart, offsets), [&](auto pair) -> OpFoldResult {
    return builder.getIndexAttr(std::get<0>(pair) + std::get<1>(pair));
  });
}

// Reads the whole as it is now.
void Joiner::redirect(OpOperand &operand) {
  if (whole.values.contains(operand.get()))
    return operand.set(current);
  if (!part.values.contains(operand.get()))
    return;
  Operation *reader = operand.getOwner();
  builder.setInsertionPoint(reader);
  if (auto slice = dyn_cast<ExtractSliceOp>(reader); slice && isPlain(slice)) {
    auto inWhole = ExtractSliceOp::create(builder, reader->getLoc(), slice.getType(), current,
                                          shifted(slice.getStaticOffsets()), slice.getMixedSizes(),
                                          slice.getMixedStrides());
    slice.getResult().replaceAllUsesWith(inWhole.getResult());
    return;
  }
  operand.set(ExtractSliceOp::create(builder, reader->getLoc(), link.getSourceType(), current,
                                     link.getMixedOffsets(), link.getMixedSizes(),
                                     link.getMixedStrides()));
}

void Joiner::join() {
  current = whole.values[0];
  SmallVector<Operation *> dead{link};
  Block *block = link->getBlock();
  for (Operation &op : llvm::make_early_inc_range(
           llvm::make_range(std::next(current.getDefiningOp()->getIterator()), block->end()))) {
    if (&op == link)
      continue;
    if (part.insertions.contains(&op)) {
      auto insertion = cast<InsertSliceOp>(op);
      builder.setInsertionPoint(&op);
      current = InsertSliceOp::create(builder, op.getLoc(), insertion.getSource(), current,
                                      shifted(insertion.getStaticOffsets()),
                                      insertion.getMixedSizes(), insertion.getMixedStrides());
      dead.push_back(&op);
      continue;
    }
    for (OpOperand &operand : op.getOpOperands())
      redirect(operand);
    if (whole.insertions.contains(&op))
      current = op.getResult(0);
    if (isa<ExtractSliceOp>(op) && op.use_empty())
      op.erase();
  }
  // The link reads the last insertion, and each of those the one before.
  llvm::sort(dead, [](Operation *a, Operation *b) { return b->isBeforeInBlock(a); });
  for (Operation *op : dead)
    op->erase();
}

static bool joinInto(InsertSliceOp link) {
  auto last = link.getSource().getDefiningOp<InsertSliceOp>();
  if (!last || !isPlain(link))
    return false;
  std::optional<Assembly> part = Assembly::of(last), whole = Assembly::of(link);
  if (!part || !whole || part->values.back() != last.getResult() ||
      !part->values[0].getDefiningOp<tensor::EmptyOp>() || !whole->insertions.contains(link))
    return false;
  Joiner joiner(link, std::move(*part), std::move(*whole));
  if (!joiner.placeRoot())
    return false;
  joiner.join();
  return true;
}

namespace {

struct JoinInsertions : memory::impl::JoinInsertionsBase<JoinInsertions> {
  void runOnOperation() override {
    SmallVector<InsertSliceOp> links;
    getOperation().walk([&](InsertSliceOp op) { links.push_back(op); });
    // Joining erases the link and replaces the insertions of its part, which are all before it and
    // were links to be joined themselves.
    for (InsertSliceOp link : links)
      (void)joinInto(link);
  }
};

} // namespace
