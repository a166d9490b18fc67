//===- GuardUpdate.cpp - an update that infinite gradients stop ------------------------===//
//
// A train step is one graph: between its gradients and its update nobody on the host looks whether
// they are finite. So @update looks first, and what its kernels store they store where all is well.
// Only stores wait for the verdict: what a kernel reads and computes goes on meanwhile.
//
//   func.func @update(%hyper, %w {nn.place = 0}, %dw {nn.gradient = "w", nn.place = 64}, %arena) {
//     gpu.launch_func @kernels::@generic_0 ... args(%w, %dw, %hyper)
//   ->
//   func.func @update(%hyper, %w, %dw, %loss: memref<1xf32> {nn.input = "loss"},
//                     %gradients: memref<16xf32> {nn.place = 64},
//                     %verdict: memref<1xi32> {nn.output = "verdict"},
//                     %parts: memref<2048xi32> {nn.output = "parts"}, %arena) {
//     gpu.launch_func @kernels::@find_largest ... args(%gradients, %parts)
//     gpu.launch_func @kernels::@judge ... args(%parts, %loss, %verdict) // 0: all is finite
//     gpu.launch_func @kernels::@guarded_generic_0 ... args(%w, %dw, %hyper, %verdict)
//
// Gradients lie one after the other up to the end of the state, with zeros between them. A number
// is finite where its exponent is not the largest one, so that the largest of the exponents, which
// is the same in any order, tells of all of them.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cuda/Passes.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/ViewLikeInterface.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_GUARDUPDATE
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;

static constexpr int64_t kWarp = 32, kLanes = 4, kThreads = 256, kWarps = kThreads / kWarp;
/// Of the runtime, which has the memory for them.
static constexpr int64_t kParts = 2048;
static constexpr int32_t kExponent = 0x7f800000;

namespace {

/// Writes what one thread does.
class ThreadBuilder : public ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  Value index(int64_t value) { return create<arith::ConstantIndexOp>(value); }
  Value exponentMask(VectorType type) {
    return create<arith::ConstantOp>(DenseElementsAttr::get(type, getI32IntegerAttr(kExponent)));
  }
  Value loadFour(Type element, Value from, Value first) {
    return create<vector::LoadOp>(VectorType::get(kLanes, element), from, first,
                                  /*nontemporal=*/false, llvm::Align(16));
  }
  /// The exponents of four numbers from number `first` on.
  Value loadExponents(Value numbers, Value first) {
    auto words = VectorType::get(kLanes, getI32Type());
    Value loaded = loadFour(getF32Type(), numbers, first);
    return create<arith::AndIOp>(create<vector::BitCastOp>(words, loaded), exponentMask(words));
  }
  Value largest(Value a, Value b) { return create<arith::MaxUIOp>(a, b); }
  /// Of all lanes of the warp, in each.
  Value largestOfWarp(Value vector) {
    Value found = create<vector::ReductionOp>(vector::CombiningKind::MAXUI, vector);
    for (int32_t distance = kWarp / 2; distance > 0; distance /= 2) {
      auto other = create<gpu::ShuffleOp>(found, distance, int32_t(kWarp), gpu::ShuffleMode::XOR);
      found = largest(found, other.getShuffleResult());
    }
    return found;
  }
  /// Where the thread is the first of its warp.
  void storeByFirstLane(Value thread, Value value, Value to, Value place) {
    Value lane = create<arith::RemUIOp>(thread, index(kWarp));
    Value isFirst = create<arith::CmpIOp>(arith::CmpIPredicate::eq, lane, index(0));
    create<scf::IfOp>(isFirst, [&](OpBuilder &inner, Location loc) {
      memref::StoreOp::create(inner, loc, value, to, place);
      scf::YieldOp::create(inner, loc);
    });
  }
};

class Guard {
public:
  Guard(func::FuncOp update, gpu::GPUModuleOp kernels)
      : update(update), kernels(kernels), symbols(kernels), builder(update.getContext()) {}

