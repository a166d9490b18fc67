//===- OutlinePrepare.cpp - what depends on parameters alone ------------------------===//
//
// Folded batch normalisation, packed weights, padded biases: every pure op whose inputs are parameters
// and constants moves to @prepare, which runs once after the weights are loaded. Its results stay in
// buffers that @forward receives as arguments; @forward no longer sees a parameter.
//
//   func @forward(%x, %w {nn.param}) {     func @prepare(%w {nn.param}) -> t { kernel.pack %w }
//     %0 = kernel.pack %w             ->   func @forward(%x, %0: t {nn.prepared}) {
//     %1 = kernel.conv %x, %0                %1 = kernel.conv %x, %0
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

// Splits the values of @forward into constants (known at compile time, cloned where needed), prepared
// ones (from parameters) and the rest.
struct Partition {
  llvm::SetVector<Value> constant, prepared;

  explicit Partition(func::FuncOp forward) {
    for (BlockArgument argument : forward.getArguments())
      if (forward.getArgAttr(argument.getArgNumber(), nn::kParamAttr))
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

// @prepare takes every parameter, in order, and returns the crossing values.
static void buildPrepare(func::FuncOp forward, const Partition &partition,
                         const llvm::SetVector<Value> &crossing) {
  OpBuilder builder(forward);
  SmallVector<Type> inputs, results;
  SmallVector<DictionaryAttr> attributes;
  IRMapping mapping;
  SmallVector<BlockArgument> params;
  for (BlockArgument argument : forward.getArguments())
    if (forward.getArgAttr(argument.getArgNumber(), nn::kParamAttr)) {
      params.push_back(argument);
      inputs.push_back(argument.getType());
      attributes.push_back(forward.getArgAttrDict(argument.getArgNumber()));
    }
  for (Value value : crossing)
    results.push_back(value.getType());
  auto prepare = func::FuncOp::create(builder, forward.getLoc(), "prepare",
                                      builder.getFunctionType(inputs, results));
  Block *body = prepare.addEntryBlock();
  prepare.setAllArgAttrs(attributes);
  for (auto [outer, inner] : llvm::zip_equal(params, body->getArguments()))
    mapping.map(outer, inner);
  builder.setInsertionPointToEnd(body);
  for (Operation &op : forward.getBody().front().without_terminator())
    if (op.getNumResults() && (partition.prepared.contains(op.getResult(0)) ||
                               partition.constant.contains(op.getResult(0))))
      builder.clone(op, mapping);
  func::ReturnOp::create(builder, forward.getLoc(),
                         llvm::map_to_vector(crossing, [&](Value v) { return mapping.lookup(v); }));
}

static LogicalResult outlinePrepare(func::FuncOp forward) {
  Partition partition(forward);
  llvm::SetVector<Value> crossing = partition.crossing();
  buildPrepare(forward, partition, crossing);

  Builder builder(forward.getContext());
  Block &body = forward.getBody().front();
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
  BitVector parameters(body.getNumArguments());
  for (unsigned i = 0; i < body.getNumArguments(); ++i)
    if (forward.getArgAttr(i, nn::kParamAttr))
      parameters.set(i);
  return forward.eraseArguments(parameters);
}

namespace {

struct OutlinePrepare : schedule::impl::OutlinePrepareBase<OutlinePrepare> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward) {
      getOperation().emitError("has no function @forward to prepare for");
      return signalPassFailure();
    }
    if (failed(outlinePrepare(forward)))
      signalPassFailure();
  }
};

} // namespace
