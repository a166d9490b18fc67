//===- DescribePlan.cpp - the launches and buffers of a module ----------------------===//

#include "compiler/DescribePlan.h"
#include "compiler/cpu/Work.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

// Locations name the layers that an op came from.
static void addLayers(Operation *op, std::vector<std::string> &layers) {
  op->getLoc()->walk([&](Location loc) {
    if (auto name = dyn_cast<NameLoc>(loc))
      if (std::string layer = name.getName().str(); !llvm::is_contained(layers, layer))
        layers.push_back(layer);
    return WalkResult::advance();
  });
}

std::vector<std::string> dlc::layersOf(Operation *op) {
  std::vector<std::string> layers;
  addLayers(op, layers);
  return layers;
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

static std::string spellTile(kernel::TileAttr tile) {
  return std::to_string(tile.getRows()) + "x" + std::to_string(tile.getCols());
}

// F(4x4, 3x3) is f4, F(2x2, 5x5) f2.
static std::string spellWinograd(int64_t tileSize, const Twine &part, int64_t pool = 1) {
  return ("winograd f" + Twine(tileSize) + " " + part + (pool > 1 ? " + max pool" : "")).str();
}

static std::string spellLinalg(Operation *op) {
  std::string text = op->getName().getStringRef().str();
  auto generic = dyn_cast<linalg::GenericOp>(op);
  if (!generic)
    return text;
  SmallVector<StringRef> names;
  for (Operation &inner : generic.getBlock()->without_terminator())
    if (StringRef name = inner.getName().stripDialect(); !llvm::is_contained(names, name))
      names.push_back(name);
  return names.empty() ? text : text + " (" + llvm::join(names, ", ") + ")";
}

static std::string spellKernel(Operation *op) {
  return TypeSwitch<Operation *, std::string>(op)
      .Case([](kernel::ConvOp conv) {
        return "conv " + spellTile(conv.getTile()) + (conv.getRowsFirst() ? " rows first" : "");
      })
      .Case([](kernel::DepthwiseOp conv) { return "depthwise " + spellTile(conv.getTile()); })
      .Case([](kernel::PairOp pair) {
        return spellKernel(pair.getProducer()) + " + " + spellKernel(pair.getReader());
      })
      .Case([](kernel::GemmOp gemm) {
        return "gemm " + spellTile(gemm.getTile()) +
               (gemm.hasFixedWeights() ? " in " + std::to_string(gemm.getWeightBits()) + " bits"
                                       : "");
      })
      .Case([](kernel::PoolOp pool) {
        return (nn::stringifyPoolKind(pool.getKind()) + " pool").str();
      })
      .Case([](kernel::PackOp op) { return ("pack " + stringifyLayout(op.getLayout())).str(); })
      .Case([](kernel::UnpackOp op) { return ("unpack " + stringifyLayout(op.getLayout())).str(); })
      .Case([](kernel::SpaceToDepthOp op) {
        return "space to depth " + std::to_string(op.getStride());
      })
      .Case([](kernel::WinogradInputOp op) { return spellWinograd(op.getTileSize(), "input"); })
      .Case([](kernel::WinogradGemmOp op) {
        return spellWinograd(op.getTileSize(),
                             "gemm " + spellTile(op.getTile()) +
                                 (op.getScales()
                                      ? " in " + std::to_string(kernel::kFixedPoints.bits) + " bits"
                                      : ""));
      })
      .Case([](kernel::WinogradOp op) {
        return spellWinograd(op.getTileSize(),
                             "in " + Twine(op.getBlocks()) + " blocks, " + spellTile(op.getTile()),
                             op.getPool());
      })
      .Case([](kernel::WinogradPlaneOp op) {
        return spellWinograd(op.getTileSize(), "of one channel", op.getPool());
      })
      .Case([](kernel::WinogradOutputOp op) {
        return spellWinograd(op.getTileSize(), "output", op.getPool());
      })
      .Default([](Operation *other) { return spellLinalg(other); });
}

static Quantity bytesOf(ValueRange buffers) {
  Quantity bytes;
  for (Value buffer : llvm::SetVector<Value>(buffers.begin(), buffers.end())) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type)
      continue;
    (type.hasStaticShape() ? bytes.fixed : bytes.perSample) += kernel::bytesOfSample(type);
  }
  return bytes;
}

// What only moves data computes nothing. The only extent not known is the batch.
static Quantity flopsOf(Operation *op) {
  if (isa<kernel::PackOp, kernel::UnpackOp, kernel::SpaceToDepthOp, memref::CopyOp, linalg::CopyOp,
          linalg::FillOp>(op))
    return {};
  OpBuilder builder(op);
  cpu::Work work = cpu::workOf(builder, op);
  int64_t flops = work.flopsPerItem;
  bool perSample = llvm::any_of(op->getOperandTypes(), [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped && !shaped.hasStaticShape();
  });
  for (OpFoldResult extent : work.extents)
    flops *= getConstantIntValue(extent).value_or(1);
  return perSample ? Quantity{0, flops} : Quantity{flops, 0};
}

