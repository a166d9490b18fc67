//===- Passes.td - the passes of the schedule room ---------------*- tablegen -*-===//

#ifndef DLC_COMPILER_SCHEDULE_PASSES_TD
#define DLC_COMPILER_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def Schedule : Pass<"dlc-schedule", "::mlir::func::FuncOp"> {
  let summary = "choose kernels, layouts and tiles for the heavy ops of a function";
  let dependentDialects = ["::dlc::kernel::KernelDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [Option<"march", "march", "std::string", "\"x86-64-v4\"",
                        "the CPU whose facts decide: a row of Target.h's table">,
                 ListOption<"costs", "costs", "double",
                            "all numbers of Target.h's CostTable in its order; none: those of the row">,
                 Option<"winograd", "winograd", "::dlc::Winograd", "::dlc::Winograd::Auto",
                        "where convolutions take a Winograd form",
                        [{::llvm::cl::values(
                          clEnumValN(::dlc::Winograd::Auto, "auto", "where it is expected to be faster"),
                          clEnumValN(::dlc::Winograd::Never, "never", "direct sums only"),
                          clEnumValN(::dlc::Winograd::F2, "f2", "tiles of 2x2 wherever the form exists"),
                          clEnumValN(::dlc::Winograd::F3, "f3", "tiles of 3x3 wherever the form exists"),
                          clEnumValN(::dlc::Winograd::F4, "f4", "tiles of 4x4 wherever the form exists"),
                          clEnumValN(::dlc::Winograd::F5, "f5", "tiles of 5x5 wherever the form exists"),
                          clEnumValN(::dlc::Winograd::F6, "f6", "tiles of 6x6 wherever the form exists"))}]>,
                 Option<"weightPrecision", "weight-precision", "::dlc::WeightPrecision",
                        "::dlc::WeightPrecision::Auto", "how the weights of dense layers and Winograd products are kept",
                        [{::llvm::cl::values(
                          clEnumValN(::dlc::WeightPrecision::Auto, "auto", "as is expected to be faster"),
                          clEnumValN(::dlc::WeightPrecision::Exact, "exact", "as they are"),
                          clEnumValN(::dlc::WeightPrecision::Fixed, "fixed", "in fixed point wherever that is possible"))}]>];
}

def ScheduleGpu : Pass<"dlc-schedule-gpu", "::mlir::func::FuncOp"> {
  let summary = "choose kernels and tiles of a GPU for the matrix products of a function";
  let dependentDialects = ["::dlc::kernel::KernelDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
  let options = [Option<"chip", "chip", "std::string", "\"sm_80\"",
                        "the GPU whose facts decide: a row of Chip.h's table">,
                 Option<"precision", "precision", "::dlc::Precision", "::dlc::Precision::Fp32",
                        "what products round their operands to",
                        [{::llvm::cl::values(
                          clEnumValN(::dlc::Precision::Fp32, "fp32", "nothing"),
                          clEnumValN(::dlc::Precision::Tf32, "tf32", "10 bits of mantissa"),
                          clEnumValN(::dlc::Precision::Bf16, "bf16", "7 bits of mantissa"))}]>];
}

def PairKernels : Pass<"dlc-pair-kernels", "::mlir::func::FuncOp"> {
  let summary = "join convolutions with the depthwise convolutions or poolings that alone read them";
  let options = [
    Option<"l2Bytes", "l2-bytes", "int64_t", /*default=*/"1 << 20",
           "second-level cache of a core, in bytes">
  ];
}

def JoinPooling : Pass<"dlc-join-pooling", "::mlir::func::FuncOp"> {
  let summary = "join convolutions with the max poolings that alone read them";
}

def UseWarpgroups : Pass<"dlc-use-warpgroups", "::mlir::func::FuncOp"> {
  let summary = "multiply by warpgroups where a chip has them and images fit tensor maps";
  let options = [Option<"chip", "chip", "std::string", "\"sm_90a\"", "row of the chips">];
  let dependentDialects = ["::dlc::kernel::KernelDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def OutlinePrepare : Pass<"dlc-outline-prepare", "::mlir::ModuleOp"> {
  let summary = "move what depends on parameters alone from @forward to @prepare";
}

def NnToLinalg : Pass<"dlc-nn-to-linalg", "::mlir::func::FuncOp"> {
  let summary = "lower the nn ops that have no kernel to linalg";
  let dependentDialects = ["::dlc::kernel::KernelDialect", "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect", "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def FuseElementwise : Pass<"dlc-fuse-elementwise", "::mlir::func::FuncOp"> {
  let summary = "fuse chains of elementwise linalg ops";
  let options = [
    Option<"costlyOnce", "costly-once", "bool", /*default=*/"false",
           "compute quotients and functions of a row once, not for each element that reads them">];
}

def JoinReductions : Pass<"dlc-join-reductions", "::mlir::func::FuncOp"> {
  let summary = "make one sum of sums of sums, and one op of sums that read the same";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect"];
}

def SplitReductions : Pass<"dlc-split-reductions", "::mlir::func::FuncOp"> {
  let summary = "sum in parts what is long and leaves few results, for GPUs";
  let description = [{
    Where results are few, parts of the elements are summed by themselves, then the parts: their number
    depends on shapes alone.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def NarrowFloats : Pass<"dlc-narrow-floats", "::mlir::func::FuncOp"> {
  let summary = "keep activations and their gradients in memory as bfloat16";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def WidenFloats : Pass<"dlc-widen-floats", "::mlir::func::FuncOp"> {
  let summary = "compute in f64 what is given and returned in f32";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // DLC_COMPILER_SCHEDULE_PASSES_TD
