//===- Outline.cpp - each computing op becomes a private function over items --------===//
//
// Threads share the work of one op by its items. So each op that computes, a kernel op or a linalg
// op on memrefs, moves into a private function that computes the items [lo, hi), and kernel.launch
// takes its place. Equal ops share one function: a network with twenty equal blocks has the code of
// one. Views of buffers and arithmetic on the batch stay behind.
//
// Where the weights come from memory in every call, a convolution gets those that are read after it
// as one more argument, marked kernel.ahead, to prefetch. Matrix products whose weights the caches
// of a few cores could hold are launched as kept: each thread always computes the same items.
//
//   linalg.exp ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
//   ->
//   kernel.launch @exp_0(%x, %y : memref<?x8xf32>, memref<?x8xf32>) items(%n) grain(2000)
//   func.func private @exp_0(%x: memref<?x8xf32> {llvm.noalias}, %y: ... {llvm.noalias},
//                            %lo: index, %hi: index) {
//     linalg.exp ins(%x : memref<?x8xf32>) outs(%y : memref<?x8xf32>)
//     return
//   }
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/Captures.h"
#include "compiler/cpu/Passes.h"
#include "compiler/cpu/Work.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringMap.h"

namespace dlc::cpu {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;

namespace {
// Below this much work a second thread costs more than it saves: handing over takes some 0.2 us
// when the thread still spins and 100 us when it sleeps or is busy elsewhere, and a core does
// 400,000 in 2 us.
constexpr int64_t kMinFlopsPerThread = 400000;
// What a core could compute while it moves an element at some 30 GB/s.
constexpr int64_t kFlopsPerElement = 32;
// Weights of up to so many second-level caches: more of them is read from farther away in any case,
// and threads had better share the work as they find time.
constexpr int64_t kKeptCaches = 4;

class Outliner {
public:
  Outliner(ModuleOp module, int64_t l2Bytes)
      : module(module), symbols(module), keptBytes(kKeptCaches * l2Bytes) {}
  /// `ahead`: what the kernel after this one reads first, or null.
  void outline(Operation *op, Value ahead);

private:
  func::FuncOp buildFunction(Operation *op, Value ahead);
  func::FuncOp share(func::FuncOp candidate, StringRef name);
  Value countItems(Operation *op, int64_t &workPerItem);

  ModuleOp module;
  SymbolTable symbols;
  int64_t keptBytes;
  llvm::StringMap<func::FuncOp> known;
  llvm::StringMap<unsigned> counters;
  SmallVector<Value> arguments; // of the kernel at hand, and what moves along
  SmallVector<Operation *> constants;
};
} // namespace

static int64_t scratchBytes(Operation *op) {
  auto kernelOp = dyn_cast<kernel::KernelOpInterface>(op);
  return kernelOp ? kernelOp.getScratchBytes() : 0;
}

// Each item of a matrix product alone reads its panel of the weights.
static int64_t panelBytes(Operation *op) {
  auto gemm = dyn_cast<kernel::GemmOp>(op);
  return gemm ? kernel::bytesOfSample(cast<MemRefType>(gemm.getWeights().getType())) : 0;
}

func::FuncOp Outliner::buildFunction(Operation *op, Value ahead) {
  OpBuilder builder(op->getContext());
  SmallVector<Type> types(ValueRange(arguments).getTypes());
  if (int64_t bytes = scratchBytes(op))
    types.push_back(MemRefType::get({bytes}, builder.getI8Type()));
  types.append(2, builder.getIndexType());
  auto func =
      func::FuncOp::create(builder, op->getLoc(), "kernel", builder.getFunctionType(types, {}));
  func.setPrivate();
  Block *body = func.addEntryBlock();
  builder.setInsertionPointToStart(body);
  IRMapping mapping;
  mapping.map(arguments, body->getArguments().take_front(arguments.size()));
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  Operation *clone = builder.clone(*op, mapping);
  clone->setDiscardableAttrs(ArrayRef<NamedAttribute>{});
  func::ReturnOp::create(builder, op->getLoc());
  for (auto [index, type] : llvm::enumerate(types))
    if (isa<MemRefType>(type))
      func.setArgAttr(index, "llvm.noalias", builder.getUnitAttr());
  if (ahead)
    func.setArgAttr(arguments.size() - 1, kernel::kAheadAttr, builder.getUnitAttr());
  return func;
}

func::FuncOp Outliner::share(func::FuncOp candidate, StringRef name) {
  auto [entry, isNew] = known.try_emplace(abi::textOf(candidate), candidate);
  if (!isNew) {
    candidate->destroy();
    return entry->second;
  }
  candidate.setName((name + "_" + Twine(counters[name]++)).str());
  symbols.insert(candidate);
  return candidate;
}

// The elements of all buffers, of one sample where they grow with the batch.
static int64_t countElements(ValueRange buffers) {
  int64_t total = 0;
  for (Value buffer : buffers)
    if (auto type = dyn_cast<MemRefType>(buffer.getType()))
      total += kernel::elementsOfSample(type);
  return total;
}

Value Outliner::countItems(Operation *op, int64_t &workPerItem) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Work work = workOf(builder, op);
  workPerItem = work.flopsPerItem;
  int64_t known = 1;
  Value count;
  for (OpFoldResult extent : work.extents) {
    if (std::optional<int64_t> fixed = getConstantIntValue(extent))
      known *= *fixed;
    else
      count = count ? arith::MulIOp::create(builder, loc, count, cast<Value>(extent))
                    : cast<Value>(extent);
  }
  if (known > 0)
    workPerItem += kFlopsPerElement * (countElements(arguments) / known);
  if (count && known == 1)
    return count;
  Value fixed = arith::ConstantIndexOp::create(builder, loc, known);
  return count ? Value(arith::MulIOp::create(builder, loc, count, fixed)) : fixed;
}

