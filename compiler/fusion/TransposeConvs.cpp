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
  static std::optional<Phase> of(nn::Conv2DBackwardDataOp op, int dim, int64_t r) {
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

class Transposer {
public:
  explicit Transposer(nn::Conv2DBackwardDataOp op) : op(op), builder(op) {}

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
    Value kernel = nn::FlipKernelOp::create(builder, op.getLoc(), op.getKernel(),
                                            ArrayRef{phase[0].first, phase[1].first},
                                            ArrayRef{phase[0].step, phase[1].step}, op.getGroups());
    Value g = leaveOut(phase);
    int64_t padding[4];
    for (int dim : {0, 1}) {
      padding[2 * dim] = std::max<int64_t>(phase[dim].low, 0);
      padding[2 * dim + 1] = std::max<int64_t>(phase[dim].high, 0);
    }
    return nn::Conv2DOp::create(builder, op.getLoc(), g, kernel, /*bias=*/Value(),
                                ArrayRef<int64_t>{1, 1}, padding,
                                ArrayRef{phase[0].dilation, phase[1].dilation}, op.getGroups());
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

  nn::Conv2DBackwardDataOp op;
  OpBuilder builder;
};

struct TransposeConvs : fusion::impl::TransposeConvsBase<TransposeConvs> {
  void runOnOperation() override {
    getOperation().walk([](nn::Conv2DBackwardDataOp op) {
      op.replaceAllUsesWith(Transposer(op).build());
      op.erase();
    });
  }
};

} // namespace
