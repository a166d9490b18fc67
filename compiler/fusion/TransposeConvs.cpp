//===- TransposeConvs.cpp - backward data as convolutions ---------------------------===//
//
// The gradient of a convolution with respect to its image is a convolution of the gradient g with
// the flipped kernel, so that it gets all kernels, tiles and epilogues of the forward direction:
//
//   %dx = nn.conv2d_backward_data %g, %w    ->    %f = nn.flip_kernel %w
//                                                 %dx = nn.conv2d %g, %f
//
// With strides, pixels whose places leave the same remainders form a phase: they read the same taps
// and are a convolution of their own, with every stride-th tap alone. No product with a zero is
// computed. The phases' results take turns; pixels that no tap reaches are zero.
//
//   %dx = nn.conv2d_backward_data %g, %w {strides = [2, 2]}
//   ->
//   %0 = nn.conv2d %g, nn.flip_kernel %w {first = [1, 1], steps = [2, 2]} ...
//   %dx = nn.interleave %0, %1, %2, %3 {strides = [2, 2], phases = [0, 1, 2, 3]}
//
// A depthwise convolution of multiplier 1 becomes depthwise ones in the same way.
//
//===------------------------------------------------------------------------------===//

#include "compiler/fusion/Passes.h"
#include <numeric>

namespace dlc::fusion {
#define GEN_PASS_DEF_TRANSPOSECONVS
#include "compiler/fusion/Passes.h.inc"
} // namespace dlc::fusion

using namespace mlir;
using namespace dlc;

namespace {

// One dimension of the convolution that computes the pixels r, r + stride, r + 2 stride, ...
// Tap k of pixel y of the image meets pixel (y + padding - k * dilation) / stride of the gradient,
// where that is a whole number.
struct Phase {
  int64_t first = 0, step = 1; // taps of the kernel
  int64_t dilation = 1;        // of the flipped kernel
  int64_t pixels = 0;          // of the result
  int64_t low = 0, high = 0;   // padding of the gradient, or pixels to leave out if negative

  // Nothing where no tap reaches these pixels.
  template <typename OpTy> static std::optional<Phase> of(OpTy op, int dim, int64_t r) {
    int64_t stride = op.getStrides()[dim], dilation = op.getDilations()[dim];
    int64_t taps = op.getKernel().getType().getDimSize(dim);
    int64_t place = r + op.getPadding()[2 * dim], common = std::gcd(stride, dilation);
    Phase phase;
    phase.step = stride / common;
    phase.dilation = dilation / common;
    while (phase.first < std::min(phase.step, taps) &&
           (place - phase.first * dilation) % stride != 0)
      ++phase.first;
    phase.pixels = llvm::divideCeil(op.getType().getDimSize(1 + dim) - r, stride);
    if (phase.first >= std::min(phase.step, taps) || phase.pixels < 1)
      return std::nullopt;
    int64_t count = (taps - 1 - phase.first) / phase.step + 1;
    int64_t nearest = (place - phase.first * dilation) / stride; // of pixel r's first tap
    phase.low = (count - 1) * phase.dilation - nearest;
    int64_t extent = op.getG().getType().getDimSize(1 + dim);
    phase.high = phase.pixels + nearest - extent;
    if (extent + std::min<int64_t>(phase.low, 0) + std::min<int64_t>(phase.high, 0) < 1)
      return std::nullopt;
    return phase;
  }
};

template <typename OpTy> class Transposer {
public:
  explicit Transposer(OpTy op) : op(op), builder(op) {}

  Value build() {
    int64_t rows = op.getStrides()[0], columns = op.getStrides()[1];
    SmallVector<Value> parts;
    SmallVector<int64_t> phases;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c) {
        std::optional<Phase> vertical = Phase::of(op, 0, r), horizontal = Phase::of(op, 1, c);
        if (!vertical || !horizontal)
          continue;
        parts.push_back(buildPhase({*vertical, *horizontal}));
        phases.push_back(r * columns + c);
      }
    if (rows * columns == 1 && !parts.empty())
      return parts.front();
    return nn::InterleaveOp::create(builder, op.getLoc(), op.getType(), parts, op.getStrides(),
                                    phases);
  }

private:
  Value buildPhase(ArrayRef<Phase> phase) {
    Value g = leaveOut(phase);
    int64_t padding[4];
    for (int dim : {0, 1}) {
      padding[2 * dim] = std::max<int64_t>(phase[dim].low, 0);
      padding[2 * dim + 1] = std::max<int64_t>(phase[dim].high, 0);
    }
    int64_t strides[] = {1, 1}, dilations[] = {phase[0].dilation, phase[1].dilation};
    Location loc = op.getLoc();
    if constexpr (isDepthwise)
      return nn::DepthwiseConv2DOp::create(builder, loc, g, flip(phase, /*groups=*/1),
                                           /*bias=*/Value(), strides, padding, dilations);
    else
      return nn::Conv2DOp::create(builder, loc, g, flip(phase, op.getGroups()), /*bias=*/Value(),
                                  strides, padding, dilations, op.getGroups());
  }

  // One channel comes out of one: what a flip exchanges, a depthwise kernel keeps.
  Value flip(ArrayRef<Phase> phase, int64_t groups) {
    Value kernel = nn::FlipKernelOp::create(builder, op.getLoc(), op.getKernel(),
                                            ArrayRef{phase[0].first, phase[1].first},
                                            ArrayRef{phase[0].step, phase[1].step}, groups);
    if (!isDepthwise)
      return kernel;
    auto type = cast<RankedTensorType>(kernel.getType());
    SmallVector<int64_t> shape(type.getShape());
    std::swap(shape[2], shape[3]);
    return nn::ReshapeOp::create(builder, op.getLoc(), type.clone(shape), kernel);
  }

  // Padding of more than the kernel's reach makes gradient pixels that met zeros alone.
  Value leaveOut(ArrayRef<Phase> phase) {
    SmallVector<int64_t> offsets(4, 0), sizes(op.getG().getType().getShape());
    sizes[0] = sizes[3] = -1;
    bool whole = true;
    for (int dim : {0, 1}) {
      int64_t low = std::max<int64_t>(-phase[dim].low, 0);
      offsets[1 + dim] = low;
      sizes[1 + dim] -= low + std::max<int64_t>(-phase[dim].high, 0);
      whole &= sizes[1 + dim] == op.getG().getType().getDimSize(1 + dim);
    }
    return whole ? Value(op.getG())
                 : nn::SliceOp::create(builder, op.getLoc(), op.getG(), offsets, sizes);
  }

  static constexpr bool isDepthwise = std::is_same_v<OpTy, nn::DepthwiseConv2DBackwardDataOp>;

  OpTy op;
  OpBuilder builder;
};

template <typename OpTy> void transpose(OpTy op) {
  op.replaceAllUsesWith(Transposer<OpTy>(op).build());
  op.erase();
}

struct TransposeConvs : fusion::impl::TransposeConvsBase<TransposeConvs> {
  void runOnOperation() override {
    getOperation().walk([](Operation *op) {
      if (auto conv = dyn_cast<nn::Conv2DBackwardDataOp>(op))
        return transpose(conv);
      auto depthwise = dyn_cast<nn::DepthwiseConv2DBackwardDataOp>(op);
      if (depthwise && depthwise.getKernel().getType().getDimSize(3) == 1)
        transpose(depthwise);
    });
  }
};

} // namespace