  LogicalResult run();

private:
  int64_t firstGradient();
  Value addArgument(Type type, StringRef attribute, Attribute value);
  gpu::GPUFuncOp addKernel(StringRef name, TypeRange types, int64_t threads,
                           llvm::function_ref<void(ThreadBuilder &, ValueRange)> body);
  gpu::GPUFuncOp addSearch(MemRefType numbers, MemRefType parts, int64_t blocks);
  gpu::GPUFuncOp addJudge(MemRefType parts, MemRefType loss, MemRefType verdict, int64_t count);
  void launch(gpu::GPUFuncOp kernel, int64_t blocks, int64_t threads, ValueRange arguments);
  FailureOr<gpu::GPUFuncOp> guard(gpu::GPUFuncOp kernel);
  void redirect(gpu::LaunchFuncOp launch, gpu::GPUFuncOp kernel);
  void dropUnused(ArrayRef<gpu::GPUFuncOp> originals);

  func::FuncOp update;
  gpu::GPUModuleOp kernels;
  SymbolTable symbols;
  OpBuilder builder;
  Value verdict;
};

} // namespace

/// The end of the state where there is none.
int64_t Guard::firstGradient() {
  auto bytes = update->getParentOfType<ModuleOp>()->getAttrOfType<IntegerAttr>(nn::kStateBytesAttr);
  int64_t first = bytes.getInt();
  for (unsigned i = 0; i < update.getNumArguments(); ++i)
    if (auto place = update.getArgAttrOfType<IntegerAttr>(i, nn::kPlaceAttr))
      if (update.getArgAttr(i, nn::kGradientAttr))
        first = std::min(first, place.getInt());
  return first;
}

/// Before the arena, which is the last one.
Value Guard::addArgument(Type type, StringRef attribute, Attribute value) {
  unsigned index = update.getNumArguments() - 1;
  auto attributes = builder.getDictionaryAttr(builder.getNamedAttr(attribute, value));
  (void)update.insertArgument(index, type, attributes, update.getLoc());
  return update.getArgument(index);
}

gpu::GPUFuncOp Guard::addKernel(StringRef name, TypeRange types, int64_t threads,
                                llvm::function_ref<void(ThreadBuilder &, ValueRange)> body) {
  Location loc = update.getLoc();
  OpBuilder top(update.getContext());
  auto func = gpu::GPUFuncOp::create(top, loc, name, builder.getFunctionType(types, {}));
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  func.setKnownBlockSize(SmallVector<int32_t>{static_cast<int32_t>(threads), 1, 1});
  for (unsigned i = 0; i < types.size(); ++i)
    func.setArgAttr(i, "llvm.noalias", builder.getUnitAttr());
  symbols.insert(func);
  ThreadBuilder thread(loc, update.getContext());
  thread.setInsertionPointToStart(&func.getBody().front());
  body(thread, func.getArguments());
  gpu::ReturnOp::create(thread, loc);
  return func;
}

/// The largest exponent that each warp finds. Four loads are under way at a time; those behind the
/// end read the last numbers again.
gpu::GPUFuncOp Guard::addSearch(MemRefType numbers, MemRefType parts, int64_t blocks) {
  constexpr int64_t kLoads = 4;
  return addKernel("find_largest", {numbers, parts}, kThreads, [&](ThreadBuilder &b, ValueRange a) {
    Value tid = b.create<gpu::ThreadIdOp>(gpu::Dimension::x);
    Value block = b.create<gpu::BlockIdOp>(gpu::Dimension::x);
    Value base = b.create<arith::MulIOp>(block, b.index(kThreads));
    Value thread = b.create<arith::AddIOp>(base, tid);
    int64_t vectors = numbers.getNumElements() / kLanes, stride = blocks * kThreads;
    auto words = VectorType::get(kLanes, b.getI32Type());
    Value none = b.create<arith::ConstantOp>(DenseElementsAttr::get(words, b.getI32IntegerAttr(0)));
    auto loop =
        b.create<scf::ForOp>(thread, b.index(vectors), b.index(kLoads * stride), ValueRange{none});
    ThreadBuilder inner(b.getLoc(), b.getContext());
    inner.setInsertionPointToStart(loop.getBody());
    Value found = loop.getRegionIterArg(0);
    SmallVector<Value> loaded;
    for (int64_t i = 0; i < kLoads; ++i) {
      Value at = inner.create<arith::AddIOp>(loop.getInductionVar(), inner.index(i * stride));
      at = inner.create<arith::MinUIOp>(at, inner.index(vectors - 1));
      at = inner.create<arith::MulIOp>(at, inner.index(kLanes));
      loaded.push_back(inner.loadExponents(a[0], at));
    }
    for (Value exponents : loaded)
      found = inner.largest(found, exponents);
    inner.create<scf::YieldOp>(found);
    b.storeByFirstLane(tid, b.largestOfWarp(loop.getResult(0)), a[1],
                       b.create<arith::DivUIOp>(thread, b.index(kWarp)));
  });
}

