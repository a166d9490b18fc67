//===- Winograd.cpp - verifiers, effects and items of the Winograd kernels ----------===//

#include "dialects/kernel/Checks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc::kernel;
using namespace dlc::kernel::checks;

static int64_t ceilDiv(int64_t a, int64_t b) { return llvm::divideCeil(a, b); }
static int64_t slots(int64_t tiles) { return tiles | 1; }

static LogicalResult verifyForm(Operation *op, WinogradForm form) {
  if (form.stride < 1 || !form.exists())
    return op->emitOpError(
        "computes tiles of 2x2, 4x4 or 6x6 outputs of 3x3 windows, of 3x3 or "
        "5x5 outputs of 4x4 windows, or of 2x2 or 4x4 outputs of 5x5 windows, of "
        "2x2 windows, or of 3x3 windows with a stride of 2");
  return success();
}

// Each tile holds whole windows.
static LogicalResult verifyPool(Operation *op, int64_t tileSize, int64_t pool) {
  if (pool < 1 || tileSize % pool)
    return op->emitOpError("pools windows whose size divides that of a tile");
  return success();
}

static LogicalResult verifyRank(Operation *op, Value value, int64_t rank, StringRef what) {
  if (static_cast<int64_t>(shapeOf(value).size()) != rank)
    return op->emitOpError("needs ") << what << " of rank " << rank;
  return success();
}

// `input` is a blocked image in which, padded, windows have at least one place.
static LogicalResult verifyImage(Operation *op, Value input, ArrayRef<int64_t> padding,
                                 int64_t window) {
  if (failed(verifyRank(op, input, 5, "a blocked image")))
    return failure();
  if (padding.size() != 4 || llvm::any_of(padding, [](int64_t p) { return p < 0; }))
    return op->emitOpError("needs 4 paddings of at least 0");
  ArrayRef<int64_t> in = shapeOf(input);
  if (in[2] + padding[0] + padding[1] < window || in[3] + padding[2] + padding[3] < window)
    return op->emitOpError("needs an image of at least ")
           << window << "x" << window << " with its padding";
  return success();
}

// Windows along a dimension of the padded image, 0 or 1.
template <typename OpTy> static int64_t sumsAlong(OpTy op, unsigned dim) {
  ArrayRef<int64_t> padding = op.getPadding().slice(2 * dim, 2);
  WinogradForm form = op.getForm();
  return (shapeOf(op.getInput())[2 + dim] + padding[0] + padding[1] - form.overlap()) / form.stride;
}

// Square windows over channels.
static LogicalResult verifyTaps(Operation *op, Value input, WinogradForm form) {
  if (failed(verifyForm(op, form)) || failed(verifyRank(op, input, 4, "weights")))
    return failure();
  ArrayRef<int64_t> in = shapeOf(input);
  return verifyShape(op, "weights", input, {form.window, form.window, in[2], in[3]});
}

// Transformed weights of i32 and their scales come together, for `blocks` of output channels.
static LogicalResult verifyScales(Operation *op, Value weights, Value scales, int64_t blocks,
                                  WinogradForm form) {
  bool words = cast<ShapedType>(weights.getType()).getElementType().isInteger(32);
  if (words != (scales != nullptr))
    return op->emitOpError("needs scales for weights of i32, and for no others");
  if (words && form.stride > 1)
    return op->emitOpError("has no weights of i32 with a stride");
  ArrayRef<int64_t> shape = shapeOf(weights);
  return scales ? verifyShape(op, "scales", scales, {shape[0], blocks, shape[4]}) : success();
}

// Rows of the transformed weights for so many channels.
static int64_t rowsOf(int64_t channels, Value scales) {
  return scales ? kFixedPoints.rows(channels) : channels;
}

LogicalResult WinogradScalesOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyTaps(*this, getInput(), getForm())) ||
      failed(verifyRank(*this, getOut(), 3, "scales")))
    return failure();
  int64_t lanes = shapeOf(getOut())[2];
  return verifyShape(*this, "scales", getOut(),
                     {getForm().points(), ceilDiv(shapeOf(getInput())[3], lanes), lanes});
}

