//===- LowerAbi.cpp - C signatures of entries, bare pointers of kernels, launches ----===//
//
// Up to here functions take memrefs. An entry becomes the C function that the runtime calls, with
// buffers found through arrays of pointers in argument order; a kernel takes bare noalias pointers
// and those extents that its types leave open; a launch packs the kernel's arguments on the stack
// and hands them with a trampoline to the runtime's thread pool. One stack slot serves all launches
// of an entry: each returns before the next packs.
//
//   func.func @forward(%batch: index {nn.batch}, %x: memref<?x8xf32> {nn.input = "x"},
//                      %y: memref<?x8xf32> {nn.output = "y"}) {
//     kernel.launch @exp_0(%x, %y : ...) items(%n) grain(2000)
//   ->
//   func.func @forward(%rt: !llvm.ptr, %batch: i64, %inputs: !llvm.ptr, %outputs: !llvm.ptr,
//                      %prepared: !llvm.ptr, %arena: !llvm.ptr) {
//     %args = llvm.alloca ...        // loads of %inputs[0], %outputs[0]; stores to %args
//     call @dlc_rt_parallel_for(%rt, @exp_0_part, %args, %n, 2000)
//   func.func private @exp_0_part(%args: !llvm.ptr, %lo: i64, %hi: i64)   // loads, call @exp_0
// A launch whose items keep their threads goes to @dlc_rt_parallel_for_kept.
// A launch with scratch memory goes to @dlc_rt_parallel_for_slots, whose trampolines also get a
// slot: the kernel's scratch is that part of the arena's region of threads.
//   func.func private @exp_0(%x: !llvm.ptr {llvm.noalias}, %xn: i64, ..., %lo: index, %hi: index)
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/BufferAbi.h"
#include "compiler/cpu/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace dlc::cpu {
#define GEN_PASS_DEF_LOWERABI
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using dlc::kernel::GradientDoneOp;
using dlc::kernel::LaunchOp;
using dlc::kernel::MarkOp;
using dlc::kernel::ReadParamOp;