/// One warp: the largest of `count` parts and the loss.
gpu::GPUFuncOp Guard::addJudge(MemRefType parts, MemRefType loss, MemRefType verdict,
                               int64_t count) {
  auto body = [&](ThreadBuilder &b, ValueRange a) {
    Value tid = b.create<gpu::ThreadIdOp>(gpu::Dimension::x);
    auto words = VectorType::get(kLanes, b.getI32Type());
    Value bits =
        b.create<arith::BitcastOp>(b.getI32Type(), b.create<memref::LoadOp>(a[1], b.index(0)));
    Value found =
        b.create<arith::AndIOp>(b.create<vector::BroadcastOp>(words, bits), b.exponentMask(words));
    Value place = b.create<arith::MulIOp>(tid, b.index(kLanes));
    for (int64_t first = 0; first < count; first += kWarp * kLanes) {
      Value at = b.create<arith::AddIOp>(place, b.index(first));
      found = b.largest(found, b.loadFour(b.getI32Type(), a[0], at));
    }
    Value mask = b.create<arith::ConstantOp>(b.getI32IntegerAttr(kExponent));
    Value isBad = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, b.largestOfWarp(found), mask);
    b.storeByFirstLane(tid, b.create<arith::ExtUIOp>(b.getI32Type(), isBad), a[2], b.index(0));
  };
  return addKernel("judge", {parts, loss, verdict}, kWarp, body);
}

void Guard::launch(gpu::GPUFuncOp kernel, int64_t blocks, int64_t threads, ValueRange arguments) {
  Location loc = update.getLoc();
  auto index = [&](int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); };
  Value one = index(1);
  gpu::LaunchFuncOp::create(builder, loc, kernel, gpu::KernelDim3{index(blocks), one, one},
                            gpu::KernelDim3{index(threads), one, one}, Value(), arguments);
}

/// Whether it is of the kernel's arguments, not of a block's own memory.
static bool isArgument(Value buffer) {
  while (auto view = buffer.getDefiningOp<ViewLikeOpInterface>())
    buffer = view.getViewSource();
  auto argument = dyn_cast<BlockArgument>(buffer);
  return argument && isa<gpu::GPUFuncOp>(argument.getOwner()->getParentOp());
}

static bool storesToArgument(Operation *op) {
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  if (!effects || op->getNumRegions())
    return false;
  SmallVector<MemoryEffects::EffectInstance> instances;
  effects.getEffects(instances);
  return llvm::any_of(instances, [](const MemoryEffects::EffectInstance &instance) {
    return isa<MemoryEffects::Write>(instance.getEffect()) && instance.getValue() &&
           isa<MemRefType>(instance.getValue().getType()) && isArgument(instance.getValue());
  });
}

/// A copy of the kernel with one argument more, the verdict.
FailureOr<gpu::GPUFuncOp> Guard::guard(gpu::GPUFuncOp kernel) {
  auto copy = cast<gpu::GPUFuncOp>(kernel->clone());
  copy.setName(("guarded_" + kernel.getName()).str());
  symbols.insert(copy);
  unsigned index = copy.getNumArguments();
  auto attributes =
      builder.getDictionaryAttr(builder.getNamedAttr("llvm.noalias", builder.getUnitAttr()));
  (void)copy.insertArgument(index, verdict.getType(), attributes, kernel.getLoc());
  SmallVector<Operation *> stores;
  copy.walk([&](Operation *op) {
    if (storesToArgument(op))
      stores.push_back(op);
  });
  ThreadBuilder b(kernel.getLoc(), kernel.getContext());
  b.setInsertionPointToStart(&copy.getBody().front());
  Value word = b.create<memref::LoadOp>(copy.getArgument(index), b.index(0));
  Value zero = b.create<arith::ConstantOp>(b.getI32IntegerAttr(0));
  Value isWell = b.create<arith::CmpIOp>(arith::CmpIPredicate::eq, word, zero);
  for (Operation *store : stores) {
    if (store->getNumResults())
      return store->emitOpError("stores and has a result, so that no verdict can stop it");
    b.setInsertionPoint(store);
    auto guarded = b.create<scf::IfOp>(isWell, /*withElseRegion=*/false);
    store->moveBefore(guarded.thenBlock(), guarded.thenBlock()->begin());
  }
  return copy;
}

