//===- ScheduleGpu.cpp - matrix products of a GPU ------------------------------------===//
//
// Groups around a convolution or a dense layer, and gradients of their kernels, become matrix
// products on plain tensors, with the tile that the chip is expected to be fastest with:
//
//   %y = nn.group %x, %w, %b, %r {conv2d, add, relu}
//   ->
//   %y = kernel.implicit_gemm ins(%x, %w, %b, %r) outs(%empty) {cta, math} epilogue {add, add, max}
//
// Where a layer has too few outputs for the chip's multiprocessors, parts of K have sums of their
// own, and one elementwise op adds these up in order before it does what the epilogue does:
//
//   %parts = kernel.implicit_gemm ins(%x, %w) outs(%empty : tensor<4x?x7x7x512xf32>)
//   %y = linalg.generic ins(%parts, %parts, %parts, %parts, %b) {add, add, add, add, max}
//
// Backward data arrive as convolutions and dense layers too. The rest has its linalg form.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/schedule/GpuTiles.h"
#include "compiler/schedule/Lower.h"
#include "compiler/schedule/Passes.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace dlc::schedule {
#define GEN_PASS_DEF_SCHEDULEGPU
#include "compiler/schedule/Passes.h.inc"
} // namespace dlc::schedule

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::shapeOf;
using ops::Build;

namespace {

// A convolution, or a dense layer seen as one of 1 x 1.
struct Layer {
  Value input, kernel, bias; // [N, H, W, C], [KH, KW, C, O], [O] or null
  RankedTensorType image;    // [N, OH, OW, O]
  SmallVector<int64_t> strides = {1, 1}, padding = {0, 0, 0, 0}, dilations = {1, 1};
};

class Lowering {
public:
  Lowering(Operation *op, Value batch, const Chip &chip, Precision precision)
      : builder(op), build{builder, op->getLoc(), batch}, chip(chip), precision(precision) {}

  // What replaces the op; null where no kernel fits.
  Value lowerGroup(nn::GroupOp group);
  Value lowerConvWeights(nn::Conv2DBackwardKernelOp op);
  Value lowerDenseWeights(nn::DenseBackwardKernelOp op);

private:
  std::optional<Layer> layerOf(nn::GroupOp group);
  Value lowerLayer(nn::GroupOp group, const Layer &layer);
  Value lowerWeights(const Layer &layer, Value gradient, ArrayRef<int64_t> kernel);
  Value addParts(Value parts, ArrayRef<Value> extras, Build::Body finish);
  Value reshape(Value value, RankedTensorType type);
  ProductPlan plan(const Layer &layer, ArrayRef<int64_t> image, ArrayRef<int64_t> kernel,
                   bool weights);

  OpBuilder builder;
  Build build;
  const Chip &chip;
  Precision precision;
};

} // namespace

Value Lowering::reshape(Value value, RankedTensorType type) {
  return value.getType() == type ? value
                                 : nn::ReshapeOp::create(builder, build.loc, type, value).getY();
}

ProductPlan Lowering::plan(const Layer &layer, ArrayRef<int64_t> image, ArrayRef<int64_t> kernel,
                           bool weights) {
  int64_t batch = ShapedType::isDynamic(image[0]) ? kTypicalBatch : image[0];
  int64_t pixels = batch * image[1] * image[2], taps = kernel[0] * kernel[1] * kernel[2];
  auto input = cast<ShapedType>(layer.input.getType());
  // Where it will lie in memory as bfloat16.
  if (precision == Precision::Bf16)
    input = input.clone(builder.getBF16Type());
  bool warpgroups = !weights && fitsTensorMaps(input, image, layer.strides, layer.padding);
  bool transposes = warpgroups && transposesKernel(layer.kernel, precision);
  ProductShape shape{pixels,     kernel[3], taps,      kernel[2] % 4 == 0,
                     warpgroups, kernel[2], transposes};
  if (weights)
    std::swap(shape.rows, shape.depth);
  return choosePlan(builder.getContext(), chip, precision, shape);
}

