//===- Build.cpp - the forms of linalg that the lowerings share --------------------===//

#include "compiler/ops/Build.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;

Value dlc::ops::multiplyAdd(OpBuilder &builder, Location loc, Value x, Value y, Value accumulator) {
  auto contract = arith::FastMathFlags::contract;
  Value product = arith::MulFOp::create(builder, loc, x, y, contract);
  return arith::AddFOp::create(builder, loc, accumulator, product, contract);
}

Value dlc::ops::multiplyAddBody(OpBuilder &builder, Location loc, ValueRange args) {
  return multiplyAdd(builder, loc, args[0], args[1], args[2]);
}

Value dlc::ops::loopIndex(OpBuilder &builder, Location loc, unsigned loop) {
  Value index = linalg::IndexOp::create(builder, loc, loop);
  return arith::IndexCastOp::create(builder, loc, builder.getI32Type(), index);
}

nn::Expr dlc::ops::loopNumber(nn::Expr beside, unsigned loop) {
  OpBuilder &builder = beside.builder;
  Value index = loopIndex(builder, beside.loc, loop);
  return beside(arith::SIToFPOp::create(builder, beside.loc, builder.getF32Type(), index));
}

AffineExpr Build::dim(unsigned i) const { return builder.getAffineDimExpr(i); }

AffineMap Build::map(unsigned rank, ArrayRef<AffineExpr> results) const {
  return AffineMap::get(rank, 0, results, builder.getContext());
}

AffineMap Build::identity(unsigned rank) const { return builder.getMultiDimIdentityMap(rank); }

AffineMap Build::leadingDims(unsigned rank, unsigned count) const {
  return map(rank, identity(rank).getResults().take_front(count));
}

AffineMap Build::trailingDims(unsigned rank, unsigned count) const {
  return map(rank, identity(rank).getResults().take_back(count));
}

SmallVector<OpFoldResult> Build::extents(RankedTensorType type) const {
  SmallVector<OpFoldResult> result;
  for (int64_t extent : type.getShape())
    result.push_back(ShapedType::isDynamic(extent) ? OpFoldResult(batch)
                                                   : builder.getIndexAttr(extent));
  return result;
}

Value Build::empty(RankedTensorType type) const {
  return tensor::EmptyOp::create(builder, loc, extents(type), type.getElementType());
}

Value Build::filled(RankedTensorType type, double value) const {
  Value element = floatConstant(builder, loc, builder.getF32Type(), value);
  return linalg::FillOp::create(builder, loc, element, empty(type)).getResult(0);
}

Value Build::constant(ArrayRef<int64_t> shape, ArrayRef<float> values) const {
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  return arith::ConstantOp::create(builder, loc, DenseElementsAttr::get(type, values));
}

Value Build::inserted(Value x, Value out, ArrayRef<OpFoldResult> offsets,
                      ArrayRef<OpFoldResult> strides) const {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<OpFoldResult> sizes = extents(type);
  SmallVector<OpFoldResult> ones(sizes.size(), builder.getIndexAttr(1));
  if (strides.empty())
    strides = ones;
  Value slice = tensor::ExtractSliceOp::create(builder, loc, type, out, offsets, sizes, strides);
  Value copy = linalg::CopyOp::create(builder, loc, x, slice).getResult(0);
  return tensor::InsertSliceOp::create(builder, loc, copy, out, offsets, sizes, strides);
}

Value Build::padded(Value x, ArrayRef<int64_t> low, ArrayRef<int64_t> high, double value) const {
  auto isZero = [](int64_t width) { return width == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return x;
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<OpFoldResult> offsets;
  for (auto [extent, before, after] : llvm::zip_equal(shape, low, high)) {
    if (!ShapedType::isDynamic(extent))
      extent += before + after;
    offsets.push_back(builder.getIndexAttr(before));
  }
  return inserted(x, filled(type.clone(shape), value), offsets);
}

// All dimensions but the first `outer` of them as one; a missing one becomes an extent of 1.
static Value flattened(const Build &build, Value x, int64_t outer) {
  auto type = cast<RankedTensorType>(x.getType());
  if (type.getRank() == outer + 1)
    return x;
  SmallVector<int64_t> shape(type.getShape().take_front(outer));
  shape.push_back(ShapedType::getNumElements(type.getShape().drop_front(outer)));
  RankedTensorType flat = type.clone(shape);
  // [[0], [1, 2, ...]], or [[0, 1, 2, ...]] without an outer dimension.
  SmallVector<ReassociationIndices> groups(outer, ReassociationIndices{0});
  if (type.getRank() > outer) {
    groups.emplace_back(llvm::to_vector<2>(llvm::seq<int64_t>(outer, type.getRank())));
    return tensor::CollapseShapeOp::create(build.builder, build.loc, flat, x, groups);
  }
  groups.back().push_back(outer);
  return tensor::ExpandShapeOp::create(build.builder, build.loc, flat, x, groups,
                                       build.extents(flat));
}

// The inverse of `flattened`.
static Value unflattened(const Build &build, Value flat, RankedTensorType type, int64_t outer) {
  if (type.getRank() == outer + 1)
    return flat;
  SmallVector<ReassociationIndices> groups(outer, ReassociationIndices{0});
  if (type.getRank() == outer) {
    groups.back().push_back(outer);
    return tensor::CollapseShapeOp::create(build.builder, build.loc, type, flat, groups);
  }
  groups.emplace_back(llvm::to_vector<2>(llvm::seq<int64_t>(outer, type.getRank())));
  return tensor::ExpandShapeOp::create(build.builder, build.loc, type, flat, groups,
                                       build.extents(type));
}

Value Build::reshaped(Value x, RankedTensorType type) const {
  auto from = cast<RankedTensorType>(x.getType());
  if (from == type)
    return x;
  bool keepsBatch = from.getRank() && type.getRank() && from.getDimSize(0) == type.getDimSize(0);
  int64_t outer = keepsBatch ? 1 : 0;
  return unflattened(*this, flattened(*this, x, outer), type, outer);
}

// [[0], [1], ..., [rank - 2, rank - 1]]
static SmallVector<ReassociationIndices> lastTwo(int64_t rank) {
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i + 1 < rank; ++i)
    groups.push_back({i});
  groups.back().push_back(rank - 1);
  return groups;
}