namespace {
class AbiLowering {
public:
  explicit AbiLowering(ModuleOp module)
      : module(module), symbols(module), builder(module.getContext()),
        converter(module.getContext()), abi(builder, converter),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}
  LogicalResult run();

private:
  LogicalResult lowerEntry(func::FuncOp func);
  void lowerKernel(func::FuncOp func, int64_t scratch);
  LogicalResult lowerLaunches(func::FuncOp func);
  void lowerLaunch(LaunchOp launch, Value slots);
  Value scratchOfFirstThread(LaunchOp launch);
  void addTrampoline(func::FuncOp kernel, ArrayRef<Type> argTypes, int64_t scratch);
  template <typename OpTy> void lowerNotices(func::FuncOp func, StringRef callee);
  void lowerReads(func::FuncOp func);
  func::FuncOp declareRuntime(StringRef name, ArrayRef<Type> types);
  FailureOr<Value> entryArgument(BlockArgument arg, func::FuncOp func);
  FailureOr<Value> entryBuffer(BlockArgument arg, func::FuncOp func);
  Value toIndex(Location loc, Value value) {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value);
  }
  Value toI64(Location loc, Value value) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(), value);
  }
  Value slot(Location loc, Value base, int64_t index) {
    return LLVM::GEPOp::create(builder, loc, pointer, builder.getI64Type(), base,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }
  SmallVector<Type> abiTypes(TypeRange types) {
    SmallVector<Type> all;
    for (Type type : types)
      llvm::append_range(all, abi.getTypes(type));
    return all;
  }
  void makeInternal(func::FuncOp func) {
    func->setAttr("llvm.linkage",
                  LLVM::LinkageAttr::get(module.getContext(), LLVM::linkage::Linkage::Internal));
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

LogicalResult AbiLowering::run() {
  llvm::MapVector<func::FuncOp, int64_t> kernels; // and their scratch memory
  module.walk([&](LaunchOp launch) {
    kernels[symbols.lookup<func::FuncOp>(launch.getKernel())] = launch.getScratch();
  });
  SmallVector<func::FuncOp> entries;
  for (auto func : module.getOps<func::FuncOp>())
    if (func.isPublic() && !func.isExternal() && isEntry(func))
      entries.push_back(func);
  for (func::FuncOp entry : entries)
    if (failed(lowerEntry(entry)))
      return failure();
  for (auto [kernel, scratch] : kernels)
    lowerKernel(kernel, scratch);
  return success();
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

// The pointer behind an argument: an element of the caller's arrays, or a place in a block.
FailureOr<Value> AbiLowering::entryBuffer(BlockArgument arg, func::FuncOp func) {
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
FailureOr<Value> AbiLowering::entryArgument(BlockArgument arg, func::FuncOp func) {
  Location loc = func.getLoc();
  if (func.getArgAttr(arg.getArgNumber(), nn::kBatchAttr))
    return toIndex(loc, batch);
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

LogicalResult AbiLowering::lowerEntry(func::FuncOp func) {
  Location loc = func.getLoc();
  Block &body = func.front();
  bool forward = runsBatches(func);
  SmallVector<Type> types(forward ? 6 : 3, pointer);
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
  if (failed(lowerLaunches(func)))
    return failure();
  lowerNotices<MarkOp>(func, "dlc_rt_mark");
  lowerNotices<GradientDoneOp>(func, "dlc_rt_gradient_done");
  lowerReads(func);
  return success();
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

func::FuncOp AbiLowering::declareRuntime(StringRef name, ArrayRef<Type> types) {
  if (auto known = symbols.lookup<func::FuncOp>(name))
    return known;
  auto func = func::FuncOp::create(module.getLoc(), name, builder.getFunctionType(types, {}));
  func.setPrivate();
  symbols.insert(func);
  return func;
}

// Where the region of threads begins: behind the two others.
Value AbiLowering::scratchOfFirstThread(LaunchOp launch) {
  Location loc = launch.getLoc();
  auto func = launch->getParentOfType<func::FuncOp>();
  auto bytes = [&](StringRef name) -> Value {
    auto attribute = func->getAttrOfType<IntegerAttr>(name);
    int64_t value = attribute ? attribute.getInt() : 0;
    return LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  };
  Value scaled = LLVM::MulOp::create(builder, loc, batch, bytes(nn::kArenaBatchAttr));
  Value offset = LLVM::AddOp::create(builder, loc, scaled, bytes(nn::kArenaConstAttr));
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), arena, ValueRange{offset});
}

// What takes the arguments, a range and, where there is scratch memory, a slot.
static FunctionType trampolineType(OpBuilder &builder, Type pointer, bool slots) {
  SmallVector<Type> types(slots ? 4 : 3, builder.getI64Type());
  types[0] = pointer;
  return builder.getFunctionType(types, {});
}

static std::string trampolineName(StringRef kernel) { return (kernel + "_part").str(); }

// One array of slots, as long as the longest launch needs.
LogicalResult AbiLowering::lowerLaunches(func::FuncOp func) {
  SmallVector<LaunchOp> launches;
  func.walk([&](LaunchOp launch) { launches.push_back(launch); });
  if (launches.empty())
    return success();
  int64_t count = 1;
  for (LaunchOp launch : launches) {
    if (launch.getScratch() && !batch)
      return launch.emitOpError("needs scratch memory, which only functions of a batch have");
    count = std::max<int64_t>(count, abiTypes(launch.getArgs().getTypes()).size() +
                                         (launch.getScratch() ? 1 : 0));
  }
  Location loc = func.getLoc();
  builder.setInsertionPointToStart(&func.front());
  Value one = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(1));
  Type array = LLVM::LLVMArrayType::get(builder.getI64Type(), count);
  Value slots = LLVM::AllocaOp::create(builder, loc, pointer, array, one, /*alignment=*/8);
  for (LaunchOp launch : launches)
    lowerLaunch(launch, slots);
  return success();
}

void AbiLowering::lowerLaunch(LaunchOp launch, Value slots) {
  Location loc = launch.getLoc();
  builder.setInsertionPoint(launch);
  int64_t index = 0;
  for (Value arg : launch.getArgs())
    for (Value part : abi.split(loc, arg)) {
      if (part.getType().isIndex())
        part = toI64(loc, part);
      LLVM::StoreOp::create(builder, loc, part, slot(loc, slots, index++));
    }
  bool slotted = launch.getScratch();
  if (slotted)
    LLVM::StoreOp::create(builder, loc, scratchOfFirstThread(launch), slot(loc, slots, index));
  Type partType = trampolineType(builder, pointer, slotted);
  Value part = func::ConstantOp::create(builder, loc, partType, trampolineName(launch.getKernel()));
  part = UnrealizedConversionCastOp::create(builder, loc, pointer, part).getResult(0);
  Value grain =
      LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(launch.getGrain()));
  Value runtime = launch->getParentOfType<func::FuncOp>().getArgument(0);
  Type i64 = builder.getI64Type();
  StringRef name = slotted            ? "dlc_rt_parallel_for_slots"
                   : launch.getKept() ? "dlc_rt_parallel_for_kept"
                                      : "dlc_rt_parallel_for";
  func::FuncOp parallelFor = declareRuntime(name, {pointer, pointer, pointer, i64, i64});
  func::CallOp::create(builder, loc, parallelFor,
                       ValueRange{runtime, part, slots, toI64(loc, launch.getItems()), grain});
  launch.erase();
}

// What only tells the runtime a number.
template <typename OpTy> void AbiLowering::lowerNotices(func::FuncOp func, StringRef callee) {
  SmallVector<OpTy> notices;
  func.walk([&](OpTy notice) { notices.push_back(notice); });
  for (OpTy notice : notices) {
    Location loc = notice.getLoc();
    builder.setInsertionPoint(notice);
    Value index = LLVM::ConstantOp::create(builder, loc, notice.getIndexAttr());
    func::CallOp::create(builder, loc, declareRuntime(callee, {pointer, builder.getI64Type()}),
                         ValueRange{func.getArgument(0), index});
    notice.erase();
  }
}

void AbiLowering::lowerReads(func::FuncOp func) {
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
        builder, loc, declareRuntime("dlc_rt_read_param", {pointer, i64, i64, i64, pointer}),
        ValueRange{func.getArgument(0), constant(read.getIndex()),
                   constant(read.getFirst() * width), constant(type.getNumElements() * width),
                   abi.split(loc, read.getOut()).front()});
    read.erase();
  }
}

