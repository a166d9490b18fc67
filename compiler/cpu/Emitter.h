//===- Emitter.h - small builder helpers for expanded kernels -----------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_EMITTER_H
#define DLC_COMPILER_CPU_EMITTER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace dlc::cpu {

/// Builds index arithmetic, loops and vector accesses at the builder's insertion point. Constants
/// are made once, at the entry of the function; arithmetic on constants folds.
class Emitter {
public:
  using Values = llvm::SmallVector<mlir::Value>;
  using LoopBody = llvm::function_ref<Values(mlir::Value, mlir::ValueRange)>;
  using ItemBody = llvm::function_ref<void(mlir::ValueRange, mlir::Value, mlir::Value)>;

  Emitter(mlir::OpBuilder &builder, mlir::Location loc, mlir::func::FuncOp func, int64_t lanes);

  mlir::OpBuilder &builder;
  mlir::Location loc;
  const int64_t lanes;

  mlir::VectorType vectorType() const;
  mlir::VectorType wordsType() const; ///< of i32
  /// Vectors in a cache line.
  int64_t vectorsOfLine() const { return std::max<int64_t>(16 / lanes, 1); }
  mlir::Value index(int64_t value);
  mlir::Value index(mlir::OpFoldResult value);
  mlir::Value constant(mlir::TypedAttr value);
  /// A vector of `lanes` times `value`.
  mlir::Value splat(float value);
  /// A mask of the lanes [first, end).
  mlir::Value lanesBetween(int64_t first, int64_t end);

  // Index arithmetic; divisions take non-negative operands, minima and maxima compare signed
  // values.
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value add(mlir::Value a, int64_t b) { return add(a, index(b)); }
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, int64_t b) { return mul(a, index(b)); }
  mlir::Value div(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, int64_t b) { return div(a, index(b)); }
  mlir::Value ceilDiv(mlir::Value a, mlir::Value b);
  mlir::Value ceilDiv(mlir::Value a, int64_t b) { return ceilDiv(a, index(b)); }
  mlir::Value rem(mlir::Value a, mlir::Value b);
  mlir::Value min(mlir::Value a, mlir::Value b);
  mlir::Value max(mlir::Value a, mlir::Value b);

  /// A part of scratch memory, `offset` bytes into it, as a buffer of float32.
  mlir::Value viewScratch(mlir::Value scratch, int64_t offset, llvm::ArrayRef<int64_t> shape);

  /// The first extent of a buffer, which may be dynamic.
  mlir::Value batchOf(mlir::Value memref);

  /// Of a vector in memory only the lanes of `mask` are read or written, if there is one; those
  /// that are not read are zero.
  mlir::Value load(mlir::Value memref, mlir::ValueRange indices, mlir::Value mask = {});
  /// The same of i32.
  mlir::Value loadWords(mlir::Value memref, mlir::ValueRange indices);
  void store(mlir::Value vector, mlir::Value memref, mlir::ValueRange indices,
             mlir::Value mask = {});
  /// Asks for the cache line of an element that is used soon, or later: into the second-level
  /// cache.
  enum class Use { Soon, Later };
  void prefetch(mlir::Value memref, mlir::ValueRange indices, Use use = Use::Soon);
  /// A vector with every lane equal to one element in memory.
  mlir::Value loadSplat(mlir::Value memref, mlir::ValueRange indices);
  /// `count` neighbours in memory, each in an equal share of the lanes, in order.
  mlir::Value loadSpread(mlir::Value memref, mlir::ValueRange indices, int64_t count);
  /// In each of `count` equal shares of the lanes the sum of all shares of `vector`.
  mlir::Value addShares(mlir::Value vector, int64_t count);

  /// for iv in [lower, upper) by step; loops of no or one iteration known now become straight code.
  Values loop(mlir::Value lower, mlir::Value upper, int64_t step, mlir::ValueRange inits,
              LoopBody body);
  void loop(mlir::Value lower, mlir::Value upper, int64_t step,
            llvm::function_ref<void(mlir::Value)> body);
  /// Runs `then` or `otherwise`; a condition known now emits only its side.
  void branch(mlir::Value condition, llvm::function_ref<void()> then,
              llvm::function_ref<void()> otherwise);
  mlir::Value lessThan(mlir::Value a, mlir::Value b);
  /// True where 0 <= `at` < `extent`.
  mlir::Value isWithin(mlir::Value at, int64_t extent);

  /// Walks the items [lo, hi) of a space of `extents` (outermost first): `body` gets the indices of
  /// the outer dimensions and a range of the innermost one, so that divisions are paid once a
  /// range.
  void forItems(llvm::ArrayRef<mlir::OpFoldResult> extents, mlir::Value lo, mlir::Value hi,
                ItemBody body);

private:
  mlir::func::FuncOp func;
  mlir::OpBuilder entry;
  llvm::DenseMap<mlir::Attribute, mlir::Value> constants;
};

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_EMITTER_H