// As one dimension of open extent, so that functions are shared whatever comes after them.
static Value flatten(OpBuilder &builder, Location loc, Value buffer) {
  auto type = cast<MemRefType>(buffer.getType());
  SmallVector<ReassociationIndices> all(1, llvm::to_vector(llvm::seq(type.getRank())));
  Value flat = memref::CollapseShapeOp::create(builder, loc, buffer, all);
  auto open = MemRefType::get({ShapedType::kDynamic}, type.getElementType());
  return memref::CastOp::create(builder, loc, open, flat);
}

void Outliner::outline(Operation *op, Value ahead) {
  if (auto copy = dyn_cast<memref::CopyOp>(op)) {
    OpBuilder builder(copy);
    op = linalg::CopyOp::create(builder, copy.getLoc(), copy.getSource(), copy.getTarget());
    copy.erase();
  }
  abi::Captures captures(op);
  arguments = captures.arguments;
  constants = captures.constants;
  if (ahead) {
    OpBuilder builder(op);
    arguments.push_back(ahead = flatten(builder, op->getLoc(), ahead));
  }
  func::FuncOp func = share(buildFunction(op, ahead), op->getName().stripDialect());
  int64_t workPerItem = 0;
  Value items = countItems(op, workPerItem);
  int64_t grain =
      std::max<int64_t>(1, llvm::divideCeil(kMinFlopsPerThread, std::max<int64_t>(1, workPerItem)));
  OpBuilder builder(op);
  bool kept = panelBytes(op) > 0 && panelBytes(op) <= keptBytes;
  kernel::LaunchOp::create(builder, op->getLoc(), func.getSymName(), arguments, items, grain,
                           scratchBytes(op), kept);
  op->erase();
}

// The largest prepared buffer that `op` reads, or null.
static Value weightsOf(func::FuncOp func, Operation *op) {
  Value largest;
  int64_t most = 0;
  for (Value operand : op->getOperands()) {
    auto argument = dyn_cast<BlockArgument>(operand);
    if (!argument || !func.getArgAttr(argument.getArgNumber(), nn::kPreparedAttr))
      continue;
    int64_t bytes = kernel::bytesOfSample(cast<MemRefType>(operand.getType()));
    if (bytes > most)
      std::tie(largest, most) = {operand, bytes};
  }
  return largest;
}

// For each op the weights that are read next after it; after the last one the next call begins.
// Nothing, where a near cache holds most weights from call to call: asking would only take time.
static SmallVector<Value> weightsAhead(func::FuncOp func, ArrayRef<Operation *> work,
                                       int64_t l2Bytes) {
  SmallVector<Value> ahead(work.size());
  int64_t total = 0;
  for (BlockArgument argument : func.getArguments())
    if (func.getArgAttr(argument.getArgNumber(), nn::kPreparedAttr))
      total += kernel::bytesOfSample(cast<MemRefType>(argument.getType()));
  if (total <= 2 * l2Bytes)
    return ahead;
  Value next;
  for (int round = 0; round < 2; ++round)
    for (auto [op, value] : llvm::reverse(llvm::zip_equal(work, ahead))) {
      value = next;
      if (Value weights = weightsOf(func, op))
        next = weights;
    }
  return ahead;
}

namespace {
struct OutlineKernels : dlc::cpu::impl::OutlineKernelsBase<OutlineKernels> {
  using OutlineKernelsBase::OutlineKernelsBase;

  void runOnOperation() override {
    Outliner outliner(getOperation(), l2Bytes);
    for (auto func : llvm::to_vector(getOperation().getOps<func::FuncOp>()))
      if (!func.isPrivate())
        outline(outliner, func);
  }

  void outline(Outliner &outliner, func::FuncOp func) {
    SmallVector<Operation *> work;
    func.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (!computes(op))
        return WalkResult::advance();
      work.push_back(op);
      return WalkResult::skip();
    });
    for (auto [op, ahead] : llvm::zip_equal(work, weightsAhead(func, work, l2Bytes))) {
      auto pair = dyn_cast<kernel::PairOp>(op);
      bool asks = isa<kernel::ConvOp>(pair ? pair.getProducer().getOperation() : op);
      outliner.outline(op, asks ? ahead : Value());
    }
  }
};
} // namespace