static Launch describeLaunch(Operation *op) {
  Launch launch;
  launch.layers = layersOf(op);
  launch.kernel = spellKernel(op);
  launch.flops = flopsOf(op);
  launch.bytes = bytesOf(op->getOperands());
  if (auto estimate = op->getAttrOfType<DictionaryAttr>(kernel::kEstimateAttr))
    for (NamedAttribute form : estimate)
      launch.estimates.push_back(
          {form.getName().str(), cast<IntegerAttr>(form.getValue()).getInt()});
  return launch;
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

// The planner scales the offsets of one region by the batch: base + batch * offset.
static int64_t offsetOf(memref::ViewOp view, bool perSample) {
  Value shift = view.getByteShift();
  if (!perSample)
    return getConstantIntValue(shift).value_or(0);
  if (auto add = shift.getDefiningOp<arith::AddIOp>())
    shift = matchPattern(add.getLhs(), m_Constant()) ? add.getRhs() : add.getLhs();
  auto scaled = shift.getDefiningOp<arith::MulIOp>();
  if (!scaled)
    return 0;
  return getConstantIntValue(scaled.getRhs())
      .value_or(getConstantIntValue(scaled.getLhs()).value_or(0));
}

template <typename Effect> static bool affects(Operation *op, Value buffer) {
  auto effects = dyn_cast<MemoryEffectOpInterface>(op);
  return effects && effects.getEffectOnValue<Effect>(buffer);
}

namespace {

// A launch that touches a buffer.
struct Use {
  int64_t step;
  Operation *op;
  bool writes, overwrites; ///< all of it, without a look at what was there
};

} // namespace

static SmallVector<Use> usesOf(memref::ViewOp view, const DenseMap<Operation *, int64_t> &steps) {
  SmallVector<Use> uses;
  SmallVector<std::pair<Value, bool>> aliases = {{view.getResult(), true}}; // and whether it is all
  for (size_t i = 0; i < aliases.size(); ++i) {
    auto [alias, isWhole] = aliases[i];
    for (Operation *user : alias.getUsers()) {
      if (isa<ViewLikeOpInterface>(user))
        aliases.push_back({user->getResult(0), isWhole && !isa<memref::SubViewOp>(user)});
      auto step = steps.find(user);
      if (step == steps.end())
        continue;
      bool writes = affects<MemoryEffects::Write>(user, alias);
      bool overwrites = writes && isWhole && !affects<MemoryEffects::Read>(user, alias);
      uses.push_back({step->second, user, writes, overwrites});
    }
  }
  llvm::sort(uses, [](const Use &a, const Use &b) { return a.step < b.step; });
  return uses;
}

// Equal buffers at one place, one after the other, have become one view: each begins where a launch
// overwrites the one before.
static void describeBuffers(memref::ViewOp view, const DenseMap<Operation *, int64_t> &steps,
                            std::vector<ArenaBuffer> &buffers) {
  bool perSample = !view.getType().hasStaticShape(), isFirst = true;
  Quantity bytes = bytesOf({view.getResult()});
  for (const Use &use : usesOf(view, steps)) {
    if (isFirst || use.overwrites)
      buffers.push_back({{},
                         perSample,
                         offsetOf(view, perSample),
                         bytes.fixed + bytes.perSample,
                         use.step,
                         use.step});
    isFirst = false;
    buffers.back().end = use.step;
    if (use.writes)
      addLayers(use.op, buffers.back().layers);
  }
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

static Value findArena(func::FuncOp forward) {
  for (BlockArgument argument : forward.getArguments())
    if (forward.getArgAttr(argument.getArgNumber(), nn::kArenaAttr))
      return argument;
  return {};
}

Plan dlc::describePlan(ModuleOp original, const emit::Variant &variant) {
  // Extents may be asked for as values, which the module itself does not need.
  OwningOpRef<ModuleOp> module(cast<ModuleOp>(original->clone()));
  auto forward = module->lookupSymbol<func::FuncOp>("forward");
  Plan plan;
  plan.variant = variant.name;
  plan.arena = {variant.arenaConstBytes, variant.arenaBatchBytes};
  plan.preparedBytes = variant.preparedBytes;
  DenseMap<Operation *, int64_t> steps;
  SmallVector<Operation *> work;
  forward.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (!cpu::computes(op))
      return WalkResult::advance();
    steps[op] = work.size();
    work.push_back(op);
    return WalkResult::skip();
  });
  for (Operation *op : work)
    plan.launches.push_back(describeLaunch(op));
  if (Value arena = findArena(forward))
    for (Operation *user : arena.getUsers())
      if (auto view = dyn_cast<memref::ViewOp>(user))
        describeBuffers(view, steps, plan.buffers);
  llvm::sort(plan.buffers, [](const ArenaBuffer &a, const ArenaBuffer &b) {
    return std::tie(a.begin, a.end, a.perSample, a.offset) <
           std::tie(b.begin, b.end, b.perSample, b.offset);
  });
  return plan;
}
