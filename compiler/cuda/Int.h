//===- Int.h - positions and extents in a kernel -------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_CUDA_INT_H
#define DLC_COMPILER_CUDA_INT_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc::cuda {

/// An i32 in a kernel. Infix operators, so that addresses read like their formulas; division is
/// that of unsigned numbers. What is known folds at once.
struct Int {
  mlir::ImplicitLocOpBuilder *builder;
  mlir::Value value;

  Int operator()(mlir::Value other) const { return {builder, other}; }
  Int constant(int64_t number) const {
    return (*this)(mlir::arith::ConstantIntOp::create(*builder, builder->getI32Type(), number));
  }
  template <typename OpTy> Int binary(Int other) const {
    return (*this)(builder->createOrFold<OpTy>(value, other.value));
  }
  /// The number, where it is known.
  std::optional<int64_t> number() const { return mlir::getConstantIntValue(value); }

  /// Whether this is below `other`, as unsigned numbers: nothing negative is.
  mlir::Value below(Int other) const {
    return builder->createOrFold<mlir::arith::CmpIOp>(mlir::arith::CmpIPredicate::ult, value,
                                                      other.value);
  }
  mlir::Value below(int64_t other) const { return below(constant(other)); }
  /// This where `condition` holds, `otherwise` elsewhere.
  Int where(mlir::Value condition, Int otherwise) const {
    return (*this)(builder->createOrFold<mlir::arith::SelectOp>(condition, value, otherwise.value));
  }
  Int where(mlir::Value condition, int64_t otherwise) const {
    return where(condition, constant(otherwise));
  }
};

inline Int operator+(Int a, Int b) { return a.binary<mlir::arith::AddIOp>(b); }
inline Int operator-(Int a, Int b) { return a.binary<mlir::arith::SubIOp>(b); }
inline Int operator*(Int a, Int b) { return a.binary<mlir::arith::MulIOp>(b); }
inline Int operator/(Int a, Int b) { return a.binary<mlir::arith::DivUIOp>(b); }
inline Int operator%(Int a, Int b) { return a.binary<mlir::arith::RemUIOp>(b); }
inline Int operator^(Int a, Int b) { return a.binary<mlir::arith::XOrIOp>(b); }
inline Int operator+(Int a, int64_t b) { return a + a.constant(b); }
inline Int operator-(Int a, int64_t b) { return a - a.constant(b); }
inline Int operator*(Int a, int64_t b) { return a * a.constant(b); }
inline Int operator/(Int a, int64_t b) { return a / a.constant(b); }
inline Int operator%(Int a, int64_t b) { return a % a.constant(b); }

/// Both conditions; either may be null, which always holds.
inline mlir::Value both(mlir::ImplicitLocOpBuilder &builder, mlir::Value a, mlir::Value b) {
  if (!a || !b)
    return a ? a : b;
  return builder.createOrFold<mlir::arith::AndIOp>(a, b);
}

/// Code that runs where `condition`, if any, holds.
inline void onlyWhere(mlir::ImplicitLocOpBuilder &builder, mlir::Value condition,
                      llvm::function_ref<void()> body) {
  if (!condition)
    return body();
  mlir::OpBuilder::InsertionGuard guard(builder);
  auto branch = mlir::scf::IfOp::create(builder, condition, /*withElseRegion=*/false);
  builder.setInsertionPointToStart(branch.thenBlock());
  body();
}

} // namespace dlc::cuda

#endif // DLC_COMPILER_CUDA_INT_H
