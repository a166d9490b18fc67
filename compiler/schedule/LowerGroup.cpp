//===- LowerGroup.cpp - groups as multiply-accumulate kernels -----------------------===//

#include "compiler/schedule/Algorithms.h"
#include "compiler/schedule/Tiles.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::schedule;
using kernel::Layout;
using kernel::shapeOf;

RankedTensorType dlc::schedule::asImage(RankedTensorType type) {
  ArrayRef<int64_t> shape = type.getShape();
  if (shape.size() == 4)
    return type;
  int64_t pixels = ShapedType::getNumElements(shape.drop_front().drop_back());
  return type.clone({shape.front(), 1, pixels, shape.back()});
}

// Shaping back what a layer before shaped finds its image again, and with it the blocked one.
static Value reshape(Blocker &blocker, Location loc, Value value, RankedTensorType type) {
  if (value.getType() == type)
    return value;
  if (auto inner = value.getDefiningOp<nn::ReshapeOp>(); inner && inner.getX().getType() == type)
    return inner.getX();
  return nn::ReshapeOp::create(blocker.builder, loc, type, value);
}

Value dlc::schedule::outerOf(nn::GroupOp group, Value inner) {
  return inner ? group.getInputs()[cast<BlockArgument>(inner).getArgNumber()] : Value();
}

SmallVector<Value> dlc::schedule::collectExtras(nn::GroupOp group) {
  llvm::SetVector<Value> extras;
  for (Operation &op : llvm::drop_begin(group.getBody().front().without_terminator()))
    for (Value operand : op.getOperands())
      if (isa<BlockArgument>(operand))
        extras.insert(operand);
  return extras.takeVector();
}

// Other operands of the epilogue's ops, blocked like the output: residuals in `layout`, per-channel
// vectors in the vector layout.
static SmallVector<Value> packExtras(Blocker &blocker, nn::GroupOp group, Layout layout,
                                     SmallVectorImpl<Value> &inner) {
  SmallVector<Value> extras;
  Location loc = group.getLoc();
  for (Value extra : collectExtras(group)) {
    Value outer = outerOf(group, extra);
    Layout extraLayout = shapeOf(outer).size() == 1 ? Layout::Vector : layout;
    inner.push_back(extra);
    if (extraLayout == Layout::Image)
      outer = reshape(blocker, loc, outer, asImage(cast<RankedTensorType>(outer.getType())));
    extras.push_back(blocker.pack(loc, outer, extraLayout));
  }
  return extras;
}

Value dlc::schedule::buildElement(OpBuilder &builder, nn::GroupOp group, Value sum,
                                  ArrayRef<Value> extras, ValueRange elements) {
  IRMapping scalars;
  scalars.map(group.getAnchor()->getResult(0), sum);
  scalars.map(extras, elements);
  Value last = sum;
  for (Operation &op : llvm::drop_begin(group.getBody().front().without_terminator())) {
    SmallVector<Value> operands = llvm::map_to_vector(
        op.getOperands(), [&](Value operand) { return scalars.lookup(operand); });
    last = cast<nn::ElementwiseOpInterface>(op).buildScalar(builder, op.getLoc(), operands);
    scalars.map(op.getResult(0), last);
  }
  return last;
}

void dlc::schedule::buildEpilogue(Blocker &blocker, Region &region, nn::GroupOp group,
                                  ArrayRef<Value> innerExtras) {
  OpBuilder::InsertionGuard guard(blocker.builder);
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  SmallVector<Type> types(innerExtras.size() + 1, builder.getF32Type());
  Block *block = builder.createBlock(&region, {}, types, SmallVector<Location>(types.size(), loc));
  kernel::YieldOp::create(builder, loc,
                          buildElement(builder, group, block->getArgument(0), innerExtras,
                                       block->getArguments().drop_front()));
}

// Row by row, where the weights stay in the cache (half of it; the rest is for what streams by) and
// the image does not. An output larger than the image is better written in the order of memory.
static bool isRowsFirst(const TargetFacts &facts, Value input, Value weights, Value out) {
  auto bytesOf = [](Value value) {
    return kernel::bytesOfSample(cast<RankedTensorType>(value.getType()));
  };
  int64_t room = facts.costs.l2 / 2;
  return bytesOf(weights) <= room && bytesOf(input) > room && bytesOf(input) >= bytesOf(out);
}