// The sums of all parts, the first one first. `finish` takes the whole sum and one element of each
// extra.
Value Lowering::addParts(Value parts, ArrayRef<Value> extras, Build::Body finish) {
  auto type = cast<RankedTensorType>(parts.getType());
  auto whole = type.clone(type.getShape().drop_front());
  int64_t count = type.getDimSize(0), rank = whole.getRank();
  SmallVector<Value> inputs(count, parts);
  SmallVector<AffineMap> maps;
  for (int64_t part = 0; part < count; ++part)
    maps.push_back(build.identity(rank).insertResult(builder.getAffineConstantExpr(part), 0));
  for (Value extra : extras) {
    inputs.push_back(extra);
    maps.push_back(build.broadcast(extra, whole));
  }
  maps.push_back(build.identity(rank));
  auto body = [&](OpBuilder &b, Location loc, ValueRange elements) {
    Value sum = elements.front();
    for (Value element : elements.slice(1, count - 1))
      sum = arith::AddFOp::create(b, loc, sum, element);
    SmallVector<Value> operands = {sum};
    llvm::append_range(operands, elements.slice(count, extras.size()));
    return finish(b, loc, operands);
  };
  return build.generic(inputs, build.empty(whole), maps, body);
}

// The anchor as a layer; nothing where it is neither a plain convolution nor a dense layer.
std::optional<Layer> Lowering::layerOf(nn::GroupOp group) {
  auto outer = [&](Value inner) { return outerOf(group, inner); };
  if (auto conv = dyn_cast<nn::Conv2DOp>(group.getAnchor())) {
    if (conv.getGroups() != 1)
      return std::nullopt;
    return Layer{outer(conv.getX()),
                 outer(conv.getKernel()),
                 outer(conv.getBias()),
                 conv.getType(),
                 llvm::to_vector(conv.getStrides()),
                 llvm::to_vector(conv.getPadding()),
                 llvm::to_vector(conv.getDilations())};
  }
  auto dense = dyn_cast<nn::DenseOp>(group.getAnchor());
  if (!dense)
    return std::nullopt;
  Value x = outer(dense.getX()), kernel = outer(dense.getKernel());
  auto plain = cast<RankedTensorType>(kernel.getType());
  return Layer{reshape(x, asImage(cast<RankedTensorType>(x.getType()))),
               reshape(kernel, plain.clone({1, 1, plain.getDimSize(0), plain.getDimSize(1)})),
               outer(dense.getBias()), asImage(dense.getType())};
}

Value Lowering::lowerGroup(nn::GroupOp group) {
  std::optional<Layer> layer = layerOf(group);
  return layer ? reshape(lowerLayer(group, *layer), group.getType()) : Value();
}

Value Lowering::lowerLayer(nn::GroupOp group, const Layer &layer) {
  SmallVector<Value> inner = collectExtras(group), extras;
  if (layer.bias)
    extras.push_back(layer.bias);
  for (Value extra : inner) {
    Value outer = outerOf(group, extra);
    auto type = cast<RankedTensorType>(outer.getType());
    extras.push_back(type.getRank() == 1 ? outer : reshape(outer, asImage(type)));
  }
  auto finish = [&](OpBuilder &b, Location loc, ValueRange elements) {
    Value sum = elements.front();
    if (layer.bias)
      sum = arith::AddFOp::create(b, loc, sum, elements[1]);
    return buildElement(b, group, sum, inner, elements.take_back(inner.size()));
  };
  ProductPlan chosen =
      plan(layer, layer.image.getShape(), shapeOf(layer.kernel), /*weights=*/false);
  SmallVector<int64_t> shape(layer.image.getShape());
  bool split = chosen.parts > 1;
  if (split)
    shape.insert(shape.begin(), chosen.parts);
  Value out = build.empty(layer.image.clone(shape));
  auto product =
      kernel::ImplicitGemmOp::create(builder, build.loc, out.getType(), layer.input, layer.kernel,
                                     split ? ValueRange() : ValueRange(extras), out, layer.strides,
                                     layer.padding, layer.dilations, chosen.cta, chosen.math);
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> types(split ? 1 : 1 + extras.size(), builder.getF32Type());
  Block *block = builder.createBlock(&product.getEpilogue(), {}, types,
                                     SmallVector<Location>(types.size(), build.loc));
  Value element = split ? block->getArgument(0) : finish(builder, build.loc, block->getArguments());
  kernel::YieldOp::create(builder, build.loc, element);
  builder.setInsertionPointAfter(product);
  Value result = product.getResult()[0];
  return split ? addParts(result, extras, finish) : result;
}

