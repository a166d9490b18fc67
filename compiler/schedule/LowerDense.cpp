//===- LowerDense.cpp - dense layers on matrices ------------------------------------===//
//
// A dense layer is one matrix product. Units that fill a small part of the last vector get a
// product of their own, where one vector holds several rows of the weights. 20 units, 16 lanes:
//
//   lanes 0-3   units 16-19 of row 4k      lanes 8-11    units 16-19 of row 4k+2
//   lanes 4-7   units 16-19 of row 4k+1    lanes 12-15   units 16-19 of row 4k+3
//
// A quarter of the multiply-adds and of the weights' bytes, which are what batch 1 waits for.
//
// Weights that no near cache keeps from call to call are in fixed point of 20 bits, five eighths of
// the bytes, or of 24. The epilogue makes the sums those of the weights:
//
//   %s = kernel.unit_scales ins(%w)          %q = kernel.pack_fixed ins(%w, %s) {bits = 20}
//   kernel.gemm ins(%x, %q, %zeros, %s, %bias) epilogue {
//   ^bb0(%sum, %scale, %bias):
//     yield %sum * 2^-30 * %scale + %bias
//   }
//
//===------------------------------------------------------------------------------===//

#include "compiler/schedule/Algorithms.h"
#include "compiler/schedule/Lower.h"
#include "compiler/schedule/Tiles.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;

// Rows of the weights that share a vector of the last units; 1: none do. They must be a twentieth
// of the layer's work, and what the epilogue adds must not need to be cut.
static int64_t choosePhases(const Blocker &blocker, const DenseShape &dense,
                            ArrayRef<Value> extras) {
  int64_t lanes = blocker.facts.lanes, depth = dense.depth(), units = dense.units();
  int64_t rest = units % lanes;
  if (units < lanes || rest == 0 || lanes % rest || depth % (lanes / rest) || !extras.empty() ||
      (lanes - rest) * 20 < units || blocker.isBlocked(dense.input, Layout::Matrix))
    return 1;
  return lanes / rest;
}

// Units [first, first + count): the last dimension of a kernel or a bias.
static Value sliceUnits(Blocker &blocker, Location loc, Value from, int64_t first, int64_t count) {
  if (!from)
    return {};
  OpBuilder &builder = blocker.builder;
  size_t rank = typeOf(from).getRank();
  SmallVector<OpFoldResult> offsets(rank, builder.getIndexAttr(0)),
      strides(rank, builder.getIndexAttr(1)),
      sizes = getAsIndexOpFoldResult(builder.getContext(), typeOf(from).getShape());
  offsets.back() = builder.getIndexAttr(first);
  sizes.back() = builder.getIndexAttr(count);
  return tensor::ExtractSliceOp::create(builder, loc, from, offsets, sizes, strides);
}

// [K, N] from unit `first` on as [1, K/P, 1, L].
static Value packPhases(Blocker &blocker, Location loc, Value kernel, int64_t first,
                        int64_t phases) {
  OpBuilder &builder = blocker.builder;
  int64_t lanes = blocker.facts.lanes, rest = lanes / phases;
  Value out = blocker.empty(loc, {1, typeOf(kernel).getDimSize(0) / phases, 1, lanes});
  AffineExpr row = builder.getAffineDimExpr(1), lane = builder.getAffineDimExpr(3);
  AffineMap maps[] = {AffineMap::get(4, 0,
                                     {row * phases + lane.floorDiv(rest), lane % rest + first},
                                     builder.getContext()),
                      builder.getMultiDimIdentityMap(4)};
  SmallVector<utils::IteratorType> parallel(4, utils::IteratorType::parallel);
  auto copy = [](OpBuilder &inner, Location at, ValueRange elements) {
    linalg::YieldOp::create(inner, at, elements[0]);
  };
  return linalg::GenericOp::create(builder, loc, out.getType(), kernel, out, maps, parallel, copy)
      .getResult(0);
}

