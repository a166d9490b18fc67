//===- CudaToLlvm.cpp - kernels become the LLVM dialect -------------------------------===//
//
// One conversion for arith, cf, gpu, index, math, memref, ub and vector, with 32-bit indices. It
// comes last, after loops became branches and strided views became arithmetic. What LLVM's code
// generator for GPUs does by itself (square roots, rounding) stays out of NVIDIA's library.
//
//   %t = gpu.thread_id x
//   ->
//   %t = nvvm.read.ptx.sreg.tid.x range <i32, 0, 256> : i32
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/DropCasts.h"
#include "compiler/cuda/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/GPUToNVVM/GPUToNVVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Transforms/DialectConversion.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_CUDATOLLVM
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc::cuda;

static void populatePatterns(const LLVMTypeConverter &converter, RewritePatternSet &patterns) {
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  index::populateIndexToLLVMConversionPatterns(converter, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  ub::populateUBToLLVMConversionPatterns(converter, patterns);
  populateGpuToNVVMConversionPatterns(converter, patterns);
  // These go before the calls of a library that the line above has for the same ops.
  populateMathToLLVMConversionPatterns(converter, patterns, /*approximateLog1p=*/true,
                                       /*benefit=*/2);
}

namespace {
struct CudaToLlvm : dlc::cuda::impl::CudaToLlvmBase<CudaToLlvm> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    LowerToLLVMOptions options(context);
    options.overrideIndexBitwidth(32);
    LLVMTypeConverter converter(context, options);
    configureGpuToNVVMTypeConverter(converter);
    RewritePatternSet patterns(context);
    populatePatterns(converter, patterns);
    LLVMConversionTarget target(*context);
    configureGpuToNVVMConversionLegality(target);
    target.addLegalOp<LLVM::FAbsOp, LLVM::FCeilOp, LLVM::FFloorOp, LLVM::FMAOp, LLVM::RoundOp,
                      LLVM::SqrtOp>();
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    // The casts of dlc-lower-gpu-signatures meet those of the conversion.
    if (failed(dlc::abi::dropCasts(getOperation())))
      signalPassFailure();
  }
};
} // namespace
