//===- Build.h - the forms of linalg that the lowerings share -----------*- C++ -*-===//
//
// Every destination is tensor.empty with `batch` for its dynamic extents: a batch taken from
// tensor.dim of a value would keep that value alive and cost copies after bufferization.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_COMPILER_OPS_BUILD_H
#define DLC_COMPILER_OPS_BUILD_H

#include "dialects/nn/Expr.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace dlc::ops {

/// An op under construction: where its pieces go, and the value of dynamic extents.
struct Build {
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value batch;

  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

  /// An uninitialised destination.
  mlir::Value empty(mlir::RankedTensorType type) const;

  /// A destination whose elements are all `value`.
  mlir::Value filled(mlir::RankedTensorType type, double value) const;

  /// A constant tensor of `values`, or of one repeated value.
  mlir::Value constant(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<float> values) const;

  /// Extents of `type` as operands of tensor ops.
  llvm::SmallVector<mlir::OpFoldResult> extents(mlir::RankedTensorType type) const;

  /// `out` with `x` copied to `offsets`. A copy into a slice, not a plain insertion: bufferization
  /// lets the producer of `x` write there where it can, and what remains is a loop like any other.
  /// No `strides`: 1 along each dimension.
  mlir::Value inserted(mlir::Value x, mlir::Value out, llvm::ArrayRef<mlir::OpFoldResult> offsets,
                       llvm::ArrayRef<mlir::OpFoldResult> strides = {}) const;

  /// `x` inside a border of `value`, `low` and `high` elements wide in each dimension.
  mlir::Value padded(mlir::Value x, llvm::ArrayRef<int64_t> low, llvm::ArrayRef<int64_t> high,
                     double value) const;

  /// `x` under another per-sample shape; the batch stays outermost.
  mlir::Value reshaped(mlir::Value x, mlir::RankedTensorType type) const;

  /// `x` with its last dimension seen as two, or its last two as one.
  mlir::Value splitLast(mlir::Value x, mlir::RankedTensorType type) const;
  mlir::Value mergeLast(mlir::Value x, mlir::RankedTensorType type) const;

  /// One linalg.generic; `maps` are those of the inputs, then of `out`. Dimensions that `out` does
  /// not use are reduced.
  mlir::Value generic(mlir::ValueRange inputs, mlir::Value out,
                      llvm::ArrayRef<mlir::AffineMap> maps, Body body) const;

  /// How an input of lower rank is read beside the dimensions of `type`: along the trailing ones,
  /// or everywhere the same element where it has but one.
  mlir::AffineMap broadcast(mlir::Value input, mlir::RankedTensorType type) const;

  /// An elementwise generic with a fresh destination; an input of lower rank is broadcast, or runs
  /// along the leading dimensions with `leading`.
  mlir::Value elementwise(mlir::ValueRange inputs, mlir::RankedTensorType type, Body body,
                          bool leading = false) const;

  /// Reduces `x` over windows: `body` takes an element of `x` and the accumulator, which starts at
  /// `init`. `xMap` takes the dimensions of `type`, then those of the window.
  mlir::Value reduceWindows(mlir::Value x, mlir::AffineMap xMap, llvm::ArrayRef<int64_t> window,
                            mlir::RankedTensorType type, double init, Body body) const;

  /// Sums `body` of the elements of `inputs` over all dimensions but the last, or, where `type` is
  /// one number, over all: dimension by dimension from the inside, so that partial sums stay short,
  /// and over the batch at last.
  mlir::Value summed(mlir::ValueRange inputs, mlir::RankedTensorType type, Body body) const;

  /// Reduces inputs of one shape over their last dimension: `body` takes an element of each and the
  /// accumulator, which starts at `init`.
  mlir::Value reduceLast(mlir::ValueRange inputs, double init, Body body) const;

  /// `x + bias` along the last dimension; `x` where there is no bias.
  mlir::Value plusBias(mlir::Value x, mlir::Value bias) const;

  /// Affine expression of dimension `i`, and the map of `results` over `rank` dimensions.
  mlir::AffineExpr dim(unsigned i) const;
  mlir::AffineMap map(unsigned rank, llvm::ArrayRef<mlir::AffineExpr> results) const;
  mlir::AffineMap identity(unsigned rank) const;

  /// The first or the last `count` of `rank` dimensions; `count` may be 0.
  mlir::AffineMap leadingDims(unsigned rank, unsigned count) const;
  mlir::AffineMap trailingDims(unsigned rank, unsigned count) const;
};

using nn::floatConstant;

/// The body of a generic from a formula on its elements and its accumulator.
template <typename Formula> auto bodyOf(Formula formula) {
  return [formula](mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange args) {
    llvm::SmallVector<nn::Expr> elements;
    for (mlir::Value arg : args)
      elements.push_back({builder, loc, arg});
    return formula(llvm::ArrayRef<nn::Expr>(elements)).value;
  };
}

/// `sum` / (batch * perSample).
mlir::Value averaged(const Build &build, mlir::Value sum, int64_t perSample);

/// Inside the body of a generic: where loop `loop` stands, as i32 or, exact below 2^24, as f32.
mlir::Value loopIndex(mlir::OpBuilder &builder, mlir::Location loc, unsigned loop);
nn::Expr loopNumber(nn::Expr beside, unsigned loop);

/// accumulator + x * y, which the code generator may contract to one fused multiply-add.
mlir::Value multiplyAdd(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value x, mlir::Value y,
                        mlir::Value accumulator);

/// The body of a product of matrices, or of what is like one.
mlir::Value multiplyAddBody(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange args);

} // namespace dlc::ops

#endif // DLC_COMPILER_OPS_BUILD_H
