//===- Nn.h - the nn dialect --------------------------------------------*- C++ -*-===//
#ifndef DLC_DIALECTS_NN_NN_H
#define DLC_DIALECTS_NN_NN_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace dlc::nn {

/// The part an op may play in a fused group.
enum class FusionRole { None, Anchor, Epilogue };

// Names of the attributes on entry functions; see the dialect's description.
inline constexpr llvm::StringLiteral kModelAttr = "nn.model";
inline constexpr llvm::StringLiteral kBatchAttr = "nn.batch";
inline constexpr llvm::StringLiteral kInputAttr = "nn.input";
inline constexpr llvm::StringLiteral kOutputAttr = "nn.output";
inline constexpr llvm::StringLiteral kParamAttr = "nn.param";
inline constexpr llvm::StringLiteral kTrainableAttr = "nn.trainable";
inline constexpr llvm::StringLiteral kStateAttr = "nn.state";
// Of training: see the dialect's description.
inline constexpr llvm::StringLiteral kInitializerAttr = "nn.initializer";
inline constexpr llvm::StringLiteral kTargetAttr = "nn.target";
inline constexpr llvm::StringLiteral kClassesAttr = "nn.classes";
inline constexpr llvm::StringLiteral kMetricsAttr = "nn.metrics";
inline constexpr llvm::StringLiteral kGradientAttr = "nn.gradient";
inline constexpr llvm::StringLiteral kSlotAttr = "nn.slot";
inline constexpr llvm::StringLiteral kInitAttr = "nn.init";
inline constexpr llvm::StringLiteral kLearningRateAttr = "nn.learning_rate";
inline constexpr llvm::StringLiteral kScheduleAttr = "nn.schedule";
inline constexpr llvm::StringLiteral kPlaceAttr = "nn.place";
inline constexpr llvm::StringLiteral kStateBytesAttr = "nn.state_bytes";
// Added on the way down: see the dialect's description.
inline constexpr llvm::StringLiteral kPreparedAttr = "nn.prepared";
inline constexpr llvm::StringLiteral kPreparedBytesAttr = "nn.prepared_bytes";
inline constexpr llvm::StringLiteral kArenaAttr = "nn.arena";
inline constexpr llvm::StringLiteral kArenaConstAttr = "nn.arena_const";
inline constexpr llvm::StringLiteral kArenaBatchAttr = "nn.arena_batch";
inline constexpr llvm::StringLiteral kBatchStepAttr = "nn.batch_step";
inline constexpr llvm::StringLiteral kArenaThreadAttr = "nn.arena_thread";

/// Whether the type is that of one number, tensor<1x...>.
bool isSingleNumber(mlir::Type type);

/// Output extent of a window sliding over `extent` pixels with `low` and `high` padding, or 0 where
/// no window fits. With `ceilMode` a last partial window counts if it starts inside the image or
/// the padding before it.
int64_t windowedExtent(int64_t extent, int64_t window, int64_t stride, int64_t dilation,
                       int64_t low, int64_t high, bool ceilMode = false);

/// The argument of an entry function that is marked nn.batch, or null.
mlir::Value findBatch(mlir::FunctionOpInterface function);

/// Fails with a message at `loc` unless the channels of `x`, its last dimension, and all extents of
/// the parameters are static: the batch alone may vary. Null values are skipped. For shape
/// inference.
mlir::LogicalResult checkStatic(std::optional<mlir::Location> loc, mlir::Value x,
                                mlir::ValueRange parameters);

} // namespace dlc::nn

#include "dialects/nn/NnDialect.h.inc"
#include "dialects/nn/NnEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/nn/NnAttrs.h.inc"
#include "dialects/nn/NnInterfaces.h.inc"

#include "dialects/nn/NnDeclarations.inc"

namespace dlc::nn {

/// The bias of a linear op whose output was `bias` (or nothing) once it is scaled and shifted; null
/// for no bias at all.
mlir::Value scaledBias(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value bias,
                       mlir::Value scale, mlir::Value shift);

/// Creates an op after its shape inference accepted the operands, or reports its message at `loc`
/// and fails. For callers whose operands come from a user.
template <typename OpTy>
mlir::FailureOr<OpTy> tryCreate(mlir::OpBuilder &builder, mlir::Location loc,
                                mlir::ValueRange operands,
                                llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
  mlir::OperationState state(loc, OpTy::getOperationName(), operands, {}, attributes);
  typename OpTy::Properties properties{};
  auto emitError = [&] { return mlir::emitError(loc); };
  mlir::DictionaryAttr dict = builder.getDictionaryAttr(attributes);
  if (mlir::failed(OpTy::setPropertiesFromAttr(properties, dict, emitError)) ||
      mlir::failed(OpTy::inferReturnTypes(builder.getContext(), loc, operands, dict, &properties,
                                          {}, state.types)))
    return mlir::failure();
  return mlir::cast<OpTy>(builder.create(state));
}

} // namespace dlc::nn

#endif // DLC_DIALECTS_NN_NN_H
