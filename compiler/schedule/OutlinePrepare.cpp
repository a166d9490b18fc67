//===- OutlinePrepare.cpp - what depends on parameters alone ------------------------===//
//
// Folded batch normalisation, packed weights, padded biases: every pure op whose inputs are
// parameters and constants moves to @prepare, which runs once after the weights are loaded. Its
// results stay in buffers that @forward receives as arguments; @forward no longer sees a parameter.
//
//   func @forward(%x, %w {nn.param}) {     func @prepare(%w {nn.param}) -> t { kernel.pack %w }
//     %0 = kernel.pack %w             ->   func @forward(%x, %0: t {nn.prepared}) {
//     %1 = kernel.conv %x, %0                %1 = kernel.conv %x, %0
//
// Where there is a @prepare already, what depends on its results alone joins it.
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_OUTLINEPREPARE
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;

namespace {

// Splits the values of @forward into constants (known at compile time, cloned where needed),
// prepared ones (from parameters) and the rest.
struct Partition {
  llvm::SetVector<Value> constant, prepared;

  explicit Partition(func::FuncOp forward) {
    for (BlockArgument argument : forward.getArguments())
      if (forward.getArgAttr(argument.getArgNumber(), nn::kPreparedAttr))
        prepared.insert(argument);
    for (Operation &op : forward.getBody().front().without_terminator())
      classify(op);
  }

  void classify(Operation &op) {
    auto known = [&](Value v) { return constant.contains(v) || prepared.contains(v); };
    if (!isMemoryEffectFree(&op) || !llvm::all_of(op.getOperands(), known))
      return;
    auto isPrepared = [&](Value v) { return prepared.contains(v); };
    auto &set = llvm::any_of(op.getOperands(), isPrepared) ? prepared : constant;
    set.insert(op.result_begin(), op.result_end());
  }

  // Prepared values that @forward still reads.
  llvm::SetVector<Value> crossing() const {
    llvm::SetVector<Value> result;
    for (Value value : prepared)
      for (Operation *user : value.getUsers())
        if (user->getNumResults() == 0 || !prepared.contains(user->getResult(0)))
          result.insert(value);
    return result;
  }
};

} // namespace

// A @prepare that takes every parameter, in order, and returns it as it is.
static func::FuncOp startPrepare(func::FuncOp forward) {
  OpBuilder builder(forward);
  SmallVector<Type> types;
  SmallVector<DictionaryAttr> attributes;
  for (BlockArgument argument : forward.getArguments()) {
    unsigned position = argument.getArgNumber();
    if (!forward.getArgAttr(position, nn::kParamAttr))
      continue;
    NamedAttribute mark(nn::kPreparedAttr, builder.getI64IntegerAttr(types.size()));
    types.push_back(argument.getType());
    attributes.push_back(forward.getArgAttrDict(position));
    forward.setArgAttrs(position, ArrayRef(mark));
  }
  auto prepare = func::FuncOp::create(builder, forward.getLoc(), "prepare",
                                      builder.getFunctionType(types, types));
  Block *body = prepare.addEntryBlock();
  prepare.setAllArgAttrs(attributes);
  builder.setInsertionPointToEnd(body);
  func::ReturnOp::create(builder, forward.getLoc(), body->getArguments());
  return prepare;
}

// @prepare computes the crossing values of what it returned, and returns these.
static void extendPrepare(func::FuncOp prepare, func::FuncOp forward, const Partition &partition,
                          const llvm::SetVector<Value> &crossing) {
  Operation *end = prepare.getBody().front().getTerminator();
  OpBuilder builder(end);
  IRMapping mapping;
  for (BlockArgument argument : forward.getArguments())
    if (auto index =
            forward.getArgAttrOfType<IntegerAttr>(argument.getArgNumber(), nn::kPreparedAttr))
      mapping.map(argument, end->getOperand(index.getInt()));
  for (Operation &op : forward.getBody().front().without_terminator())
    if (op.getNumResults() && (partition.prepared.contains(op.getResult(0)) ||
                               partition.constant.contains(op.getResult(0))))
      builder.clone(op, mapping);
  end->setOperands(llvm::map_to_vector(crossing, [&](Value v) { return mapping.lookup(v); }));
  prepare.setType(builder.getFunctionType(prepare.getArgumentTypes(), end->getOperandTypes()));
}

static LogicalResult outlinePrepare(func::FuncOp forward, func::FuncOp prepare) {
  Partition partition(forward);
  llvm::SetVector<Value> crossing = partition.crossing();
  extendPrepare(prepare, forward, partition, crossing);

  Builder builder(forward.getContext());
  Block &body = forward.getBody().front();
  unsigned before = body.getNumArguments();
  BitVector old(before + crossing.size());
  for (unsigned i = 0; i < before; ++i)
    if (forward.getArgAttr(i, nn::kPreparedAttr))
      old.set(i);
  for (auto [index, crossed] : llvm::enumerate(crossing)) {
    Value value = crossed;
    NamedAttribute mark(nn::kPreparedAttr, builder.getI64IntegerAttr(index));
    unsigned position = body.getNumArguments();
    if (failed(forward.insertArgument(position, value.getType(), builder.getDictionaryAttr(mark),
                                      value.getLoc())))
      return failure();
    value.replaceUsesWithIf(body.getArgument(position), [&](OpOperand &use) {
      Operation *user = use.getOwner();
      return user->getNumResults() == 0 || !partition.prepared.contains(user->getResult(0));
    });
  }
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&op))
      op.erase();
  return forward.eraseArguments(old);
}

namespace {

struct OutlinePrepare : schedule::impl::OutlinePrepareBase<OutlinePrepare> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward) {
      getOperation().emitError("has no function @forward to prepare for");
      return signalPassFailure();
    }
    auto prepare = getOperation().lookupSymbol<func::FuncOp>("prepare");
    if (failed(outlinePrepare(forward, prepare ? prepare : startPrepare(forward))))
      signalPassFailure();
  }
};

} // namespace
