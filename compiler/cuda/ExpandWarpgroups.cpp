//===- ExpandWarpgroups.cpp - the pass dlc-expand-warpgroups --------------------------===//
//
// kernel.warpgroup_gemm becomes what one thread of a block does (WarpgroupGemm.cpp). What the
// tensor memory accelerator has to know of the buffers, the host tells it: each launch makes tensor
// maps, which the kernel gets by value.
//
//   gpu.launch_func @kernels::@gemm blocks in ... threads in ... args(%x, %w, %out)
//   gpu.func @gemm(%x: memref<...>, %w: memref<...>, %out: memref<...>) kernel {
//     kernel.warpgroup_gemm ins(%x, %w) outs(%out) {cta, math}
//   ->
//   %a = kernel.tensor_map %x {extents, strides, box, ...}
//   %b = kernel.tensor_map %w {extents, strides, box}
//   gpu.launch_func @kernels::@gemm blocks in ... threads in ... args(%x, %w, %out, %a, %b)
//   gpu.func @gemm(%x, %w, %out, %a: !llvm.ptr, %b: !llvm.ptr) kernel
//       attributes {kernel.tensor_maps = 2} {
//     copies of tiles, products, stores
//
// The conversion to LLVM drops what says that a parameter is passed by value, so
// dlc-pass-tensor-maps says it afterwards of the last ones, as many as the attribute counts:
//
//   llvm.func @gemm(..., %a: !llvm.ptr {llvm.byval = 128 bytes, nvvm.grid_constant}, %b: ...)
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/Passes.h"
#include "compiler/cuda/WarpgroupGemm.h"
#include "compiler/cuda/WarpgroupInstructions.h"
#include "dialects/kernel/Shapes.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_EXPANDWARPGROUPS
#define GEN_PASS_DEF_PASSTENSORMAPS
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;
using dlc::kernel::WarpgroupGemmOp;

static constexpr int64_t kTensorMapBytes = 128, kTensorMapAlignment = 64;
// NVVM's attributes go by name here, for their header takes long to compile.
static constexpr StringLiteral kTensorMapsAttr = "kernel.tensor_maps",
                               kMinBlocksAttr = "nvvm.minctasm",
                               kGridConstantAttr = "nvvm.grid_constant";

namespace {

// What a tensor map says, as kernel.tensor_map has it: innermost first.
struct MapFacts {
  SmallVector<int64_t> extents, strides, box, steps, lower, upper;
};

class WarpgroupExpansion {
public:
  WarpgroupExpansion(ModuleOp module, WarpgroupGemmOp op)
      : module(module), op(op), func(op->getParentOfType<gpu::GPUFuncOp>()),
        builder(op.getLoc(), op) {}
  LogicalResult run();

private:
  FailureOr<GlobalBuffer> buffer(Value memref) { return getBuffer(builder, op, memref); }
  FailureOr<Destination> destination();
  LogicalResult checkRows(Value memref);
  FailureOr<Value> addMap(Value memref, const MapFacts &facts);
  bool isBf16() { return op.getMath() == kernel::Math::WgmmaBf16; }
  WarpgroupInput input(bool matrix);

  ModuleOp module;
  WarpgroupGemmOp op;
  gpu::GPUFuncOp func;
  ImplicitLocOpBuilder builder;
};

} // namespace

// Windows of one pixel each, one after the other, are the rows of a matrix.
static bool isMatrix(WarpgroupGemmOp op, const GlobalBuffer &image) {
  auto ones = [](ArrayRef<int64_t> values) {
    return llvm::all_of(values, [](int64_t value) { return value == 1; });
  };
  auto none = [](int64_t value) { return value == 0; };
  return ones(op.getWindow()) && ones(op.getStrides()) && llvm::all_of(op.getPadding(), none) &&
         Rows(image).step();
}

