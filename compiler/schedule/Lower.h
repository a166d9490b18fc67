//===- Lower.h - one nn op as kernels -----------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_LOWER_H
#define DLC_COMPILER_SCHEDULE_LOWER_H

#include "compiler/schedule/Blocked.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <optional>

namespace dlc::schedule {

/// Builds kernels that compute the results of `op` and returns the plain values that replace them;
/// none where no kernel fits and the op's linalg form is to be used.
llvm::SmallVector<mlir::Value> lowerToKernel(Blocker &blocker, mlir::Operation *op);

/// A convolution as its kernel sees it: a dense layer on rank 3 and more is one of 1x1.
struct ConvShape {
  mlir::Value input, kernel, bias; ///< [N, H, W, C], [KH, KW, C, O], [O] or null
  llvm::SmallVector<int64_t> result, strides, padding, dilations;
  int64_t groups;
};

/// A convolution of stride S over few channels as one of stride 1 over S x S times as many: those
/// of squares of S x S pixels, which begin `shift` before the image.
struct SpaceToDepth {
  int64_t stride, window, channels; ///< S, the side of windows in squares, channels of a square
  std::array<int64_t, 2> shift, extents; ///< rows and columns
  std::array<int64_t, 4> padding;
};

/// Nothing where the convolution has no such form, or what it reads is blocked already.
std::optional<SpaceToDepth> planSpaceToDepth(const ConvShape &conv);

/// That convolution.
ConvShape moveToDepth(Blocker &blocker, mlir::Location loc, const ConvShape &conv,
                      const SpaceToDepth &squares);

/// What a sum adds of the elements of its inputs.
using Element =
    llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location, mlir::ValueRange)>;

/// The sum of what `element` makes of the inputs over the loops that `kept` leaves out.
mlir::Value sumOver(Blocker &blocker, mlir::Location loc, mlir::ValueRange inputs,
                    llvm::ArrayRef<mlir::AffineMap> maps, mlir::AffineMap kept,
                    llvm::ArrayRef<int64_t> shape, Element element);

/// The type of an image with the elements of `type`. Of rank 4 it is one; otherwise the dimensions
/// between batch and features are the pixels of one image row.
mlir::RankedTensorType asImage(mlir::RankedTensorType type);

/// The input of the group that `inner`, an argument of its body, stands for; null for null.
mlir::Value outerOf(nn::GroupOp group, mlir::Value inner);

/// What a group's epilogue reads beside the anchor's result: arguments of its body.
llvm::SmallVector<mlir::Value> collectExtras(nn::GroupOp group);

/// The element that the group stores, of the anchor's element `sum` and those of its extras.
mlir::Value buildElement(mlir::OpBuilder &builder, nn::GroupOp group, mlir::Value sum,
                         llvm::ArrayRef<mlir::Value> extras, mlir::ValueRange elements);

/// Fills `region` with what maps (accumulator, extras...) to the element that `group` stores.
void buildEpilogue(Blocker &blocker, mlir::Region &region, nn::GroupOp group,
                   llvm::ArrayRef<mlir::Value> innerExtras);

/// How a convolution is computed.
struct WinogradChoice {
  int64_t tileSize = 0; ///< the m of F(m x m, r x r), or 0: the direct form
  int64_t blocks = 0;   ///< parts of an image that kernel.winograd does whole, or 0: step by step
  bool plane = false;   ///< by kernel.winograd_plane instead
  std::optional<SpaceToDepth> squares; ///< compute the convolution over these
  bool waits = false;                  ///< threads that share memory nearly wait for its weights
};

/// The blocked result of the convolution in a Winograd form.
mlir::Value buildWinograd(Blocker &blocker, nn::GroupOp group, const ConvShape &conv,
                          const WinogradChoice &choice, llvm::ArrayRef<mlir::Value> extras,
                          llvm::ArrayRef<mlir::Value> innerExtras);

/// How many neighbouring pixels of an output row one vector is to hold: more than 1 where there are
/// few filters and the windows overlap enough.
int64_t choosePixels(const Blocker &blocker, const ConvShape &conv);

/// The convolution whose filters are those of `pixels` neighbouring pixels of `conv`.
ConvShape putSideBySide(const Blocker &blocker, mlir::Location loc, const ConvShape &conv,
                        int64_t pixels);

/// The blocked result of that convolution as the image of all pixels, in blocks of fewer lanes.
mlir::Value spreadPixels(Blocker &blocker, mlir::Location loc, mlir::Value wide, int64_t pixels);

/// Whether `value` is what @prepare computes of parameters.
bool isPrepared(mlir::Value value);

/// A dense layer on the rows of a matrix; `bias` may be null.
struct DenseShape {
  mlir::Value input, kernel, bias;
  llvm::SmallVector<int64_t> result; ///< [M, N]

  int64_t units() const { return result.back(); }
  int64_t depth() const {
    return llvm::cast<mlir::RankedTensorType>(kernel.getType()).getDimSize(0);
  }
};

/// The blocked result of the dense layer.
mlir::Value buildDense(Blocker &blocker, nn::GroupOp group, const DenseShape &dense,
                       llvm::ArrayRef<mlir::Value> extras, llvm::ArrayRef<mlir::Value> innerExtras);

/// `parts` one after another along `axis` of a value of `shape`, each written there by what
/// computes it.
mlir::Value buildConcat(Blocker &blocker, mlir::Location loc, llvm::ArrayRef<mlir::Value> parts,
                        int64_t axis, llvm::ArrayRef<int64_t> shape);

// The families behind lowerToKernel that have files of their own.
mlir::Value lowerGroup(Blocker &blocker, nn::GroupOp group);
mlir::Value lowerReduceSum(Blocker &blocker, nn::ReduceSumOp op);
llvm::SmallVector<mlir::Value> lowerMoments(Blocker &blocker, nn::MomentsOp op);
mlir::Value lowerConvWeights(Blocker &blocker, nn::Conv2DBackwardKernelOp op);
mlir::Value lowerDepthwiseWeights(Blocker &blocker, nn::DepthwiseConv2DBackwardKernelOp op);
mlir::Value lowerDenseWeights(Blocker &blocker, nn::DenseBackwardKernelOp op);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_LOWER_H
