//===- CpuToLlvm.cpp - what is left becomes the LLVM dialect ------------------------===//
//
// One conversion for arith, cf, func, index, math, memref, ub and vector: a single walk, and no
// casts between passes. It comes last, after loops became branches and strided views became
// arithmetic.
//
//   %v = memref.load %x[%i] : memref<?xf32>
//   ->
//   %p = llvm.extractvalue %descriptor[1]
//   %a = llvm.getelementptr inbounds|nuw %p[%i] : (!llvm.ptr, i64) -> !llvm.ptr, f32
//   %v = llvm.load %a : !llvm.ptr -> f32
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/DropCasts.h"
#include "compiler/cpu/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Transforms/DialectConversion.h"

namespace dlc::cpu {
#define GEN_PASS_DEF_CPUTOLLVM
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

using namespace mlir;
using namespace dlc::cpu;

static LogicalResult rejectAllocations(ModuleOp module) {
  WalkResult result = module.walk([](memref::AllocOp alloc) {
    auto diag = alloc.emitOpError("allocates ");
    if (alloc.getType().hasStaticShape())
      diag << alloc.getType().getNumElements() << " elements";
    else
      diag << "a buffer";
    diag << " at run time; every buffer needs its place in the arena";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

static void populatePatterns(const LLVMTypeConverter &converter, SymbolTableCollection &symbols,
                             RewritePatternSet &patterns) {
  arith::populateArithToLLVMConversionPatterns(converter, patterns);
  index::populateIndexToLLVMConversionPatterns(converter, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
  populateMathToLLVMConversionPatterns(converter, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns, &symbols);
  populateFuncToLLVMConversionPatterns(converter, patterns, &symbols);
  populateVectorToLLVMConversionPatterns(converter, patterns);
  ub::populateUBToLLVMConversionPatterns(converter, patterns);
}

namespace {
struct CpuToLlvm : dlc::cpu::impl::CpuToLlvmBase<CpuToLlvm> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    if (failed(rejectAllocations(getOperation())))
      return signalPassFailure();
    LLVMTypeConverter converter(context);
    SymbolTableCollection symbols;
    RewritePatternSet patterns(context);
    populatePatterns(converter, symbols, patterns);
    LLVMConversionTarget target(*context);
    if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
      return signalPassFailure();
    // The casts of dlc-lower-entries and dlc-lower-launches meet those of the conversion.
    if (failed(dlc::abi::dropCasts(getOperation())))
      signalPassFailure();
  }
};
} // namespace
