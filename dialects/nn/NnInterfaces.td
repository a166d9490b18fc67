//===- NnInterfaces.td - what engines may ask of an nn op --------*- tablegen -*-===//
// Engines (fusion, lowering, autodiff) know these interfaces and no operator. The models of
// FusionRole and Cost live with the dialect; lowering, gradients and training forms are external
// models of compiler/ops.

#ifndef DLC_DIALECTS_NN_NNINTERFACES_TD
#define DLC_DIALECTS_NN_NNINTERFACES_TD

include "mlir/IR/OpBase.td"

def FusionRoleOpInterface : OpInterface<"FusionRoleOpInterface"> {
  let cppNamespace = "::dlc::nn";
  let description = "The part an op may play in a fused group.";
  let methods = [InterfaceMethod<
    "Anchor: a heavy op that starts a group. Epilogue: elementwise, joins a group's tail. "
    "None: stays alone.",
    "::dlc::nn::FusionRole", "getFusionRole", (ins), "",
    "return ::dlc::nn::FusionRole::None;">];
}

def ScalableOpInterface : OpInterface<"ScalableOpInterface"> {
  let cppNamespace = "::dlc::nn";
  let description = [{
    A linear op with a kernel and a bias, into which an affine map of its output channels folds.
  }];
  let methods = [InterfaceMethod<
    "Builds the op that computes `this * scale + shift` along the last dimension, with the map moved "
    "into kernel and bias. `shift` may be null.",
    "::mlir::Value", "buildScaled",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$scale, "::mlir::Value":$shift)>,
  InterfaceMethod<
    "Adds zero padding [top, bottom, left, right] before the op; false where the op cannot pad.",
    "bool", "absorbPadding", (ins "::llvm::ArrayRef<int64_t>":$padding), "", "return false;">];
}

def CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::dlc::nn";
  let description = "Arithmetic of an op; ops without it cost one operation an output element.";
  let methods = [InterfaceMethod<
    "Floating-point operations for one sample (a multiply-add counts as two).",
    "int64_t", "getFlopsPerSample", (ins)>];
}

def ElementwiseOpInterface : OpInterface<"ElementwiseOpInterface"> {
  let cppNamespace = "::dlc::nn";
  let description = [{
    An op whose every result element depends on the same element of its operands (rank-1 operands
    of a higher-ranked op run along the last dimension). One method gives both its linalg form and
    its place in a kernel's epilogue.
  }];
  let methods = [InterfaceMethod<
    "Builds the scalar computation; `scalars` holds one value for each operand.",
    "::mlir::Value", "buildScalar",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::ValueRange":$scalars)>];
}

def LinalgLoweringOpInterface : OpInterface<"LinalgLoweringOpInterface"> {
  let cppNamespace = "::dlc::nn";
  let description = "An op that can be written in linalg, tensor and arith ops.";
  let methods = [InterfaceMethod<
    "Builds the replacement of every result. `batch` is the value of dynamic extents.",
    "::mlir::FailureOr<::llvm::SmallVector<::mlir::Value>>", "buildLinalg",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$batch)>];
}

def DifferentiableOpInterface : OpInterface<"DifferentiableOpInterface"> {
  let cppNamespace = "::dlc::nn";
  let description = "An op with a vector-Jacobian product.";
  let methods = [InterfaceMethod<
    "Builds d loss / d operand for each operand that `wanted` asks for, given d loss / d result "
    "(null for results that the loss does not depend on; one at least is not). `gradients` has an "
    "entry for each operand; those of unwanted ones stay null, as may others that are zero.",
    "::llvm::LogicalResult", "buildGradient",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$upstream,
         "::llvm::ArrayRef<bool>":$wanted, "::llvm::SmallVectorImpl<::mlir::Value> &":$gradients)>];
}

def TrainingOpInterface : OpInterface<"TrainingOpInterface"> {
  let cppNamespace = "::dlc::nn";
  let description = [{
    An op that computes something else while training: BatchNormalization normalises by the batch and
    returns new statistics, Dropout drops.
  }];
  let methods = [InterfaceMethod<
    "Builds the training form. `random` is tensor<4xi32>: the low and the high half of the seed, the "
    "step and the number of the batch's first sample; `site` differs between the ops of a network. "
    "Fills `results` with what replaces the op's results, and `updates` with the new values of "
    "operands that are state.",
    "::llvm::LogicalResult", "buildTraining",
    (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$random, "int64_t":$site,
         "::llvm::SmallVectorImpl<::mlir::Value> &":$results,
         "::llvm::SmallVectorImpl<std::pair<::mlir::Value, ::mlir::Value>> &":$updates)>];
}

#endif // DLC_DIALECTS_NN_NNINTERFACES_TD