Value Lowering::lowerWeights(const Layer &layer, Value gradient, ArrayRef<int64_t> kernel) {
  ProductPlan chosen = plan(layer, shapeOf(gradient), kernel, /*weights=*/true);
  SmallVector<int64_t> shape(kernel);
  if (chosen.parts > 1)
    shape.insert(shape.begin(), chosen.parts);
  Value out = build.empty(RankedTensorType::get(shape, builder.getF32Type()));
  Value result = kernel::ImplicitGemmWeightsOp::create(
                     builder, build.loc, out.getType(), layer.input, gradient, out, layer.strides,
                     layer.padding, layer.dilations, chosen.cta, chosen.math)
                     .getResult()[0];
  if (chosen.parts == 1)
    return result;
  return addParts(result, {},
                  [](OpBuilder &, Location, ValueRange elements) { return elements.front(); });
}

Value Lowering::lowerConvWeights(nn::Conv2DBackwardKernelOp op) {
  if (op.getGroups() != 1)
    return {};
  Layer layer{op.getX(),
              {},
              {},
              {},
              llvm::to_vector(op.getStrides()),
              llvm::to_vector(op.getPadding()),
              llvm::to_vector(op.getDilations())};
  return lowerWeights(layer, op.getG(), op.getType().getShape());
}

Value Lowering::lowerDenseWeights(nn::DenseBackwardKernelOp op) {
  auto image = [&](Value value) {
    return reshape(value, asImage(cast<RankedTensorType>(value.getType())));
  };
  ArrayRef<int64_t> kernel = op.getType().getShape();
  Layer layer{image(op.getX()), {}, {}, {}};
  return reshape(lowerWeights(layer, image(op.getG()), {1, 1, kernel[0], kernel[1]}), op.getType());
}

static Value lower(Lowering lowering, Operation *op) {
  if (auto group = dyn_cast<nn::GroupOp>(op))
    return lowering.lowerGroup(group);
  if (auto weights = dyn_cast<nn::Conv2DBackwardKernelOp>(op))
    return lowering.lowerConvWeights(weights);
  if (auto weights = dyn_cast<nn::DenseBackwardKernelOp>(op))
    return lowering.lowerDenseWeights(weights);
  return {};
}

namespace {

struct ScheduleGpu : schedule::impl::ScheduleGpuBase<ScheduleGpu> {
  using ScheduleGpuBase::ScheduleGpuBase;

  void runOnOperation() override {
    std::optional<Chip> facts = lookupChip(chip);
    if (!facts) {
      getOperation().emitError("no facts are known of the GPU '") << chip << "'";
      return signalPassFailure();
    }
    Value batch = nn::findBatch(getOperation());
    for (Operation &op : llvm::make_early_inc_range(getOperation().getBody().front())) {
      Value replacement = lower({&op, batch, *facts, precision}, &op);
      if (!replacement)
        continue;
      op.getResult(0).replaceAllUsesWith(replacement);
      op.erase();
    }
  }
};

} // namespace