Value Build::splitLast(Value x, RankedTensorType type) const {
  return tensor::ExpandShapeOp::create(builder, loc, type, x, lastTwo(type.getRank()),
                                       extents(type));
}

Value Build::mergeLast(Value x, RankedTensorType type) const {
  return tensor::CollapseShapeOp::create(builder, loc, type, x, lastTwo(type.getRank() + 1));
}

Value Build::generic(ValueRange inputs, Value out, ArrayRef<AffineMap> maps, Body body) const {
  AffineMap outMap = maps.back();
  SmallVector<utils::IteratorType> iterators;
  for (unsigned i = 0; i < outMap.getNumDims(); ++i)
    iterators.push_back(outMap.isFunctionOfDim(i) ? utils::IteratorType::parallel
                                                  : utils::IteratorType::reduction);
  auto buildBody = [&](OpBuilder &b, Location l, ValueRange arguments) {
    linalg::YieldOp::create(b, l, body(b, l, arguments));
  };
  return linalg::GenericOp::create(builder, loc, out.getType(), inputs, out, maps, iterators,
                                   buildBody)
      .getResult(0);
}

AffineMap Build::broadcast(Value input, RankedTensorType type) const {
  unsigned rank = type.getRank();
  auto from = cast<RankedTensorType>(input.getType());
  if (nn::isSingleNumber(from) && type.getShape().back() != 1)
    return map(rank, builder.getAffineConstantExpr(0));
  return trailingDims(rank, from.getRank());
}

Value Build::elementwise(ValueRange inputs, RankedTensorType type, Body body, bool leading) const {
  unsigned rank = type.getRank();
  SmallVector<AffineMap> maps;
  for (Value input : inputs) {
    unsigned inputRank = cast<RankedTensorType>(input.getType()).getRank();
    maps.push_back(leading ? leadingDims(rank, inputRank) : broadcast(input, type));
  }
  maps.push_back(identity(rank));
  return generic(inputs, empty(type), maps, body);
}

Value Build::reduceWindows(Value x, AffineMap xMap, ArrayRef<int64_t> window, RankedTensorType type,
                           double init, Body body) const {
  unsigned rank = type.getRank(), loops = rank + window.size();
  // The window's extents need an operand to come from. A constant costs no buffer.
  Value extent = constant(window, 0.0f);
  return generic(
      {x, extent}, filled(type, init),
      {xMap, trailingDims(loops, window.size()), leadingDims(loops, rank)},
      [&](OpBuilder &b, Location l, ValueRange args) { return body(b, l, {args[0], args[2]}); });
}

Value Build::summed(ValueRange inputs, RankedTensorType type, Body body) const {
  auto from = cast<RankedTensorType>(inputs.front().getType());
  unsigned rank = from.getRank();
  bool keepsLast = type.getDimSize(0) == from.getShape().back();
  if (keepsLast && rank == 1)
    return elementwise(inputs, type, body);
  unsigned innermost = rank - (keepsLast ? 2 : 1);
  SmallVector<int64_t> shape(from.getShape());
  shape.erase(shape.begin() + innermost);
  SmallVector<AffineMap> maps;
  for (Value input : inputs)
    maps.push_back(broadcast(input, from));
  maps.push_back(identity(rank).dropResult(innermost));
  bool isLast = rank == (keepsLast ? 2u : 1u);
  if (shape.empty()) {
    shape.push_back(1);
    maps.back() = map(1, builder.getAffineConstantExpr(0));
  }
  Value sum = generic(inputs, filled(from.clone(shape), 0), maps,
                      [&](OpBuilder &b, Location l, ValueRange args) -> Value {
                        Value element = body(b, l, args.drop_back());
                        return arith::AddFOp::create(b, l, args.back(), element);
                      });
  return isLast ? sum : summed(sum, type, bodyOf([](ArrayRef<nn::Expr> e) { return e[0]; }));
}

Value Build::reduceLast(ValueRange inputs, double init, Body body) const {
  auto type = cast<RankedTensorType>(inputs.front().getType());
  unsigned rank = type.getRank();
  SmallVector<AffineMap> maps(inputs.size(), identity(rank));
  maps.push_back(leadingDims(rank, rank - 1));
  return generic(inputs, filled(type.clone(type.getShape().drop_back()), init), maps, body);
}

Value Build::plusBias(Value x, Value bias) const {
  if (!bias)
    return x;
  return elementwise({x, bias}, cast<RankedTensorType>(x.getType()),
                     [](OpBuilder &b, Location l, ValueRange args) -> Value {
                       return arith::AddFOp::create(b, l, args[0], args[1]);
                     });
}
