//===- LowerLaunches.cpp - bare pointers of kernels, launches ------------------------===//
//
// A kernel takes bare noalias pointers and those extents that its types leave open; a launch packs
// the kernel's arguments on the stack and hands them with a trampoline to the runtime's thread
// pool. One stack slot serves all launches of an entry: each returns before the next packs.
//
//   func.func @forward(%rt: !llvm.ptr, %batch: i64, ..., %arena: !llvm.ptr) {
//     kernel.launch @exp_0(%x, %y : ...) items(%n) grain(2000)
//   ->
//   func.func @forward(%rt: !llvm.ptr, %batch: i64, ..., %arena: !llvm.ptr) {
//     %args = llvm.alloca ...        // stores to %args
//     call @dlc_rt_parallel_for(%rt, @exp_0_part, %args, %n, 2000)
//   func.func private @exp_0_part(%args: !llvm.ptr, %lo: i64, %hi: i64)   // loads, call @exp_0
// A launch whose items keep their threads goes to @dlc_rt_parallel_for_kept.
// A launch with scratch memory goes to @dlc_rt_parallel_for_slots, whose trampolines also get a
// slot: the kernel's scratch is that part of the arena's region of threads.
//   func.func private @exp_0(%x: !llvm.ptr {llvm.noalias}, %xn: i64, ..., %lo: index, %hi: index)
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/BufferAbi.h"
#include "compiler/abi/Entry.h"
#include "compiler/cpu/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"

namespace dlc::cpu {
#define GEN_PASS_DEF_LOWERLAUNCHES
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;
using dlc::kernel::LaunchOp;

namespace {
class LaunchLowering {
public:
  explicit LaunchLowering(ModuleOp module)
      : module(module), symbols(module), builder(module.getContext()),
        converter(module.getContext()), abi(builder, converter),
        pointer(LLVM::LLVMPointerType::get(module.getContext())) {}
  LogicalResult run();

private:
  void lowerKernel(func::FuncOp func, int64_t scratch);
  LogicalResult lowerLaunches(func::FuncOp func);
  void lowerLaunch(LaunchOp launch, Value slots);
  Value scratchOfFirstThread(LaunchOp launch);
  void addTrampoline(func::FuncOp kernel, ArrayRef<Type> argTypes, int64_t scratch);
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
  abi::BufferAbi abi;
  Type pointer;
};
} // namespace

LogicalResult LaunchLowering::run() {
  llvm::MapVector<func::FuncOp, int64_t> kernels; // and their scratch memory
  module.walk([&](LaunchOp launch) {
    kernels[symbols.lookup<func::FuncOp>(launch.getKernel())] = launch.getScratch();
  });
  for (auto func : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (!func.isExternal() && failed(lowerLaunches(func)))
      return failure();
  for (auto [kernel, scratch] : kernels)
    lowerKernel(kernel, scratch);
  return success();
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

// Where the region of threads begins: behind the two others.
Value LaunchLowering::scratchOfFirstThread(LaunchOp launch) {
  Location loc = launch.getLoc();
  auto func = launch->getParentOfType<func::FuncOp>();
  abi::Entry entry(func);
  auto bytes = [&](StringRef name) -> Value {
    auto attribute = func->getAttrOfType<IntegerAttr>(name);
    int64_t value = attribute ? attribute.getInt() : 0;
    return LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  };
  Value scaled = LLVM::MulOp::create(builder, loc, entry.batch, bytes(nn::kArenaBatchAttr));
  Value offset = LLVM::AddOp::create(builder, loc, scaled, bytes(nn::kArenaConstAttr));
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), entry.arena,
                             ValueRange{offset});
}

// What takes the arguments, a range and, where there is scratch memory, a slot.
static FunctionType trampolineType(OpBuilder &builder, Type pointer, bool slots) {
  SmallVector<Type> types(slots ? 4 : 3, builder.getI64Type());
  types[0] = pointer;
  return builder.getFunctionType(types, {});
}

static std::string trampolineName(StringRef kernel) { return (kernel + "_part").str(); }

// One array of slots, as long as the longest launch needs.
LogicalResult LaunchLowering::lowerLaunches(func::FuncOp func) {
  SmallVector<LaunchOp> launches;
  func.walk([&](LaunchOp launch) { launches.push_back(launch); });
  if (launches.empty())
    return success();
  int64_t count = 1;
  for (LaunchOp launch : launches) {
    if (launch.getScratch() && !abi::Entry(func).batch)
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

void LaunchLowering::lowerLaunch(LaunchOp launch, Value slots) {
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
  Value runtime = abi::Entry(launch->getParentOfType<func::FuncOp>()).runtime;
  Type i64 = builder.getI64Type();
  StringRef name = slotted            ? "dlc_rt_parallel_for_slots"
                   : launch.getKept() ? "dlc_rt_parallel_for_kept"
                                      : "dlc_rt_parallel_for";
  func::FuncOp parallelFor =
      abi::declareRuntime(symbols, name, {pointer, pointer, pointer, i64, i64});
  func::CallOp::create(builder, loc, parallelFor,
                       ValueRange{runtime, part, slots, toI64(loc, launch.getItems()), grain});
  launch.erase();
}

// @kernel_part(args, lo, hi) or (args, lo, hi, slot): unpacks the arguments and calls the kernel.
void LaunchLowering::addTrampoline(func::FuncOp kernel, ArrayRef<Type> argTypes, int64_t scratch) {
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

void LaunchLowering::lowerKernel(func::FuncOp func, int64_t scratch) {
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
struct LowerLaunches : dlc::cpu::impl::LowerLaunchesBase<LowerLaunches> {
  void runOnOperation() override {
    if (failed(LaunchLowering(getOperation()).run()))
      signalPassFailure();
  }
};
} // namespace
