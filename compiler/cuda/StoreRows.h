//===- StoreRows.h - the epilogue of a product, by rows ------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_STOREROWS_H
#define DLC_COMPILER_CUDA_STOREROWS_H

#include "compiler/cuda/StoreTile.h"

namespace dlc::cuda {

/// Maps and stores what one warp has of a tile: 16 rows, of whose every 8 columns lane 4 g + t has
/// 2 t and 2 t + 1 of rows g and g + 8. Lanes exchange them in shared memory, so that each access
/// is to whole rows of neighbours.
class RowStore {
public:
  /// Where the warp's part of a block's tile lies in the whole product. It may reach past the last
  /// row and column.
  struct Place {
    Int row, column, part;
    int64_t height, width; ///< of the tile
  };

  /// The product is one of `rows` x `columns`; `shared` are kernel::kWarpStoreBytes of the
  /// warp's own.
  RowStore(mlir::ImplicitLocOpBuilder &builder, const Destination &destination, mlir::Value shared,
           Int lane, Int rows, Int columns);

  /// `sums`: for every 8 columns the two of row g, then those of row g + 8. `isFree`: no lane may
  /// be reading from the warp's memory.
  void store(const Place &place, llvm::ArrayRef<mlir::Value> sums, bool isFree = false) const;

private:
  /// One of the rows that a lane stores elements of.
  struct Row {
    mlir::Value inside;            ///< null: always
    Int out;                       ///< where it starts
    llvm::SmallVector<Int> extras; ///< where those of images start
  };
  llvm::SmallVector<Row> rowsOf(const Place &place) const;
  void storeColumns(const Place &place, llvm::ArrayRef<Row> lines, int64_t first,
                    llvm::ArrayRef<mlir::Value> sums, bool isFree) const;
  llvm::SmallVector<mlir::Value> load(const GlobalBuffer &extra, Int offset) const;
  mlir::Value at(Int offset, int64_t more) const; // of shared memory
  void exchange(llvm::ArrayRef<mlir::Value> sums) const;

  mlir::ImplicitLocOpBuilder &b;
  const Destination &destination;
  mlir::Value shared;
  Int lane, rows, columns;
  int64_t width; // elements of a store
};

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_STOREROWS_H
