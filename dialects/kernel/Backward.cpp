//===- Backward.cpp - verifiers, effects and items of gradients' kernels -------------===//

#include "dialects/kernel/Checks.h"

using namespace mlir;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

//===----------------------------------------------------------------------===//
// Gradient of a convolution's kernel
//===----------------------------------------------------------------------===//

int64_t ConvWeightsOp::getParts() {
  ArrayRef<int64_t> out = shapeOf(getOut());
  return out.size() == 5 ? out[0] : 1;
}

ArrayRef<int64_t> ConvWeightsOp::getKernelShape() { return shapeOf(getOut()).take_back(4); }

LogicalResult ConvWeightsOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyImages(*this, getInput(), getGradient())))
    return failure();
  int64_t rank = shapeOf(getOut()).size();
  if (rank != 4 && rank != 5)
    return emitOpError("computes a kernel of rank 4, or several of them");
  ArrayRef<int64_t> in = shapeOf(getInput()), g = shapeOf(getGradient()), k = getKernelShape();
  int64_t groups = getGroups(), block = in[4], channels = getChannels();
  if (channels < 1 || (in[1] != 1 && (channels > block || block % channels)))
    return emitOpError("needs channels that divide the input's blocks");
  if (groups < 1 || in[1] % groups || g[1] % groups ||
      (g[1] / groups) % getTile().getCols() * (groups - 1))
    return emitOpError("needs an equal share of its blocks for each group");
  if (static_cast<int64_t>(llvm::divideCeil(k[2], block)) * groups != in[1] ||
      static_cast<int64_t>(llvm::divideCeil(k[3], g[4])) != g[1])
    return emitOpError("needs an input and a gradient with blocks for its kernel's channels");
  return verifyWindow(*this, in, g, k.take_front(2), getStrides(), getPadding(), getDilations());
}

SmallVector<OpFoldResult> ConvWeightsOp::getItemExtents(OpBuilder &builder, Location) {
  ArrayRef<int64_t> k = getKernelShape();
  auto extent = [&](int64_t value) { return OpFoldResult(builder.getIndexAttr(value)); };
  return {extent(getParts()),
          extent(llvm::divideCeil(shapeOf(getGradient())[1], getTile().getCols())),
          extent(llvm::divideCeil(k[2], getChannels())), extent(k[0])};
}

// The batch may be dynamic: count one, the work of batch 1.
int64_t ConvWeightsOp::getFlopsPerItem() {
  ArrayRef<int64_t> g = shapeOf(getGradient()), k = getKernelShape();
  int64_t images = ShapedType::isDynamic(g[0]) ? 1 : llvm::divideCeil(g[0], getParts());
  return 2 * images * g[2] * g[3] * k[1] * std::min<int64_t>(getChannels(), k[2]) *
         getTile().getCols() * g[4];
}

void ConvWeightsOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }

//===----------------------------------------------------------------------===//
// Gradient of a depthwise convolution's kernel
//===----------------------------------------------------------------------===//

int64_t DepthwiseWeightsOp::getParts() {
  ArrayRef<int64_t> out = shapeOf(getOut());
  return out.size() == 4 ? out[0] : 1;
}

ArrayRef<int64_t> DepthwiseWeightsOp::getKernelShape() { return shapeOf(getOut()).take_back(3); }

LogicalResult DepthwiseWeightsOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyImages(*this, getInput(), getGradient())))
    return failure();
  int64_t rank = shapeOf(getOut()).size();
  if (rank != 3 && rank != 4)
    return emitOpError("computes a kernel of rank 3, or several of them");
  ArrayRef<int64_t> in = shapeOf(getInput()), g = shapeOf(getGradient()), k = getKernelShape();
  if ((static_cast<int64_t>(getTapRows()) != 1 && static_cast<int64_t>(getTapRows()) != k[0]) ||
      static_cast<int64_t>(getPixels()) < 1)
    return emitOpError("takes one row of taps or all of them, and at least one pixel");
  if (in[1] != g[1] || in[4] != g[4] || static_cast<int64_t>(llvm::divideCeil(k[2], g[4])) != g[1])
    return emitOpError("needs an input and a gradient with equal blocks for its kernel's channels");
  return verifyWindow(*this, in, g, k.take_front(2), getStrides(), getPadding(), getDilations());
}

SmallVector<OpFoldResult> DepthwiseWeightsOp::getItemExtents(OpBuilder &builder, Location) {
  auto extent = [&](int64_t value) { return OpFoldResult(builder.getIndexAttr(value)); };
  int64_t tapRows = getTapRows();
  return {extent(getParts()), extent(shapeOf(getGradient())[1]),
          extent(getKernelShape()[0] / tapRows)};
}

int64_t DepthwiseWeightsOp::getFlopsPerItem() {
  ArrayRef<int64_t> g = shapeOf(getGradient());
  int64_t images = ShapedType::isDynamic(g[0]) ? 1 : llvm::divideCeil(g[0], getParts());
  int64_t taps = getTapRows() * getKernelShape()[1];
  return 2 * images * g[2] * g[3] * taps * g[4];
}

void DepthwiseWeightsOp::getEffects(Effects &effects) {
  addEffects(*this, getOutMutable(), effects);
}

//===----------------------------------------------------------------------===//
// Gradient of a pooling
//===----------------------------------------------------------------------===//

LogicalResult PoolBackwardOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(
          verifyPooling(*this, getOut(), getGradient(), getWindow(), getStrides(), getPadding())))
    return failure();
  if (getForward().size() != (getKind() == dlc::nn::PoolKind::Max ? 2 : 0))
    return emitOpError("needs the image and the result of a maximum, nothing of an average");
  if (getForward().empty())
    return success();
  if (failed(verifyShape(*this, "an image", getForward()[0], shapeOf(getOut()))))
    return failure();
  return verifyShape(*this, "a pooled image", getForward()[1], shapeOf(getGradient()));
}

SmallVector<OpFoldResult> PoolBackwardOp::getItemExtents(OpBuilder &builder, Location loc) {
  return extents(builder, loc, getOut(), {0, 1});
}

int64_t PoolBackwardOp::getFlopsPerItem() {
  ArrayRef<int64_t> g = shapeOf(getGradient());
  return 4 * g[2] * g[3] * g[4] * getWindow()[0] * getWindow()[1];
}

void PoolBackwardOp::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
