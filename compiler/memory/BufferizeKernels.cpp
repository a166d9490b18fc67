//===- BufferizeKernels.cpp - kernel ops under one-shot bufferization ---------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc;

namespace {

// Where a tensor lies in the one that it is written to in place.
struct Place {
  Value root;
  SmallVector<int64_t> offsets, sizes;

  explicit Place(Value value) : root(value) {
    sizes = llvm::to_vector(cast<RankedTensorType>(value.getType()).getShape());
    offsets.assign(sizes.size(), 0);
    while (Value destination = step())
      root = destination;
  }

  bool isApartFrom(const Place &other) const {
    if (root != other.root)
      return false;
    return llvm::any_of(llvm::seq(offsets.size()), [&](size_t dim) {
      return offsets[dim] + sizes[dim] <= other.offsets[dim] && !ShapedType::isDynamic(sizes[dim]);
    });
  }

private:
  Value step() {
    if (auto insertion = root.getDefiningOp<tensor::InsertSliceOp>())
      return insertion.getDest();
    if (auto slice = root.getDefiningOp<tensor::ExtractSliceOp>())
      return enter(slice);
    auto writer = root.getDefiningOp<DestinationStyleOpInterface>();
    return writer ? writer.getTiedOpOperand(cast<OpResult>(root))->get() : Value();
  }

  Value enter(tensor::ExtractSliceOp slice) {
    if (slice.getStaticOffsets().size() != offsets.size() ||
        llvm::any_of(slice.getStaticOffsets(), ShapedType::isDynamic) ||
        llvm::any_of(slice.getStaticStrides(), [](int64_t stride) { return stride != 1; }))
      return {};
    for (auto [offset, shift] : llvm::zip_equal(offsets, slice.getStaticOffsets()))
      offset += shift;
    return slice.getSource();
  }
};

// Kernels read their inputs and overwrite their destination; the same op on buffers replaces them.
template <typename OpTy>
struct KernelModel
    : bufferization::DstBufferizableOpInterfaceExternalModel<KernelModel<OpTy>, OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const bufferization::AnalysisState &) const {
    // A joint mean is one of what its destination holds.
    return std::is_same_v<OpTy, kernel::JointMeanOp> ||
           !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand);
  }

  // A kernel may read one slice of a tensor while it writes another.
  bool isNotConflicting(Operation *op, OpOperand *read, OpOperand *write,
                        const bufferization::AnalysisState &) const {
    if (read->getOwner() != op || write->getOwner() != op)
      return false;
    Place from(read->get()), to(write->get());
    return from.isApartFrom(to) || to.isApartFrom(from);
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
    bufferized.addAttributes(llvm::to_vector(op->getDiscardableAttrs()));
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
    attachModels<kernel::PackOp, kernel::UnpackOp, kernel::UnitScalesOp, kernel::PackFixedOp,
                 kernel::SpaceToDepthOp, kernel::ConvOp, kernel::DepthwiseOp, kernel::PairOp,
                 kernel::ConvWeightsOp, kernel::DepthwiseWeightsOp, kernel::GemmOp,
                 kernel::ImplicitGemmOp, kernel::ImplicitGemmWeightsOp, kernel::PoolOp,
                 kernel::PoolBackwardOp, kernel::WinogradScalesOp, kernel::WinogradWeightsOp,
                 kernel::WinogradInputOp, kernel::WinogradGemmOp, kernel::WinogradOutputOp,
                 kernel::WinogradOp, kernel::WinogradPlaneOp, kernel::WarpgroupGemmOp,
                 kernel::JointMeanOp>(context);
  });
}
