//===- Pool.cpp - pooling -----------------------------------------------------------===//

#include "dialects/nn/Window.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Pool.cpp.inc"

LogicalResult Pool2DOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                         Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto image = cast<RankedTensorType>(adaptor.getX().getType());
  int64_t height, width;
  const int64_t dilations[] = {1, 1};
  Window window{adaptor.getWindow(), adaptor.getStrides(), adaptor.getPadding(), dilations,
                adaptor.getCeilMode()};
  if (failed(inferWindow(loc, image, window, height, width)))
    return failure();
  // A window that lies in padding alone has no maximum and no average.
  for (int dim : {0, 1})
    for (int side : {0, 1})
      if (adaptor.getPadding()[2 * dim + side] >= adaptor.getWindow()[dim])
        return emitOptionalError(loc, "padding ", adaptor.getPadding()[2 * dim + side],
                                 " must be smaller than the pooling window ",
                                 adaptor.getWindow()[dim]);
  types.push_back(image.clone({image.getDimSize(0), height, width, image.getDimSize(3)}));
  return success();
}

int64_t Pool2DOp::getFlopsPerSample() {
  auto out = getType();
  return out.getDimSize(1) * out.getDimSize(2) * out.getDimSize(3) * getWindow()[0] *
         getWindow()[1];
}

LogicalResult GlobalPool2DOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc,
                                               Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto image = cast<RankedTensorType>(adaptor.getX().getType());
  if (image.isDynamicDim(1) || image.isDynamicDim(2))
    return emitOptionalError(loc, "an image needs a static height and width");
  types.push_back(image.clone({image.getDimSize(0), image.getDimSize(3)}));
  return success();
}

int64_t GlobalPool2DOp::getFlopsPerSample() {
  auto image = getX().getType();
  return image.getDimSize(1) * image.getDimSize(2) * image.getDimSize(3);
}