// @kernel_part(args, lo, hi) or (args, lo, hi, slot): unpacks the arguments and calls the kernel.
void AbiLowering::addTrampoline(func::FuncOp kernel, ArrayRef<Type> argTypes, int64_t scratch) {
  Location loc = kernel.getLoc();
  Type i64 = builder.getI64Type();
  auto func = func::FuncOp::create(loc, trampolineName(kernel.getSymName()),
                                   trampolineType(builder, pointer, scratch));
  func.setPrivate();
  makeInternal(func);
  symbols.insert(func, std::next(Block::iterator(kernel)));
  Block *body = func.addEntryBlock();
  builder.setInsertionPointToStart(body);
  SmallVector<Value> args;
  for (auto [index, type] : llvm::enumerate(argTypes)) {
    Value address = slot(loc, body->getArgument(0), index);
    Value loaded = LLVM::LoadOp::create(builder, loc, type.isIndex() ? i64 : type, address);
    args.push_back(type.isIndex() ? toIndex(loc, loaded) : loaded);
  }
  if (scratch) {
    Value bytes = LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(scratch));
    Value offset = LLVM::MulOp::create(builder, loc, body->getArgument(3), bytes);
    args.back() = LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), args.back(),
                                      ValueRange{offset});
  }
  args.push_back(toIndex(loc, body->getArgument(1)));
  args.push_back(toIndex(loc, body->getArgument(2)));
  func::CallOp::create(builder, loc, kernel, args);
  func::ReturnOp::create(builder, loc);
}

void AbiLowering::lowerKernel(func::FuncOp func, int64_t scratch) {
  Location loc = func.getLoc();
  Block &body = func.front();
  SmallVector<BlockArgument> old(body.getArguments());
  SmallVector<Type> types = abiTypes(func.getArgumentTypes());
  SmallVector<DictionaryAttr> attrs;
  builder.setInsertionPointToStart(&body);
  for (BlockArgument arg : old) {
    SmallVector<Value> parts;
    for (Type type : abi.getTypes(arg.getType())) {
      DictionaryAttr attr =
          parts.empty() ? func.getArgAttrDict(arg.getArgNumber()) : DictionaryAttr();
      attrs.push_back(attr ? attr : builder.getDictionaryAttr({}));
      parts.push_back(body.addArgument(type, loc));
    }
    arg.replaceAllUsesWith(abi.join(loc, arg.getType(), parts));
  }
  body.eraseArguments(0, old.size());
  func.setFunctionType(builder.getFunctionType(types, {}));
  func.setAllArgAttrs(attrs);
  makeInternal(func);
  // Inlined into its trampoline a kernel would keep noalias only as scopes, which loops may lose.
  func->setAttr("passthrough", builder.getStrArrayAttr({"noinline"}));
  addTrampoline(func, ArrayRef(types).drop_back(2), scratch);
}

namespace {
struct LowerAbi : dlc::cpu::impl::LowerAbiBase<LowerAbi> {
  void runOnOperation() override {
    if (failed(AbiLowering(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace
