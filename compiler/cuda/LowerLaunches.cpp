//===- LowerLaunches.cpp - launches of GPU kernels become calls of the runtime --------===//
//
// The values of a launch's arguments lie on the stack, and so do their addresses, as the driver
// takes them. The places serve all launches of an entry: each call reads them before it returns. A
// kernel is named by its number among those of @kernels, which goes. A pointer is the address of a
// value already, of a tensor map.
//
//   gpu.launch_func @kernels::@exp_0 blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1)
//       args(%x : memref<?x8xf32>)
//   ->
//   llvm.store %x_pointer, %values[0]
//   llvm.store %batch, %values[1]            // i32
//   llvm.store %n, %geometry[0]              // blocks x, y, z, threads, bytes of shared memory
//   call @dlc_rt_launch(%rt, %kernel, %geometry, %addresses)
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/BufferAbi.h"
#include "compiler/abi/Entry.h"
#include "compiler/cuda/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_LOWERGPULAUNCHES
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;

namespace {
// Places on the stack of an entry.
struct Places {
  Value geometry, values, addresses;
};

class LaunchLowering {
public:
  explicit LaunchLowering(ModuleOp module)
      : symbols(module), builder(module.getContext()), converter(module.getContext()),
        abi(builder, converter), pointer(LLVM::LLVMPointerType::get(module.getContext())),
        i64(builder.getI64Type()) {}
  LogicalResult run(ModuleOp module);

private:
  void numberKernels(gpu::GPUModuleOp kernels);
  LogicalResult lowerLaunches(func::FuncOp func);
  Places makePlaces(func::FuncOp func, int64_t count);
  void lowerLaunch(gpu::LaunchFuncOp launch, const Places &places);
  Value allocate(Location loc, Type type, int64_t count);
  Value toI64(Location loc, Value value) {
    return arith::IndexCastOp::create(builder, loc, i64, value);
  }
  Value slot(Location loc, Value base, int64_t index) {
    return LLVM::GEPOp::create(builder, loc, pointer, i64, base,
                               ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
  }
  Value number(Location loc, int64_t value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  }

  SymbolTable symbols;
  OpBuilder builder;
  LLVMTypeConverter converter;
  abi::BufferAbi abi;
  Type pointer, i64;
  llvm::DenseMap<SymbolRefAttr, int64_t> numbers;
};
} // namespace

static constexpr int64_t kGeometry = 5;

LogicalResult LaunchLowering::run(ModuleOp module) {
  for (auto kernels : module.getOps<gpu::GPUModuleOp>())
    numberKernels(kernels);
  for (auto func : llvm::to_vector(module.getOps<func::FuncOp>()))
    if (!func.isExternal() && failed(lowerLaunches(func)))
      return failure();
  for (auto kernels : llvm::make_early_inc_range(module.getOps<gpu::GPUModuleOp>()))
    kernels->erase();
  module->removeAttr(gpu::GPUDialect::getContainerModuleAttrName());
  return success();
}

// Before and after the kernels became LLVM's functions.
void LaunchLowering::numberKernels(gpu::GPUModuleOp kernels) {
  for (Operation &op : *kernels.getBody())
    if (gpu::GPUDialect::isKernel(&op)) {
      auto name = FlatSymbolRefAttr::get(cast<SymbolOpInterface>(op).getNameAttr());
      int64_t next = numbers.size();
      numbers[SymbolRefAttr::get(kernels.getNameAttr(), name)] = next;
    }
}

Value LaunchLowering::allocate(Location loc, Type type, int64_t count) {
  Type array = LLVM::LLVMArrayType::get(type, count);
  return LLVM::AllocaOp::create(builder, loc, pointer, array, number(loc, 1), /*alignment=*/8);
}

Places LaunchLowering::makePlaces(func::FuncOp func, int64_t count) {
  Location loc = func.getLoc();
  builder.setInsertionPointToStart(&func.front());
  Places places{allocate(loc, i64, kGeometry), allocate(loc, i64, count),
                allocate(loc, pointer, count)};
  for (int64_t index = 0; index < count; ++index)
    LLVM::StoreOp::create(builder, loc, slot(loc, places.values, index),
                          slot(loc, places.addresses, index));
  return places;
}

LogicalResult LaunchLowering::lowerLaunches(func::FuncOp func) {
  SmallVector<gpu::LaunchFuncOp> launches;
  func.walk([&](gpu::LaunchFuncOp launch) { launches.push_back(launch); });
  if (launches.empty())
    return success();
  int64_t count = 1;
  for (gpu::LaunchFuncOp launch : launches) {
    if (!numbers.contains(launch.getKernel()))
      return launch.emitOpError("launches ") << launch.getKernel() << ", which is no kernel";
    int64_t parts = 0;
    for (Type type : launch.getKernelOperands().getTypes())
      parts += abi.getTypes(type).size();
    count = std::max(count, parts);
  }
  Places places = makePlaces(func, count);
  for (gpu::LaunchFuncOp launch : launches)
    lowerLaunch(launch, places);
  return success();
}

void LaunchLowering::lowerLaunch(gpu::LaunchFuncOp launch, const Places &places) {
  Location loc = launch.getLoc();
  builder.setInsertionPoint(launch);
  int64_t index = 0;
  SmallVector<int64_t> maps; // whose addresses take the place of those of values
  for (Value argument : launch.getKernelOperands()) {
    if (argument.getType() == pointer) {
      maps.push_back(index);
      LLVM::StoreOp::create(builder, loc, argument, slot(loc, places.addresses, index++));
      continue;
    }
    for (auto [part, value] : llvm::enumerate(abi.split(loc, argument))) {
      // Extents and indices have 32 bits in kernels.
      bool isExtent = isa<MemRefType>(argument.getType()) && part > 0;
      if (value.getType().isIndex())
        value = arith::IndexCastOp::create(builder, loc, builder.getI32Type(), value);
      else if (isExtent)
        value = LLVM::TruncOp::create(builder, loc, builder.getI32Type(), value);
      LLVM::StoreOp::create(builder, loc, value, slot(loc, places.values, index++));
    }
  }
  gpu::KernelDim3 grid = launch.getGridSizeOperandValues();
  gpu::KernelDim3 block = launch.getBlockSizeOperandValues();
  Value shared = launch.getDynamicSharedMemorySize();
  shared = shared ? Value(arith::ExtUIOp::create(builder, loc, i64, shared)) : number(loc, 0);
  Value geometry[kGeometry] = {toI64(loc, grid.x), toI64(loc, grid.y), toI64(loc, grid.z),
                               toI64(loc, block.x), shared};
  for (auto [place, value] : llvm::enumerate(geometry))
    LLVM::StoreOp::create(builder, loc, value, slot(loc, places.geometry, place));
  abi::Entry entry(launch->getParentOfType<func::FuncOp>());
  func::FuncOp runtime =
      abi::declareRuntime(symbols, "dlc_rt_launch", {pointer, i64, pointer, pointer});
  func::CallOp::create(builder, loc, runtime,
                       ValueRange{entry.runtime, number(loc, numbers[launch.getKernel()]),
                                  places.geometry, places.addresses});
  for (int64_t map : maps)
    LLVM::StoreOp::create(builder, loc, slot(loc, places.values, map),
                          slot(loc, places.addresses, map));
  launch.erase();
}

namespace {
struct LowerGpuLaunches : dlc::cuda::impl::LowerGpuLaunchesBase<LowerGpuLaunches> {
  void runOnOperation() override {
    if (failed(LaunchLowering(getOperation()).run(getOperation())))
      signalPassFailure();
  }
};
} // namespace
