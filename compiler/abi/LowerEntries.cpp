//===- LowerEntries.cpp - C signatures of entries -----------------------------------===//
//
// Up to here functions take memrefs. An entry becomes the C function that the runtime calls, with
// buffers found through arrays of pointers in argument order. What it launches is left to the
// target.
//
//   func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32> {nn.input = "x"},
//                      %y: memref<?x8xf32> {nn.output = "y"}) {
//     kernel.mark 0
//   ->
//   func.func @forward(%rt: !llvm.ptr, %batch: i64, %inputs: !llvm.ptr, %outputs: !llvm.ptr,
//                      %prepared: !llvm.ptr, %arena: !llvm.ptr) {
//     // loads of %inputs[0], %outputs[0]
//     call @dlc_rt_mark(%rt, 0)
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/BufferAbi.h"
#include "compiler/abi/Entry.h"
#include "compiler/abi/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::abi {
#define GEN_PASS_DEF_LOWERENTRIES
#include "compiler/abi/Passes.h.inc"
} // namespace dlc::abi

using namespace mlir;
using namespace dlc;
using namespace dlc::abi;
using dlc::kernel::GradientDoneOp;
using dlc::kernel::JointMeanOp;
using dlc::kernel::MarkOp;
using dlc::kernel::ReadParamOp;

namespace {
class EntryLowering {
public:
  explicit EntryLowering(ModuleOp module)
      : module(module), symbols(module), builder(module.getContext()),
        converter(module.getContext()), abi(builder, converter),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}
  LogicalResult run();

private:
  LogicalResult lowerEntry(func::FuncOp func);
  template <typename OpTy> void lowerNotices(func::FuncOp func, StringRef callee);
  void lowerReads(func::FuncOp func);
  void lowerJointMeans(func::FuncOp func);
  FailureOr<Value> entryArgument(BlockArgument arg, func::FuncOp func);
  FailureOr<Value> entryBuffer(BlockArgument arg, func::FuncOp func);
  Value slot(Location loc, Value base, int64_t index) {
    return LLVM::GEPOp::create(builder, loc, pointer, builder.getI64Type(), base,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }
  func::FuncOp runtime(StringRef name, ArrayRef<Type> types) {
    return declareRuntime(symbols, name, types);
  }

  ModuleOp module;
  SymbolTable symbols;
  OpBuilder builder;
  LLVMTypeConverter converter;
  BufferAbi abi;
  Type pointer;

  // The C arguments of the entry at hand.
  Value batch, inputs, outputs, prepared, arena;
  int64_t numInputs = 0, numOutputs = 0;
};
} // namespace

static bool hasArgAttr(func::FuncOp func, ArrayRef<StringRef> names) {
  return llvm::any_of(llvm::seq(0u, func.getNumArguments()), [&](unsigned index) {
    return llvm::any_of(names, [&](StringRef name) { return bool(func.getArgAttr(index, name)); });
  });
}

static bool runsBatches(func::FuncOp func) {
  return hasArgAttr(func, {nn::kBatchAttr, nn::kInputAttr, nn::kOutputAttr});
}

static bool isEntry(func::FuncOp func) {
  return runsBatches(func) || hasArgAttr(func, {nn::kPreparedAttr, nn::kArenaAttr});
}

LogicalResult EntryLowering::run() {
  for (auto func : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (func.isPublic() && !func.isExternal() && isEntry(func) && failed(lowerEntry(func)))
      return failure();
  return success();
}

// The pointer behind an argument: an element of the caller's arrays, or a place in a block.
FailureOr<Value> EntryLowering::entryBuffer(BlockArgument arg, func::FuncOp func) {
  Location loc = func.getLoc();
  unsigned index = arg.getArgNumber();
  auto has = [&](StringRef name) { return bool(func.getArgAttr(index, name)); };
  auto fromArray = [&](Value array, int64_t &count) {
    return Value(LLVM::LoadOp::create(builder, loc, pointer, slot(loc, array, count++)));
  };
  if (has(nn::kInputAttr))
    return fromArray(inputs, numInputs);
  if (has(nn::kOutputAttr))
    return fromArray(outputs, numOutputs);
  if (has(nn::kArenaAttr))
    return arena;
  // The block is that of the prepared weights, or the state where the function has a part in it.
  auto offset = func.getArgAttrOfType<IntegerAttr>(index, nn::kPlaceAttr);
  if (!offset)
    offset = func.getArgAttrOfType<IntegerAttr>(index, nn::kPreparedAttr);
  if (!offset)
    return func.emitOpError("has argument ") << index
                                             << " that is no input, output, "
                                                "prepared buffer, state or arena";
  Value bytes = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(offset.getInt()));
  return Value(
      LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), prepared, ValueRange{bytes}));
}

