//===- LowerTensorMaps.cpp - tensor maps that the runtime makes -----------------------===//
//
// kernel.tensor_map becomes a call of the runtime, which asks the driver. What is known of the map
// lies in a constant, a dlc_rt_tensor_map_desc (runtime/ModelDesc.h); the map itself on the entry's
// stack, from where a launch copies it.
//
//   %map = kernel.tensor_map %x {extents, strides, box, ...} : memref<?x8x8x16xf32> -> !llvm.ptr
//   ->
//   %map = llvm.alloca 128 bytes
//   call @dlc_rt_tensor_map(%rt, @tensor_map_0, %x_pointer, %batch, %map)
//
//===---------------------------------------------------------------------------------===//

#include "compiler/abi/BufferAbi.h"
#include "compiler/abi/Entry.h"
#include "compiler/cuda/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_LOWERTENSORMAPS
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc;
using dlc::kernel::TensorMapOp;

static constexpr int64_t kMapBytes = 128, kMapAlignment = 64;
// Of dlc_rt_tensor_map_desc.
static constexpr int64_t kElementTf32 = 0, kElementBf16 = 1;

// The fields of dlc_rt_tensor_map_desc, all int64_t.
static SmallVector<int64_t> describe(TensorMapOp op) {
  SmallVector<int64_t> fields{static_cast<int64_t>(op.getExtents().size())};
  auto append = [&](ArrayRef<int64_t> values, unsigned count, int64_t scale = 1) {
    for (unsigned i = 0; i < count; ++i)
      fields.push_back(i < values.size() ? values[i] * scale : 0);
  };
  append(op.getExtents(), 5);
  append(op.getStrides(), 4, kernel::bytesOfElement(op.getBuffer().getType()));
  append(op.getBox(), 5);
  append(op.getSteps(), 2);
  append(op.getLower(), 2);
  append(op.getUpper(), 2);
  fields.push_back(op.getBuffer().getType().getElementType().isBF16() ? kElementBf16
                                                                      : kElementTf32);
  return fields;
}

namespace {
class MapLowering {
public:
  explicit MapLowering(ModuleOp module)
      : module(module), symbols(module), builder(module.getContext()),
        converter(module.getContext()), abi(builder, converter),
        pointer(LLVM::LLVMPointerType::get(module.getContext())), i64(builder.getI64Type()) {}
  void lower(TensorMapOp op);

private:
  Value number(Location loc, int64_t value) {
    return LLVM::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(value));
  }
  Value makeDescription(TensorMapOp op);
  Value makePlace(TensorMapOp op);

  ModuleOp module;
  SymbolTable symbols;
  OpBuilder builder;
  LLVMTypeConverter converter;
  abi::BufferAbi abi;
  Type pointer, i64;
};
} // namespace

Value MapLowering::makeDescription(TensorMapOp op) {
  SmallVector<int64_t> fields = describe(op);
  auto type = LLVM::LLVMArrayType::get(i64, fields.size());
  OpBuilder top(module.getContext());
  auto global =
      LLVM::GlobalOp::create(top, op.getLoc(), type, /*isConstant=*/true, LLVM::Linkage::Internal,
                             "tensor_map", top.getI64TensorAttr(fields));
  symbols.insert(global, module.getBody()->begin());
  return LLVM::AddressOfOp::create(builder, op.getLoc(), global);
}

Value MapLowering::makePlace(TensorMapOp op) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&op->getParentOfType<func::FuncOp>().front());
  return LLVM::AllocaOp::create(builder, op.getLoc(), pointer, builder.getI8Type(),
                                number(op.getLoc(), kMapBytes), kMapAlignment);
}

void MapLowering::lower(TensorMapOp op) {
  Location loc = op.getLoc();
  builder.setInsertionPoint(op);
  auto type = cast<MemRefType>(op.getBuffer().getType());
  SmallVector<Value> parts = abi.split(loc, op.getBuffer());
  auto [strides, offset] = type.getStridesAndOffset();
  if (!ShapedType::isDynamic(offset) && offset != 0)
    parts[0] = LLVM::GEPOp::create(builder, loc, pointer, type.getElementType(), parts[0],
                                   ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  Value samples = type.isDynamicDim(0) ? parts[1] : number(loc, 1);
  Value place = makePlace(op);
  abi::Entry entry(op->getParentOfType<func::FuncOp>());
  func::FuncOp runtime =
      abi::declareRuntime(symbols, "dlc_rt_tensor_map", {pointer, pointer, pointer, i64, pointer});
  func::CallOp::create(builder, loc, runtime,
                       ValueRange{entry.runtime, makeDescription(op), parts[0], samples, place});
  op.replaceAllUsesWith(place);
  op.erase();
}

namespace {
struct LowerTensorMaps : dlc::cuda::impl::LowerTensorMapsBase<LowerTensorMaps> {
  void runOnOperation() override {
    SmallVector<TensorMapOp> ops;
    getOperation().walk([&](TensorMapOp op) { ops.push_back(op); });
    MapLowering lowering(getOperation());
    for (TensorMapOp op : ops)
      lowering.lower(op);
  }
};
} // namespace