LogicalResult WinogradWeightsOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyTaps(*this, getInput(), getForm())) ||
      failed(verifyRank(*this, getOut(), 5, "transformed weights")))
    return failure();
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getOut());
  if (failed(verifyShape(*this, "transformed weights", getOut(),
                         {getForm().planes(), ceilDiv(in[3], out[3] * out[4]),
                          rowsOf(in[2], getScales()), out[3], out[4]})))
    return failure();
  return verifyScales(*this, getOut(), getScales(), ceilDiv(in[3], out[4]), getForm());
}

LogicalResult WinogradInputOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyForm(*this, getForm())) ||
      failed(verifyImage(*this, getInput(), getPadding(), getWindow())))
    return failure();
  ArrayRef<int64_t> in = shapeOf(getInput());
  int64_t height = sumsAlong(*this, 0), width = sumsAlong(*this, 1), m = getTileSize();
  return verifyShape(
      *this, "points", getOut(),
      {in[0], in[1], getForm().planes(), slots(ceilDiv(height, m) * ceilDiv(width, m)), in[4]});
}

LogicalResult WinogradGemmOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyForm(*this, getForm())) || failed(verifyRank(*this, getInput(), 5, "points")) ||
      failed(verifyRank(*this, getOut(), 5, "points")))
    return failure();
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getOut());
  int64_t depth = getDepth(), cols = getTile().getCols();
  if (in[1] != ceilDiv(depth, in[4]))
    return emitOpError("needs an input with blocks for its depth");
  if (in[3] != slots(getTiles()))
    return emitOpError("needs an input with an odd number of slots for its tiles");
  if (failed(
          verifyShape(*this, "weights", getWeights(),
                      {in[2], ceilDiv(out[1], cols), rowsOf(depth, getScales()), cols, out[4]})) ||
      failed(verifyScales(*this, getWeights(), getScales(), out[1], getForm())))
    return failure();
  if (failed(verifyShape(*this, "an input", getInput(),
                         {in[0], in[1], getForm().planes(), in[3], in[4]})))
    return failure();
  return verifyShape(*this, "an output", getOut(),
                     {in[0], out[1], getForm().points(), in[3], out[4]});
}

// Tiles along dimension `dim` of the image.
template <typename OpTy> static int64_t countTiles(OpTy op, unsigned dim) {
  return ceilDiv(shapeOf(op.getOut())[dim], op.getTileSize() / op.getPool());
}

LogicalResult WinogradOutputOp::verify() {
  if (failed(verifyDestination(*this, getOut(), getResult())) ||
      failed(verifyForm(*this, getForm())) || failed(verifyPool(*this, getTileSize(), getPool())) ||
      failed(verifyRank(*this, getOut(), 5, "a blocked image")))
    return failure();
  ArrayRef<int64_t> out = shapeOf(getOut());
  int64_t tiles = countTiles(*this, 2) * countTiles(*this, 3);
  if (failed(verifyShape(*this, "points", getInput(),
                         {out[0], out[1], getForm().points(), slots(tiles), out[4]})))
    return failure();
  return verifyEpilogue(*this, getEpilogue(), getBias(), getExtras(), getOut(), 1);
}

// What holds of convolutions that are one kernel.
template <typename OpTy> static LogicalResult verifyWhole(OpTy op) {
  int64_t pool = op.getPool();
  if (failed(verifyDestination(op, op.getOut(), op.getResult())) ||
      failed(verifyForm(op, op.getForm())) || failed(verifyPool(op, op.getTileSize(), pool)) ||
      failed(verifyImage(op, op.getInput(), op.getPadding(), op.getWindow())) ||
      failed(verifyRank(op, op.getOut(), 5, "a blocked image")))
    return failure();
  int64_t height = sumsAlong(op, 0), width = sumsAlong(op, 1);
  if (height % pool || width % pool)
    return op.emitOpError("needs sums that its windows fill");
  ArrayRef<int64_t> in = shapeOf(op.getInput()), out = shapeOf(op.getOut());
  if (failed(verifyShape(op, "an output", op.getOut(),
                         {in[0], out[1], height / pool, width / pool, out[4]})))
    return failure();
  return verifyEpilogue(op, op.getEpilogue(), op.getBias(), op.getExtras(), op.getOut(), 1);
}