// The value that stands for an argument of the memref form; every dynamic extent is the batch.
FailureOr<Value> EntryLowering::entryArgument(BlockArgument arg, func::FuncOp func) {
  Location loc = func.getLoc();
  if (func.getArgAttr(arg.getArgNumber(), nn::kBatchAttr))
    return Value(arith::IndexCastOp::create(builder, loc, builder.getIndexType(), batch));
  FailureOr<Value> address = entryBuffer(arg, func);
  if (failed(address))
    return failure();
  Value extent = batch;
  // Nobody asks for the extent of the arena.
  if (func.getArgAttr(arg.getArgNumber(), nn::kArenaAttr))
    extent = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(INT64_MAX));
  SmallVector<Value> parts{*address};
  unsigned open = abi.getTypes(arg.getType()).size() - 1;
  if (!extent && open > 0)
    return func.emitOpError("has no batch for the extents of argument ") << arg.getArgNumber();
  parts.append(open, extent);
  return abi.join(loc, arg.getType(), parts);
}

LogicalResult EntryLowering::lowerEntry(func::FuncOp func) {
  Location loc = func.getLoc();
  Block &body = func.front();
  bool forward = runsBatches(func);
  SmallVector<Type> types(forward ? Entry::kRunsBatches : Entry::kPrepares, pointer);
  if (forward)
    types[1] = builder.getI64Type();
  unsigned oldCount = body.getNumArguments();
  SmallVector<Value> args;
  for (Type type : types)
    args.push_back(body.addArgument(type, loc));
  batch = forward ? args[1] : Value();
  inputs = forward ? args[2] : Value();
  outputs = forward ? args[3] : Value();
  prepared = args[args.size() - 2];
  arena = args.back();
  numInputs = numOutputs = 0;
  builder.setInsertionPointToStart(&body);
  for (BlockArgument old : body.getArguments().take_front(oldCount)) {
    FailureOr<Value> value = entryArgument(old, func);
    if (failed(value))
      return failure();
    old.replaceAllUsesWith(*value);
  }
  func.removeArgAttrsAttr();
  body.eraseArguments(0, oldCount);
  func.setFunctionType(builder.getFunctionType(types, {}));
  lowerNotices<MarkOp>(func, "dlc_rt_mark");
  lowerNotices<GradientDoneOp>(func, "dlc_rt_gradient_done");
  lowerReads(func);
  lowerJointMeans(func);
  return success();
}

// What only tells the runtime a number.
template <typename OpTy> void EntryLowering::lowerNotices(func::FuncOp func, StringRef callee) {
  SmallVector<OpTy> notices;
  func.walk([&](OpTy notice) { notices.push_back(notice); });
  for (OpTy notice : notices) {
    Location loc = notice.getLoc();
    builder.setInsertionPoint(notice);
    Value index = LLVM::ConstantOp::create(builder, loc, notice.getIndexAttr());
    func::CallOp::create(builder, loc, runtime(callee, {pointer, builder.getI64Type()}),
                         ValueRange{func.getArgument(0), index});
    notice.erase();
  }
}

void EntryLowering::lowerReads(func::FuncOp func) {
  SmallVector<ReadParamOp> reads;
  func.walk([&](ReadParamOp read) { reads.push_back(read); });
  for (ReadParamOp read : reads) {
    Location loc = read.getLoc();
    builder.setInsertionPoint(read);
    auto type = cast<MemRefType>(read.getOut().getType());
    int64_t width = type.getElementTypeBitWidth() / 8;
    auto constant = [&](int64_t value) -> Value {
      return LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
    };
    Type i64 = builder.getI64Type();
    func::CallOp::create(
        builder, loc, runtime("dlc_rt_read_param", {pointer, i64, i64, i64, pointer}),
        ValueRange{func.getArgument(0), constant(read.getIndex()),
                   constant(read.getFirst() * width), constant(type.getNumElements() * width),
                   abi.split(loc, read.getOut()).front()});
    read.erase();
  }
}

void EntryLowering::lowerJointMeans(func::FuncOp func) {
  SmallVector<JointMeanOp> means;
  func.walk([&](JointMeanOp mean) { means.push_back(mean); });
  for (JointMeanOp mean : means) {
    Location loc = mean.getLoc();
    builder.setInsertionPoint(mean);
    int64_t elements = cast<MemRefType>(mean.getOut().getType()).getNumElements();
    Type i64 = builder.getI64Type();
    Value count = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(elements));
    func::CallOp::create(
        builder, loc, runtime("dlc_rt_joint_mean", {pointer, pointer, i64}),
        ValueRange{func.getArgument(0), abi.split(loc, mean.getOut()).front(), count});
    mean.erase();
  }
}

namespace {
struct LowerEntries : dlc::abi::impl::LowerEntriesBase<LowerEntries> {
  void runOnOperation() override {
    if (failed(EntryLowering(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace
