//===- Outline.cpp - each computing op becomes a kernel of a gpu.module ---------------===//
//
// Each op that computes, a kernel op, a linalg op, the steps of one or a copy, moves into a kernel
// of the gpu.module
// @kernels, and gpu.launch_func takes its place. Equal ops share one kernel: a network with twenty
// equal blocks has the code of one. Views of buffers and arithmetic on the batch stay behind;
// constants move along.
//
//   linalg.exp ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
//   ->
//   gpu.launch_func @kernels::@exp_0 blocks in (%n, %c1, %c1) threads in (%c256, %c1, %c1)
//       args(%x : memref<?x8xf32>, %y : memref<?x8xf32>)
//
//   gpu.module @kernels attributes {kernel.max_batch = 268435455} {
//     gpu.func @exp_0(%x: memref<?x8xf32> {llvm.noalias}, %y: ... {llvm.noalias}) kernel
//         attributes {known_block_size = array<i32: 256, 1, 1>} {
//       linalg.exp ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
//       gpu.return
//     }
//   }
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/Captures.h"
#include "compiler/cuda/Passes.h"
#include "compiler/cuda/ThreadPlan.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_OUTLINEGPUKERNELS
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;
using dlc::kernel::GpuKernelOpInterface;

namespace {
// The blocks and threads of a launch.
struct Geometry {
  SmallVector<OpFoldResult> blocks;
  int64_t threads = 0, sharedBytes = 0;
};

class Outliner {
public:
  explicit Outliner(ModuleOp module) : module(module), symbols(module) {}
  LogicalResult outline(Operation *op);
  void finish();

private:
  gpu::GPUModuleOp kernels();
  LogicalResult checkBuffers(Operation *op, ValueRange buffers);
  gpu::GPUFuncOp buildKernel(Operation *op, int64_t threads);
  void moveConstant(memref::GetGlobalOp constant);
  gpu::GPUFuncOp share(gpu::GPUFuncOp candidate, StringRef name);
  void launch(Operation *op, gpu::GPUFuncOp func, const Geometry &geometry);

  ModuleOp module;
  SymbolTable symbols;
  gpu::GPUModuleOp target;
  llvm::StringMap<gpu::GPUFuncOp> known;
  llvm::StringMap<unsigned> counters;
  SmallVector<Value> arguments; // of the kernel at hand, and what moves along
  SmallVector<Operation *> constants;
  int64_t maxBatch = kMaxIndex;
  static constexpr int64_t kMaxIndex = std::numeric_limits<int32_t>::max();
};
} // namespace

static bool computes(Operation *op) {
  if (isa<GpuKernelOpInterface, kernel::StepsOp>(op))
    return true;
  return isa<linalg::LinalgOp, memref::CopyOp>(op) &&
         llvm::any_of(op->getOperandTypes(), llvm::IsaPred<MemRefType>);
}

static std::optional<Geometry> geometryOf(Operation *op) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  if (auto kernelOp = dyn_cast<GpuKernelOpInterface>(op))
    return Geometry{kernelOp.getBlocks(builder, loc), kernelOp.getThreads(),
                    kernelOp.getSharedBytes()};
  SmallVector<linalg::LinalgOp> steps;
  op->walk([&](linalg::LinalgOp step) { steps.push_back(step); });
  std::optional<ThreadPlan> found = planThreads(steps);
  if (!found) {
    op->emitOpError("has steps of different points");
    return std::nullopt;
  }
  const ThreadPlan &plan = *found;
  SmallVector<Range> ranges = steps[plan.lead].createLoopRanges(builder, loc);
  SmallVector<OpFoldResult> extents;
  AffineExpr product = builder.getAffineConstantExpr(1);
  for (unsigned loop : plan.points) {
    product = product * builder.getAffineSymbolExpr(extents.size());
    extents.push_back(ranges[loop].size);
  }
  OpFoldResult blocks = affine::makeComposedFoldedAffineApply(
      builder, loc, product.ceilDiv(plan.pointsPerBlock()), extents);
  OpFoldResult one = builder.getIndexAttr(1);
  return Geometry{{blocks, one, one}, plan.threads, 0};
}

gpu::GPUModuleOp Outliner::kernels() {
  if (!target) {
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    target = gpu::GPUModuleOp::create(builder, module.getLoc(), "kernels");
    module->setAttr(gpu::GPUDialect::getContainerModuleAttrName(), builder.getUnitAttr());
  }
  return target;
}

// Kernels compute addresses with 32 bits.
LogicalResult Outliner::checkBuffers(Operation *op, ValueRange buffers) {
  for (Value buffer : buffers) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type)
      continue;
    int64_t elements = kernel::elementsOfSample(type);
    if (elements > kMaxIndex)
      return op->emitOpError("has a buffer of ")
             << elements << " elements for one sample; kernels for GPUs reach " << kMaxIndex
             << ": make the layer smaller";
    if (!type.hasStaticShape())
      maxBatch = std::min(maxBatch, kMaxIndex / std::max<int64_t>(elements, 1));
  }
  return success();
}

void Outliner::moveConstant(memref::GetGlobalOp constant) {
  if (SymbolTable::lookupSymbolIn(kernels(), constant.getNameAttr().getAttr()))
    return;
  auto global = symbols.lookup<memref::GlobalOp>(constant.getName());
  OpBuilder::atBlockBegin(kernels().getBody()).clone(*global);
}

gpu::GPUFuncOp Outliner::buildKernel(Operation *op, int64_t threads) {
  OpBuilder builder = OpBuilder::atBlockEnd(kernels().getBody());
  Location loc = op->getLoc();
  auto type = builder.getFunctionType(ValueRange(arguments).getTypes(), {});
  auto func = gpu::GPUFuncOp::create(builder, loc, "kernel", type);
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  func.setKnownBlockSize(SmallVector<int32_t>{static_cast<int32_t>(threads), 1, 1});
  builder.setInsertionPointToStart(&func.getBody().front());
  IRMapping mapping;
  mapping.map(arguments, func.getArguments());
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  Operation *clone = builder.clone(*op, mapping);
  clone->setDiscardableAttrs(ArrayRef<NamedAttribute>{});
  gpu::ReturnOp::create(builder, loc);
  for (auto [index, argument] : llvm::enumerate(arguments))
    if (isa<MemRefType>(argument.getType()))
      func.setArgAttr(index, "llvm.noalias", builder.getUnitAttr());
  return func;
}

gpu::GPUFuncOp Outliner::share(gpu::GPUFuncOp candidate, StringRef name) {
  auto [entry, isNew] = known.try_emplace(abi::textOf(candidate), candidate);
  if (isNew)
    candidate.setName((name + "_" + Twine(counters[name]++)).str());
  else
    candidate->erase();
  return entry->second;
}

void Outliner::launch(Operation *op, gpu::GPUFuncOp func, const Geometry &geometry) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  auto block = [&](unsigned dim) {
    return getValueOrCreateConstantIndexOp(builder, loc, geometry.blocks[dim]);
  };
  gpu::KernelDim3 grid{block(0), block(1), block(2)};
  gpu::KernelDim3 threads{index(geometry.threads), index(1), index(1)};
  Value shared;
  if (geometry.sharedBytes)
    shared = arith::ConstantIntOp::create(builder, loc, geometry.sharedBytes, 32);
  gpu::LaunchFuncOp::create(builder, loc, func, grid, threads, shared, arguments);
}

LogicalResult Outliner::outline(Operation *op) {
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    OpBuilder builder(copy);
    op = linalg::CopyOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
    copy.erase();
  }
  abi::Captures captures(op);
  arguments.clear();
  constants = captures.constants;
  for (Value argument : captures.arguments) {
    auto global = argument.getDefiningOp<memref::GetGlobalOp>();
    if (global)
      constants.push_back(global);
    else
      arguments.push_back(argument);
  }
  if (failed(checkBuffers(op, arguments)))
    return failure();
  for (Operation *constant : constants)
    if (auto global = dyn_cast<memref::GetGlobalOp>(constant))
      moveConstant(global);
  std::optional<Geometry> geometry = geometryOf(op);
  if (!geometry)
    return failure();
  gpu::GPUFuncOp func = share(buildKernel(op, geometry->threads), op->getName().stripDialect());
  launch(op, func, *geometry);
  op->erase();
  return success();
}

void Outliner::finish() {
  if (target)
    target->setAttr(kernel::kMaxBatchAttr, OpBuilder(target).getI64IntegerAttr(maxBatch));
}

namespace {
struct OutlineGpuKernels : dlc::cuda::impl::OutlineGpuKernelsBase<OutlineGpuKernels> {
  void runOnOperation() override {
    Outliner outliner(getOperation());
    SmallVector<Operation *> work;
    for (auto func : getOperation().getOps<func::FuncOp>())
      func.walk<WalkOrder::PreOrder>([&](Operation *op) {
        if (!computes(op))
          return WalkResult::advance();
        work.push_back(op);
        return WalkResult::skip();
      });
    for (Operation *op : work)
      if (failed(outliner.outline(op)))
        return signalPassFailure();
    outliner.finish();
  }
};
} // namespace