LogicalResult WinogradOp::verify() {
  if (failed(verifyWhole(*this)))
    return failure();
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getOut());
  int64_t cols = getTile().getCols(), depth = getInChannels();
  if (in[1] != ceilDiv(depth, in[4]) || in[4] != out[4])
    return emitOpError("needs an input with blocks for its channels");
  if (static_cast<int64_t>(getBlocks()) < 1 ||
      static_cast<int64_t>(getBlocks()) > getTileRows() * getTileColumns())
    return emitOpError("needs from one block to as many as there are tiles");
  return verifyShape(*this, "weights", getWeights(),
                     {getForm().planes(), ceilDiv(out[1], cols), depth, cols, out[4]});
}

int64_t WinogradOp::getTileRows() { return countTiles(*this, 2); }
int64_t WinogradOp::getTileColumns() { return countTiles(*this, 3); }

static SmallVector<int64_t> scratchShape(WinogradOp op, int64_t blocks, int64_t channelBlocks,
                                         int64_t points) {
  int64_t most = ceilDiv(op.getTileRows() * op.getTileColumns(), blocks);
  return {1, channelBlocks, points, slots(most), shapeOf(op.getOut())[4]};
}
SmallVector<int64_t> WinogradOp::getPointsShape(int64_t blocks) {
  return scratchShape(*this, blocks, shapeOf(getInput())[1], getForm().planes());
}
SmallVector<int64_t> WinogradOp::getProductsShape(int64_t blocks) {
  SmallVector<int64_t> shape =
      scratchShape(*this, blocks, shapeOf(getWeights())[3], getForm().points() + 1);
  std::swap(shape[2], shape[3]);
  return shape;
}
// Multiples of 64 bytes, for the scratch memory of the next thread.
int64_t WinogradOp::getScratchBytes(int64_t blocks) {
  return llvm::alignTo(4 * (ShapedType::getNumElements(getPointsShape(blocks)) +
                            ShapedType::getNumElements(getProductsShape(blocks))),
                       64);
}

LogicalResult WinogradPlaneOp::verify() {
  if (failed(verifyWhole(*this)))
    return failure();
  ArrayRef<int64_t> in = shapeOf(getInput()), out = shapeOf(getOut());
  if (in[1] != 1 || in[4] != 1 || in[3] < out[4])
    return emitOpError("needs plain images of one channel, as wide as a block has lanes");
  if (getTileSize() != 2 && getTileSize() != 4)
    return emitOpError("computes tiles of 2x2 or 4x4 outputs");
  return verifyShape(*this, "weights", getWeights(), {getForm().points(), out[1], 1, 1, out[4]});
}

int64_t WinogradPlaneOp::getTileRows() { return countTiles(*this, 2); }
int64_t WinogradPlaneOp::getTileColumns() { return countTiles(*this, 3); }

SmallVector<SmallVector<int64_t>> WinogradPlaneOp::getScratchShapes() {
  WinogradForm form = getForm();
  int64_t lanes = shapeOf(getOut())[4], side = form.side();
  int64_t columns = llvm::alignTo(getTileColumns(), lanes);
  int64_t width = form.tile * (columns + (side - 1) / form.tile);
  int64_t needed = shapeOf(getInput())[3] + getPadding()[2];
  return {{side, int64_t(llvm::alignTo(std::max(width, needed), 16))},
          {side, side, lanes},
          {form.points(), int64_t(llvm::alignTo(columns, 16))},
          {side, form.tile, lanes}};
}
int64_t WinogradPlaneOp::getScratchBytes() {
  int64_t elements = 0;
  for (ArrayRef<int64_t> shape : getScratchShapes())
    elements += ShapedType::getNumElements(shape);
  return 4 * elements;
}

