//===- GlobalMemory.h - buffers as a kernel's threads see them -----------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_GLOBALMEMORY_H
#define DLC_COMPILER_CUDA_GLOBALMEMORY_H

#include "compiler/cuda/Int.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

namespace dlc::cuda {

/// A buffer whose last dimension is contiguous. Offsets count elements and are i32.
struct GlobalBuffer {
  mlir::Value pointer; ///< !llvm.ptr<1>, to the first element
  mlir::Type element;  ///< f32 or bf16
  llvm::SmallVector<int64_t> shape, strides;
  int64_t alignment; ///< elements that are aligned as one vector wherever strides lead

  /// The pointer to element `offset`, plus `more`, which becomes part of an instruction.
  mlir::Value at(Int offset, int64_t more = 0) const;
};

/// The buffer behind a memref. Fails with a message at the op that is being expanded where its last
/// dimension is not contiguous, or where more than the batch or the parts are dynamic.
mlir::FailureOr<GlobalBuffer> getBuffer(mlir::ImplicitLocOpBuilder &builder, mlir::Operation *op,
                                        mlir::Value memref);

/// Rows of a matrix that a buffer of rank 4 holds: its first three dimensions count them.
class Rows {
public:
  explicit Rows(const GlobalBuffer &buffer) : buffer(buffer) {}

  /// How far apart rows lie, where that is the same for all.
  std::optional<int64_t> step() const;

  /// Where row `row` starts.
  Int offset(Int row) const;

private:
  const GlobalBuffer &buffer;
};

/// Bytes of an element.
inline int64_t bytesOf(mlir::Type element) { return element.getIntOrFloatBitWidth() / 8; }

/// Elements of the widest vector that one access takes, of 16 bytes.
inline int64_t widestVector(mlir::Type element) { return 16 / bytesOf(element); }

/// `count` elements of type `element` from `pointer` on, in one access, as float32.
llvm::SmallVector<mlir::Value> loadElements(mlir::ImplicitLocOpBuilder &builder, mlir::Type element,
                                            mlir::Value pointer, int64_t count);
/// Stores float32 as elements of type `element`, rounded to nearest even.
void storeElements(mlir::ImplicitLocOpBuilder &builder, mlir::Type element, mlir::Value pointer,
                   mlir::ValueRange values);

/// The largest power of two up to 8 that divides all `numbers`.
int64_t commonVector(llvm::ArrayRef<int64_t> numbers);

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_GLOBALMEMORY_H