static Value buildGemm(Blocker &blocker, nn::GroupOp group, const DenseShape &dense, int64_t phases,
                       Value weights, kernel::TileAttr tile, ArrayRef<Value> extras,
                       ArrayRef<Value> innerExtras) {
  Location loc = group.getLoc();
  Value input = blocker.packDenseInput(loc, dense.input);
  Value bias = blocker.packBias(loc, dense.bias, dense.units());
  Value out = blocker.empty(
      loc, kernel::getBlockedShape(Layout::Matrix, dense.result, blocker.facts.lanes));
  auto op = kernel::GemmOp::create(blocker.builder, loc, out.getType(), input, weights, bias,
                                   extras, out, dense.depth(), tile, phases);
  buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
  return op.getResult()[0];
}

bool dlc::schedule::isPrepared(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
    return function && function.getName() == "forward" &&
           function.getArgAttr(argument.getArgNumber(), nn::kParamAttr);
  }
  Operation *op = value.getDefiningOp();
  return isMemoryEffectFree(op) && op->getNumOperands() > 0 &&
         llvm::all_of(op->getOperands(), isPrepared);
}

// Four vectors of words become numbers in four cycles, in which a core reads some 100 bytes from
// the last level cache: those of shorter vectors are read as fast in float32.
constexpr int64_t kLanesWorthWords = 16;

static bool wantsFixedWeights(const Blocker &blocker, const DenseShape &dense) {
  if (!isPrepared(dense.kernel))
    return false;
  if (blocker.weightPrecision != WeightPrecision::Auto)
    return blocker.weightPrecision == WeightPrecision::Fixed;
  double bytes = 4.0 * dense.depth() * dense.units();
  WeightsHome home = findWeights(blocker.facts.costs, bytes, blocker.weightBytes);
  return home == WeightsHome::Memory ||
         (home == WeightsHome::LastCache && blocker.facts.lanes >= kLanesWorthWords);
}

// With 20 bits a sum of weights is as close as the transforms of Winograd convolutions are. Groups
// divide blocks of inputs, and those of 24 bits are shorter.
static kernel::FixedForm chooseFixedForm(const TargetFacts &facts) {
  kernel::FixedForm form{20};
  return facts.lanes % form.weights() ? kernel::FixedForm{24} : form;
}

// The element of a sum of fixed-point weights: see kernel.gemm. First 2^-30, so that nothing
// overflows that the element itself does not.
static Value scaleSum(OpBuilder &builder, Location loc, Value sum, Value scale, Value bias) {
  Value unit = arith::ConstantOp::create(builder, loc, builder.getF32FloatAttr(0x1p-30f));
  Value value = arith::MulFOp::create(builder, loc, sum, unit);
  value = arith::MulFOp::create(builder, loc, value, scale);
  return bias ? Value(arith::AddFOp::create(builder, loc, value, bias)) : value;
}

static void buildFixedEpilogue(Blocker &blocker, kernel::GemmOp op, nn::GroupOp group,
                               ArrayRef<Value> innerExtras, bool hasBias) {
  OpBuilder::InsertionGuard guard(blocker.builder);
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  SmallVector<Type> types(innerExtras.size() + (hasBias ? 3 : 2), builder.getF32Type());
  Block *block =
      builder.createBlock(&op.getEpilogue(), {}, types, SmallVector<Location>(types.size(), loc));
  auto arguments = block->getArguments();
  Value sum = scaleSum(builder, loc, arguments[0], arguments[1], hasBias ? arguments[2] : Value());
  kernel::YieldOp::create(
      builder, loc,
      buildElement(builder, group, sum, innerExtras, arguments.take_back(innerExtras.size())));
}