void Guard::redirect(gpu::LaunchFuncOp launch, gpu::GPUFuncOp kernel) {
  launch.setKernelAttr(
      SymbolRefAttr::get(kernels.getNameAttr(), FlatSymbolRefAttr::get(kernel.getNameAttr())));
  launch.getKernelOperandsMutable().append(verdict);
}

void Guard::dropUnused(ArrayRef<gpu::GPUFuncOp> originals) {
  llvm::DenseSet<StringAttr> used;
  update->getParentOfType<ModuleOp>().walk(
      [&](gpu::LaunchFuncOp launch) { used.insert(launch.getKernelName()); });
  for (gpu::GPUFuncOp original : originals)
    if (!used.contains(original.getNameAttr()))
      symbols.erase(original);
}

LogicalResult Guard::run() {
  SmallVector<gpu::LaunchFuncOp> launches;
  update.walk([&](gpu::LaunchFuncOp launch) { launches.push_back(launch); });
  int64_t first = firstGradient();
  auto end = update->getParentOfType<ModuleOp>()->getAttrOfType<IntegerAttr>(nn::kStateBytesAttr);
  int64_t count = (end.getInt() - first) / 4;
  if (count > std::numeric_limits<int32_t>::max())
    return update.emitError("has gradients of ")
           << count << " numbers; kernels for GPUs count in 32 bits: make the network smaller";
  auto floats = [&](int64_t n) { return MemRefType::get(n, builder.getF32Type()); };
  auto words = [&](int64_t n) { return MemRefType::get(n, builder.getI32Type()); };
  Value loss = addArgument(floats(1), nn::kInputAttr, builder.getStringAttr("loss"));
  Value gradients = addArgument(floats(count), nn::kPlaceAttr, builder.getI64IntegerAttr(first));
  verdict = addArgument(words(1), nn::kOutputAttr, builder.getStringAttr("verdict"));
  Value parts = addArgument(words(kParts), nn::kOutputAttr, builder.getStringAttr("parts"));

  builder.setInsertionPointToStart(&update.front());
  auto typeOf = [](Value value) { return cast<MemRefType>(value.getType()); };
  // So many that the judge's lanes all have as many parts.
  constexpr int64_t kStep = kWarp * kLanes / kWarps, kMost = kParts / kWarps;
  int64_t blocks =
      std::min<int64_t>(llvm::alignTo(llvm::divideCeil(count, kThreads * kLanes), kStep), kMost);
  if (blocks)
    launch(addSearch(typeOf(gradients), typeOf(parts), blocks), blocks, kThreads,
           {gradients, parts});
  launch(addJudge(typeOf(parts), typeOf(loss), typeOf(verdict), blocks * kWarps), 1, kWarp,
         {parts, loss, verdict});

  llvm::MapVector<StringAttr, gpu::GPUFuncOp> guarded;
  SmallVector<gpu::GPUFuncOp> originals;
  for (gpu::LaunchFuncOp launch : launches) {
    gpu::GPUFuncOp &kernel = guarded[launch.getKernelName()];
    if (!kernel) {
      originals.push_back(symbols.lookup<gpu::GPUFuncOp>(launch.getKernelName()));
      FailureOr<gpu::GPUFuncOp> copy = guard(originals.back());
      if (failed(copy))
        return failure();
      kernel = *copy;
    }
    redirect(launch, kernel);
  }
  dropUnused(originals);
  return success();
}

namespace {

struct GuardUpdate : dlc::cuda::impl::GuardUpdateBase<GuardUpdate> {
  void runOnOperation() override {
    auto update = getOperation().lookupSymbol<func::FuncOp>("update");
    auto kernels = getOperation().lookupSymbol<gpu::GPUModuleOp>("kernels");
    if (update && kernels && failed(Guard(update, kernels).run()))
      signalPassFailure();
  }
};

} // namespace