static MapFacts mapOfMatrix(WarpgroupGemmOp op, const GlobalBuffer &image) {
  ArrayRef<int64_t> shape = image.shape;
  int64_t batch = ShapedType::isDynamic(shape[0]) ? 1 : shape[0];
  return {{shape[3], batch * shape[1] * shape[2]},
          {*Rows(image).step()},
          {op.getCta().getK(), op.getCta().getM()},
          {},
          {},
          {}};
}

static MapFacts mapOfWindows(WarpgroupGemmOp op, const GlobalBuffer &image) {
  ArrayRef<int64_t> shape = image.shape, strides = image.strides, out = op.getImageShape();
  MapFacts facts;
  facts.extents = {shape[3], shape[2], shape[1], ShapedType::isDynamic(shape[0]) ? 1 : shape[0]};
  facts.strides = {strides[2], strides[1], strides[0]};
  facts.box = {op.getCta().getK(), op.getCta().getM()};
  for (int dim : {1, 0}) {
    int64_t step = op.getStrides()[dim], padding = op.getPadding()[2 * dim];
    facts.steps.push_back(step);
    facts.lower.push_back(-padding);
    facts.upper.push_back(kernel::upperCorner(shape[1 + dim], out[1 + dim], step, padding));
  }
  return facts;
}

// [C, taps, O] of tf32, [O, C, taps] of bf16: channels past C are zeros, so that a step never reads
// those of the next tap.
static MapFacts mapOfWeights(WarpgroupGemmOp op) {
  int64_t channels = kernel::shapeOf(op.getInput())[3], filters = op.getImageShape()[3];
  int64_t taps = op.getWindow()[0] * op.getWindow()[1];
  kernel::CtaAttr cta = op.getCta();
  if (op.getMath() == kernel::Math::WgmmaBf16)
    return {{filters, channels, taps},
            {filters, channels * filters},
            {kColumnsOfRow, cta.getK(), 1},
            {},
            {},
            {}};
  return {{channels, taps, filters},
          {channels, taps * channels},
          {cta.getK(), 1, cta.getN()},
          {},
          {},
          {}};
}

// The schedule checks the shapes; how far apart rows lie is known of buffers only.
LogicalResult WarpgroupExpansion::checkRows(Value memref) {
  constexpr int64_t kPieceBytes = 16;
  auto type = cast<MemRefType>(memref.getType());
  auto [strides, offset] = type.getStridesAndOffset();
  SmallVector<int64_t> jumps(ArrayRef(strides).drop_back());
  jumps.push_back(offset);
  for (int64_t jump : jumps)
    if (ShapedType::isDynamic(jump) || jump * kernel::bytesOfElement(type) % kPieceBytes)
      return op->emitOpError("needs rows that begin at multiples of 16 bytes");
  return success();
}

FailureOr<Value> WarpgroupExpansion::addMap(Value memref, const MapFacts &facts) {
  auto argument = dyn_cast<BlockArgument>(memref);
  if (!argument || argument.getOwner() != &func.getBody().front())
    return op->emitOpError("needs buffers that are arguments of its kernel");
  auto pointer = LLVM::LLVMPointerType::get(op.getContext());
  unsigned position = func.getNumArguments();
  if (failed(func.insertArgument(position, pointer, DictionaryAttr(), op.getLoc())))
    return failure();
  auto name = SymbolRefAttr::get(func->getParentOfType<gpu::GPUModuleOp>().getNameAttr(),
                                 {FlatSymbolRefAttr::get(func.getNameAttr())});
  module.walk([&](gpu::LaunchFuncOp launch) {
    if (launch.getKernel() != name)
      return;
    OpBuilder host(launch);
    Value made = kernel::TensorMapOp::create(
        host, launch.getLoc(), pointer, launch.getKernelOperands()[argument.getArgNumber()],
        facts.extents, facts.strides, facts.box, facts.steps, facts.lower, facts.upper);
    launch.getKernelOperandsMutable().append(made);
  });
  return Value(func.getArgument(position));
}