static Value buildFixed(Blocker &blocker, nn::GroupOp group, const DenseShape &dense,
                        kernel::TileAttr tile, ArrayRef<Value> extras,
                        ArrayRef<Value> innerExtras) {
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  int64_t lanes = blocker.facts.lanes, units = dense.units();
  Value scales = blocker.empty(loc, kernel::getBlockedShape(Layout::Vector, {units}, lanes));
  scales = kernel::UnitScalesOp::create(builder, loc, scales.getType(), dense.kernel, scales,
                                        /*accumulate=*/false)
               .getResult()[0];
  SmallVector<int64_t> shape = kernel::getBlockedShape(
      Layout::Dense, typeOf(dense.kernel).getShape(), lanes, tile.getCols());
  kernel::FixedForm form = chooseFixedForm(blocker.facts);
  shape[1] = form.rows(dense.depth());
  Value words = tensor::EmptyOp::create(builder, loc, shape, builder.getI32Type());
  Value weights = kernel::PackFixedOp::create(builder, loc, words.getType(), dense.kernel, scales,
                                              words, form.bits)
                      .getResult()[0];
  SmallVector<Value> all = {scales};
  if (dense.bias)
    all.push_back(blocker.packBias(loc, dense.bias, units));
  llvm::append_range(all, extras);
  Value input = blocker.packDenseInput(loc, dense.input);
  Value zeros = blocker.packBias(loc, {}, units);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Matrix, dense.result, lanes));
  auto op = kernel::GemmOp::create(builder, loc, out.getType(), input, weights, zeros, all, out,
                                   dense.depth(), tile, /*phases=*/1, form.bits);
  buildFixedEpilogue(blocker, op, group, innerExtras, dense.bias != nullptr);
  return op.getResult()[0];
}

static Value buildWhole(Blocker &blocker, nn::GroupOp group, const DenseShape &dense,
                        ArrayRef<Value> extras, ArrayRef<Value> innerExtras) {
  kernel::TileAttr tile = chooseGemmTile(blocker.builder.getContext(), blocker.facts,
                                         llvm::divideCeil(dense.units(), blocker.facts.lanes));
  if (wantsFixedWeights(blocker, dense))
    return buildFixed(blocker, group, dense, tile, extras, innerExtras);
  Value weights = blocker.pack(group.getLoc(), dense.kernel, Layout::Dense, tile.getCols());
  return buildGemm(blocker, group, dense, /*phases=*/1, weights, tile, extras, innerExtras);
}

// The units from `first` on, `units` of them.
static DenseShape takeUnits(Blocker &blocker, Location loc, const DenseShape &dense, int64_t first,
                            int64_t units) {
  DenseShape part = dense;
  part.bias = sliceUnits(blocker, loc, dense.bias, first, units);
  part.result.back() = units;
  return part;
}

Value dlc::schedule::buildDense(Blocker &blocker, nn::GroupOp group, const DenseShape &dense,
                                ArrayRef<Value> extras, ArrayRef<Value> innerExtras) {
  int64_t phases = choosePhases(blocker, dense, extras), lanes = blocker.facts.lanes;
  if (phases == 1)
    return buildWhole(blocker, group, dense, extras, innerExtras);
  Location loc = group.getLoc();
  int64_t rest = lanes / phases, whole = dense.units() - rest;
  DenseShape first = takeUnits(blocker, loc, dense, 0, whole);
  first.kernel = sliceUnits(blocker, loc, dense.kernel, 0, whole);
  DenseShape last = takeUnits(blocker, loc, dense, whole, rest);
  kernel::TileAttr tile = chooseGemmTile(blocker.builder.getContext(), blocker.facts, 1);
  Value parts[] = {buildWhole(blocker, group, first, {}, {}),
                   buildGemm(blocker, group, last, phases,
                             packPhases(blocker, loc, dense.kernel, whole, phases), tile, {}, {})};
  return buildConcat(blocker, loc, parts, /*axis=*/0,
                     kernel::getBlockedShape(Layout::Matrix, dense.result, lanes));
}