SmallVector<OpFoldResult> WinogradScalesOp::getItemExtents(OpBuilder &builder, Location loc) {
  return extents(builder, loc, getOut(), {1});
}
SmallVector<OpFoldResult> WinogradWeightsOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {1, 2});
  if (getScales())
    items[1] = builder.getIndexAttr(kFixedPoints.groups(shapeOf(getInput())[2]));
  return items;
}
SmallVector<OpFoldResult> WinogradInputOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getInput(), {0, 1});
  items.push_back(builder.getIndexAttr(ceilDiv(sumsAlong(*this, 0), getTileSize())));
  return items;
}
SmallVector<OpFoldResult> WinogradGemmOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getWeights(), {0, 1});
  items[0] = builder.getIndexAttr(getForm().points());
  items.append(extents(builder, loc, getOut(), {0}));
  return items;
}
SmallVector<OpFoldResult> WinogradOutputOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {0, 1});
  items.push_back(builder.getIndexAttr(countTiles(*this, 2)));
  return items;
}

SmallVector<OpFoldResult> WinogradOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {0});
  items.push_back(builder.getIndexAttr(getBlocks()));
  return items;
}

SmallVector<OpFoldResult> WinogradPlaneOp::getItemExtents(OpBuilder &builder, Location loc) {
  SmallVector<OpFoldResult> items = extents(builder, loc, getOut(), {0});
  items.push_back(builder.getIndexAttr(getTileRows()));
  return items;
}

// A transform applies about two operations of one dimension to each point, twice.
static int64_t transformFlops(int64_t points) { return 4 * points; }

int64_t WinogradScalesOp::getFlopsPerItem() {
  return transformFlops(getForm().points()) * shapeOf(getInput())[2] * shapeOf(getOut())[2];
}
int64_t WinogradWeightsOp::getFlopsPerItem() {
  int64_t channels = getScales() ? kFixedPoints.weights() : 1;
  return transformFlops(getForm().planes()) * channels * shapeOf(getOut())[3] *
         shapeOf(getOut())[4];
}
int64_t WinogradInputOp::getFlopsPerItem() {
  return transformFlops(getForm().planes()) * ceilDiv(sumsAlong(*this, 1), getTileSize()) *
         shapeOf(getInput())[4];
}
int64_t WinogradGemmOp::getFlopsPerItem() {
  ArrayRef<int64_t> w = shapeOf(getWeights());
  // On average over the points.
  return 2 * getTiles() * getDepth() * w[3] * w[4] * getForm().planes() / getForm().points();
}
int64_t WinogradOutputOp::getFlopsPerItem() {
  return transformFlops(getForm().points()) * countTiles(*this, 3) * shapeOf(getOut())[4];
}

int64_t WinogradOp::getFlopsPerItem() {
  ArrayRef<int64_t> w = shapeOf(getWeights());
  int64_t inBlocks = shapeOf(getInput())[1], outBlocks = shapeOf(getOut())[1];
  int64_t tiles = ceilDiv(getTileRows() * getTileColumns(), getBlocks());
  return tiles *
         (2 * w[0] * w[1] * w[2] * w[3] * w[4] +
          (transformFlops(w[0]) * inBlocks + transformFlops(getForm().points()) * outBlocks) *
              w[4]);
}

int64_t WinogradPlaneOp::getFlopsPerItem() {
  ArrayRef<int64_t> out = shapeOf(getOut());
  int64_t points = getForm().points(), tiles = getTileColumns(), transform = transformFlops(points);
  return tiles * (transform + out[1] * out[4] * (2 * points + transform));
}

#define DLC_KERNEL_EFFECTS(OpTy)                                                                   \
  void OpTy::getEffects(Effects &effects) { addEffects(*this, getOutMutable(), effects); }
DLC_KERNEL_EFFECTS(WinogradScalesOp)
DLC_KERNEL_EFFECTS(WinogradWeightsOp)
DLC_KERNEL_EFFECTS(WinogradInputOp)
DLC_KERNEL_EFFECTS(WinogradGemmOp)
DLC_KERNEL_EFFECTS(WinogradOutputOp)
DLC_KERNEL_EFFECTS(WinogradOp)
DLC_KERNEL_EFFECTS(WinogradPlaneOp)
#undef DLC_KERNEL_EFFECTS