FailureOr<Destination> WarpgroupExpansion::destination() {
  FailureOr<GlobalBuffer> out = buffer(op.getOut());
  if (failed(out))
    return failure();
  Destination destination{*out, {}, &op.getEpilogue()};
  for (Value extra : op.getExtras()) {
    FailureOr<GlobalBuffer> made = buffer(extra);
    if (failed(made))
      return failure();
    destination.extras.push_back(*made);
  }
  return destination;
}

WarpgroupInput WarpgroupExpansion::input(bool matrix) {
  return {matrix,
          kernel::shapeOf(op.getInput())[3],
          op.getImageShape().slice(1, 2),
          op.getWindow(),
          op.getStrides(),
          op.getPadding(),
          op.getDilations()};
}

LogicalResult WarpgroupExpansion::run() {
  if (!func || op->getParentOp() != func)
    return op->emitOpError("needs a kernel of its own");
  FailureOr<GlobalBuffer> image = buffer(op.getInput());
  FailureOr<Destination> to = destination();
  if (failed(image) || failed(to) || failed(checkRows(op.getInput())) ||
      failed(checkRows(op.getWeights())))
    return failure();
  bool matrix = isMatrix(op, *image);
  FailureOr<Value> mapOfA =
      addMap(op.getInput(), matrix ? mapOfMatrix(op, *image) : mapOfWindows(op, *image));
  FailureOr<Value> mapOfB = addMap(op.getWeights(), mapOfWeights(op));
  if (failed(mapOfA) || failed(mapOfB))
    return failure();
  ArrayRef<int64_t> out = op.getImageShape();
  Value extent = builder.createOrFold<memref::DimOp>(op.getInput(), 0);
  Int batch{&builder, builder.createOrFold<arith::IndexCastOp>(builder.getI32Type(), extent)};
  expandWarpgroups({builder, op.getCta(), isBf16(), batch * (out[1] * out[2]),
                    batch.constant(out[3]), op.getParts(), input(matrix), *mapOfA, *mapOfB, *to});
  func->setAttr(kTensorMapsAttr, builder.getI64IntegerAttr(2));
  // Registers can be handed over only where the kernel's number of them is bounded at its start.
  func->setAttr(kMinBlocksAttr, builder.getI32IntegerAttr(1));
  func.setKnownBlockSize(SmallVector<int32_t>{static_cast<int32_t>(op.getThreads()), 1, 1});
  op.erase();
  return success();
}

namespace {
struct ExpandWarpgroups : dlc::cuda::impl::ExpandWarpgroupsBase<ExpandWarpgroups> {
  void getDependentDialects(DialectRegistry &registry) const override {
    ExpandWarpgroupsBase::getDependentDialects(registry);
    registerInstructions(registry);
  }
  void runOnOperation() override {
    SmallVector<WarpgroupGemmOp> ops;
    for (auto kernels : getOperation().getOps<gpu::GPUModuleOp>())
      kernels.walk([&](WarpgroupGemmOp op) { ops.push_back(op); });
    for (WarpgroupGemmOp op : ops)
      if (failed(WarpgroupExpansion(getOperation(), op).run()))
        return signalPassFailure();
  }
};

struct PassTensorMaps : dlc::cuda::impl::PassTensorMapsBase<PassTensorMaps> {
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    auto bytes = LLVM::LLVMArrayType::get(builder.getI8Type(), kTensorMapBytes);
    auto map = LLVM::LLVMStructType::getLiteral(&getContext(), {bytes});
    for (auto func : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      auto count = func->getAttrOfType<IntegerAttr>(kTensorMapsAttr);
      unsigned end = func.getNumArguments();
      for (unsigned i = end - (count ? count.getInt() : 0); i < end; ++i) {
        func.setArgAttr(i, LLVM::LLVMDialect::getByValAttrName(), TypeAttr::get(map));
        func.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(),
                        builder.getI64IntegerAttr(kTensorMapAlignment));
        func.setArgAttr(i, kGridConstantAttr, builder.getUnitAttr());
      }
      func->removeAttr(kTensorMapsAttr);
    }
  }
};
} // namespace