// The blocked result of the convolution, or null where no kernel fits.
static Value buildConv(Blocker &blocker, nn::GroupOp group, const ConvShape &conv,
                       ArrayRef<Value> extras, ArrayRef<Value> innerExtras) {
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  int64_t lanes = blocker.facts.lanes, filters = conv.result[3];
  int64_t blocks = llvm::divideCeil(filters / conv.groups, lanes);
  kernel::TileAttr tile =
      chooseTile(builder.getContext(), blocker.facts, conv.result[2], blocks, conv.groups > 1);
  Value input = blocker.packConvInput(loc, conv.input);
  Value weights =
      blocker.pack(loc, conv.kernel, Layout::Conv, tile.getCols(), shapeOf(input).back());
  Value bias = blocker.packBias(loc, conv.bias, filters);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Image, conv.result, lanes));
  auto op = kernel::ConvOp::create(builder, loc, out.getType(), input, weights, bias, extras, out,
                                   conv.strides, conv.padding, conv.dilations, conv.groups,
                                   shapeOf(conv.kernel)[2], tile,
                                   isRowsFirst(blocker.facts, input, weights, out));
  buildEpilogue(blocker, op.getEpilogue(), group, innerExtras);
  return op.getResult()[0];
}

// Why the form was chosen, for people: nothing obeys it.
static void noteEstimates(Operation *op, const std::optional<ConvForms> &forms) {
  if (!forms || !isa<kernel::KernelOpInterface>(op))
    return;
  Builder builder(op->getContext());
  SmallVector<NamedAttribute> entries;
  for (auto [form, time] : llvm::enumerate(forms->times))
    if (std::isfinite(time))
      entries.push_back(builder.getNamedAttr(
          form ? ("f" + Twine(formOf(form, forms->sizes.window, forms->sizes.stride).tile)).str()
               : "direct",
          builder.getI64IntegerAttr(std::llround(time))));
  op->setDiscardableAttr(kernel::kEstimateAttr, builder.getDictionaryAttr(entries));
}

// Whether all that reads the result can do so in blocks of any size.
static bool readersTakeAnyBlocks(nn::GroupOp group) {
  return llvm::all_of(group->getUsers(), [&](Operation *user) {
    if (isa<nn::Pool2DOp, nn::GlobalPool2DOp>(user))
      return true;
    auto reader = dyn_cast<nn::GroupOp>(user);
    auto conv = reader ? dyn_cast<nn::Conv2DOp>(reader.getAnchor()) : nn::Conv2DOp();
    return conv && outerOf(reader, conv.getX()) == group->getResult(0);
  });
}

// The blocked result by direct sums, in blocks of the target's lanes or, of few filters, of fewer.
static Value buildDirect(Blocker &blocker, nn::GroupOp group, const ConvShape &conv,
                         ArrayRef<Value> extras, ArrayRef<Value> innerExtras) {
  int64_t pixels = extras.empty() && readersTakeAnyBlocks(group) ? choosePixels(blocker, conv) : 1;
  if (pixels == 1)
    return buildConv(blocker, group, conv, extras, innerExtras);
  Location loc = group.getLoc();
  Value wide =
      buildConv(blocker, group, putSideBySide(blocker, loc, conv, pixels), extras, innerExtras);
  return spreadPixels(blocker, loc, wide, pixels);
}

static Value lowerConv(Blocker &blocker, nn::GroupOp group, nn::Conv2DOp conv) {
  Value kernel = outerOf(group, conv.getKernel());
  int64_t lanes = blocker.facts.lanes, groups = conv.getGroups();
  // A block must not straddle two groups.
  if (groups > 1 && (shapeOf(kernel)[2] % lanes || (shapeOf(kernel)[3] / groups) % lanes))
    return {};
  ConvShape shape{outerOf(group, conv.getX()),          kernel,
                  outerOf(group, conv.getBias()),       llvm::to_vector(conv.getType().getShape()),
                  llvm::to_vector(conv.getStrides()),   llvm::to_vector(conv.getPadding()),
                  llvm::to_vector(conv.getDilations()), groups};
  SmallVector<Value> inner;
  SmallVector<Value> extras = packExtras(blocker, group, Layout::Image, inner);
  WinogradChoice winograd = chooseWinograd(blocker.facts, blocker.winograd, shape);
  Value blocked = winograd.tileSize ? buildWinograd(blocker, group, shape, winograd, extras, inner)
                                    : buildDirect(blocker, group, shape, extras, inner);
  noteEstimates(blocked.getDefiningOp(), formsOf(blocker.facts, shape));
  return blocker.unpack(group.getLoc(), blocked, group.getType(), Layout::Image);
}

