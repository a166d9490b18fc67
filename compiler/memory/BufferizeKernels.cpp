//===- BufferizeKernels.cpp - kernel ops under one-shot bufferization ---------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"

using namespace mlir;
using namespace dlc;

namespace {

// Kernels read their inputs and overwrite their destination; the same op on buffers replaces them.
template <typename OpTy>
struct KernelModel
    : bufferization::DstBufferizableOpInterfaceExternalModel<KernelModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const bufferization::AnalysisState &) const {
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const bufferization::BufferizationOptions &options,
                          bufferization::BufferizationState &state) const {
    SmallVector<Value> buffers;
    for (Value operand : op->getOperands()) {
      FailureOr<Value> buffer = bufferization::getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      buffers.push_back(*buffer);
    }
    rewriter.setInsertionPoint(op);
    OperationState bufferized(op->getLoc(), op->getName());
    bufferized.addOperands(buffers);
    bufferized.propertiesAttr = op->getPropertiesAsAttribute();
    for (Region &region : op->getRegions())
      bufferized.addRegion()->takeBody(region);
    rewriter.create(bufferized);
    Value out = buffers[cast<OpTy>(op).getOutMutable().getOperandNumber()];
    bufferization::replaceOpWithBufferizedValues(rewriter, op, out);
    return success();
  }
};

template <typename... Ops> void attachModels(MLIRContext *context) {
  (Ops::template attachInterface<KernelModel<Ops>>(*context), ...);
}

} // namespace

void dlc::memory::registerBufferizationModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, kernel::KernelDialect *) {
    attachModels<kernel::PackOp, kernel::UnpackOp, kernel::ConvOp, kernel::DepthwiseOp,
                 kernel::GemmOp, kernel::PoolOp, kernel::WinogradWeightsOp, kernel::WinogradInputOp,
                 kernel::WinogradGemmOp, kernel::WinogradOutputOp>(context);
  });
}
