//===- StoreTile.h - the epilogue of a product ----------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_STORETILE_H
#define DLC_COMPILER_CUDA_STORETILE_H

#include "compiler/cuda/Product.h"

namespace dlc::cuda {

/// Where a product's sums go, and through which function.
struct Destination {
  GlobalBuffer out;
  llvm::SmallVector<GlobalBuffer> extras; ///< vectors along the columns, or like `out`
  mlir::Region *epilogue;                 ///< of (sum, extras...); null: the sum itself

  /// What is stored of a sum, given one element of each extra.
  mlir::Value map(mlir::ImplicitLocOpBuilder &builder, llvm::ArrayRef<mlir::Value> elements) const;
};

/// Maps and stores what one thread has of a tile: some rows of the same runs of columns.
class TileStore {
public:
  /// Runs of `length` neighbouring columns from each of `columns` on, counted in the whole product.
  TileStore(const ThreadBlock &block, const Destination &destination, llvm::ArrayRef<Int> columns,
            int64_t length);

  /// Stores the sums of row `row`: those of the first run, of the second...
  void storeRow(Int row, llvm::ArrayRef<mlir::Value> sums);

private:
  mlir::Value inColumns(Int column) const;
  void storePiece(Int start, llvm::ArrayRef<Int> images, int64_t first, Int column,
                  llvm::ArrayRef<mlir::Value> sums);

  const ThreadBlock &block;
  const Destination &destination;
  llvm::SmallVector<Int> columns;
  int64_t length, width;
  llvm::SmallVector<llvm::SmallVector<mlir::Value>>
      vectors; ///< of each extra: elements of all runs
};

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_STORETILE_H