static Value lowerDepthwise(Blocker &blocker, nn::GroupOp group, nn::DepthwiseConv2DOp conv) {
  OpBuilder &builder = blocker.builder;
  Location loc = group.getLoc();
  Value kernel = outerOf(group, conv.getKernel());
  ArrayRef<int64_t> k = shapeOf(kernel);
  if (k[3] != 1)
    return {};
  auto flat = cast<RankedTensorType>(kernel.getType()).clone({k[0], k[1], k[2]});
  kernel = nn::ReshapeOp::create(builder, loc, flat, kernel);
  ArrayRef<int64_t> result = conv.getType().getShape();
  int64_t lanes = blocker.facts.lanes;

  Value input = blocker.pack(loc, outerOf(group, conv.getX()), Layout::Image);
  Value weights = blocker.pack(loc, kernel, Layout::Depthwise);
  Value bias = blocker.packBias(loc, outerOf(group, conv.getBias()), result[3]);
  SmallVector<Value> inner;
  SmallVector<Value> extras = packExtras(blocker, group, Layout::Image, inner);
  Value out = blocker.empty(loc, kernel::getBlockedShape(Layout::Image, result, lanes));
  auto op = kernel::DepthwiseOp::create(
      builder, loc, out.getType(), input, weights, bias, extras, out, conv.getStrides(),
      conv.getPadding(), conv.getDilations(),
      chooseDepthwiseTile(builder.getContext(), blocker.facts, result[2], k[1]));
  buildEpilogue(blocker, op.getEpilogue(), group, inner);
  return blocker.unpack(loc, op.getResult()[0], group.getType(), Layout::Image);
}

static Value lowerDenseRows(Blocker &blocker, nn::GroupOp group, nn::DenseOp dense) {
  Location loc = group.getLoc();
  Value x = outerOf(group, dense.getX()), kernel = outerOf(group, dense.getKernel());
  RankedTensorType result = asImage(dense.getType());
  auto kernelType = cast<RankedTensorType>(kernel.getType());
  ConvShape shape{
      reshape(blocker, loc, x, asImage(cast<RankedTensorType>(x.getType()))),
      reshape(blocker, loc, kernel,
              kernelType.clone({1, 1, kernelType.getDimSize(0), kernelType.getDimSize(1)})),
      outerOf(group, dense.getBias()),
      llvm::to_vector(result.getShape()),
      {1, 1},
      {0, 0, 0, 0},
      {1, 1},
      1};
  SmallVector<Value> inner;
  SmallVector<Value> extras = packExtras(blocker, group, Layout::Image, inner);
  Value image =
      blocker.unpack(loc, buildConv(blocker, group, shape, extras, inner), result, Layout::Image);
  return reshape(blocker, loc, image, group.getType());
}

static Value lowerDense(Blocker &blocker, nn::GroupOp group, nn::DenseOp dense) {
  ArrayRef<int64_t> result = dense.getType().getShape();
  if (result.size() != 2)
    return lowerDenseRows(blocker, group, dense);
  DenseShape shape{outerOf(group, dense.getX()), outerOf(group, dense.getKernel()),
                   outerOf(group, dense.getBias()), llvm::to_vector(result)};
  SmallVector<Value> inner;
  SmallVector<Value> extras = packExtras(blocker, group, Layout::Matrix, inner);
  Value blocked = buildDense(blocker, group, shape, extras, inner);
  return blocker.unpack(group.getLoc(), blocked, group.getType(), Layout::Matrix);
}

Value dlc::schedule::lowerGroup(Blocker &blocker, nn::GroupOp group) {
  Operation *anchor = group.getAnchor();
  if (auto conv = dyn_cast<nn::Conv2DOp>(anchor))
    return lowerConv(blocker, group, conv);
  if (auto conv = dyn_cast<nn::DepthwiseConv2DOp>(anchor))
    return lowerDepthwise(blocker, group, conv);
  if (auto dense = dyn_cast<nn::DenseOp>(anchor))
    return lowerDense(blocker, group, dense);
  return {};
}
