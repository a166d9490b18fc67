//===- Simulate.cpp - a gpu.module for the simulator --------------------------------===//
//
// The last step but translation of a simulated image, which tests run on the host: NVVM operations
// become calls of functions that test/simulator has, shared memory is the simulator's, and a kernel
// takes an array of pointers to its parameters, as the driver does.
//
//   llvm.mlir.global external @shared() {addr_space = 3 : i32} : !llvm.array<0 x i8>
//   llvm.func @sum(%data: !llvm.ptr, %n: i32) attributes {nvvm.kernel} {
//     %i = nvvm.read.ptx.sreg.tid.x : i32
//     nvvm.barrier0
//   ->
//   llvm.mlir.global external @dlc_sim_shared() {addr_space = 3 : i32} : !llvm.array<0 x i8>
//   llvm.func internal @sum.body(%data: !llvm.ptr, %n: i32) {
//     %i = llvm.call @dlc_sim_thread_id(%c0) : (i32) -> i32
//     llvm.call @dlc_sim_barrier(%site, %c0, %c0) : (!llvm.ptr, i32, i32) -> ()
//   llvm.func @sum(%params: !llvm.ptr)     // loads what the pointers point to, calls @sum.body
//   llvm.mlir.global external constant @sum.params(dense<[2, 8, 4]>)   // how many, and their bytes
//
// Loops tell of each of their rounds, so that one without an end is found; where `traced` asks for
// it, loads and stores of memory that threads share tell of themselves, so that races are.
//
//   %x = llvm.load %p : !llvm.ptr<3> -> f32
//   ->
//   llvm.call @dlc_sim_read(%site, %generic, %c4) : (!llvm.ptr, !llvm.ptr, i32) -> ()
//   %x = llvm.load %p : !llvm.ptr<3> -> f32
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cuda/Passes.h"
#include "compiler/cuda/Redirect.h"

namespace dlc::cuda {
#define GEN_PASS_DEF_SIMULATEGPU
#include "compiler/cuda/Passes.h.inc"
} // namespace dlc::cuda

using namespace mlir;
using namespace dlc::cuda;

static constexpr StringLiteral calledPrefix = "dlc_sim_";
static constexpr unsigned sharedSpace = 3;

static bool isShared(LLVM::GlobalOp global) { return global.getAddrSpace() == sharedSpace; }

/// What the launch gives the size of: an array of no elements.
static bool isDynamic(LLVM::GlobalOp global) {
  auto type = dyn_cast<LLVM::LLVMArrayType>(global.getType());
  return type && type.getNumElements() == 0;
}

static LLVM::GlobalOp declareShared(gpu::GPUModuleOp module, StringRef name) {
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  Type type = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
  return LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/false,
                                LLVM::Linkage::External, name, Attribute(), /*alignment=*/16,
                                sharedSpace);
}

/// Gives each array of shared memory that a function names a place in the simulator's: all of no
/// size the same one, those of a size one after the other.
static LogicalResult placeShared(LLVM::LLVMFuncOp func, SymbolTable &symbols,
                                 LLVM::GlobalOp dynamic, LLVM::GlobalOp fixed) {
  constexpr uint64_t alignment = 16, most = 48 << 10;
  llvm::DenseMap<Operation *, int32_t> offsets;
  uint64_t end = 0;
  WalkResult result = func.walk([&](LLVM::AddressOfOp address) {
    auto global = symbols.lookup<LLVM::GlobalOp>(address.getGlobalName());
    if (!global || !isShared(global))
      return WalkResult::advance();
    if (isDynamic(global)) {
      address.setGlobalName(dynamic.getSymName());
      return WalkResult::advance();
    }
    auto [place, isNew] = offsets.try_emplace(global, end);
    if (isNew)
      end += llvm::alignTo(
          DataLayout::closest(global).getTypeSize(global.getType()).getFixedValue(), alignment);
    if (end > most) {
      global.emitError("more than ") << most << " bytes of shared memory of fixed sizes";
      return WalkResult::interrupt();
    }
    OpBuilder builder(address);
    Value base = LLVM::AddressOfOp::create(builder, address.getLoc(), fixed);
    address.replaceAllUsesWith(LLVM::GEPOp::create(builder, address.getLoc(), base.getType(),
                                                   builder.getI8Type(), base,
                                                   ArrayRef<LLVM::GEPArg>{place->second})
                                   .getResult());
    address.erase();
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

/// Shared memory is the simulator's, however many names it has.
static LogicalResult replaceSharedMemory(gpu::GPUModuleOp module) {
  SmallVector<LLVM::GlobalOp> arrays =
      llvm::filter_to_vector(module.getOps<LLVM::GlobalOp>(), isShared);
  if (arrays.empty())
    return success();
  SymbolTable symbols(module);
  LLVM::GlobalOp dynamic = declareShared(module, "dlc_sim_shared");
  LLVM::GlobalOp fixed = declareShared(module, "dlc_sim_fixed_shared");
  for (LLVM::LLVMFuncOp func : module.getOps<LLVM::LLVMFuncOp>())
    if (failed(placeShared(func, symbols, dynamic, fixed)))
      return failure();
  for (LLVM::GlobalOp array : arrays)
    array.erase();
  return success();
}

/// Attributes that are for the GPU alone.
static void stripAttributes(Operation *op) {
  for (NamedAttribute attribute : llvm::to_vector(op->getDiscardableAttrs()))
    op->removeDiscardableAttr(attribute.getName());
}

/// Parameters as the driver gives them: pointers to the values. One that is passed by value is in
/// the caller's memory already.
static Value loadParameter(OpBuilder &builder, LLVM::LLVMFuncOp func, unsigned index,
                           Value params) {
  Location loc = func.getLoc();
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  Value address = LLVM::GEPOp::create(builder, loc, pointer, pointer, params,
                                      ArrayRef<LLVM::GEPArg>{int32_t(index)});
  Value value = LLVM::LoadOp::create(builder, loc, pointer, address);
  bool isByValue = !!func.getArgAttr(index, LLVM::LLVMDialect::getByValAttrName());
  Type type = func.getArgument(index).getType();
  return isByValue ? value : LLVM::LoadOp::create(builder, loc, type, value).getResult();
}

/// How many parameters a kernel has and the bytes of each: what a driver keeps of a launch.
static void exportParameterSizes(LLVM::LLVMFuncOp kernel) {
  OpBuilder builder(kernel);
  DataLayout layout = DataLayout::closest(kernel);
  SmallVector<int64_t> sizes = {kernel.getNumArguments()};
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i) {
    auto byValue = kernel.getArgAttrOfType<TypeAttr>(i, LLVM::LLVMDialect::getByValAttrName());
    Type type = byValue ? byValue.getValue() : kernel.getArgument(i).getType();
    sizes.push_back(layout.getTypeSize(type));
  }
  auto type = LLVM::LLVMArrayType::get(builder.getI64Type(), sizes.size());
  LLVM::GlobalOp::create(builder, kernel.getLoc(), type, /*isConstant=*/true,
                         LLVM::Linkage::External, kernel.getName().str() + ".params",
                         builder.getI64TensorAttr(sizes));
}

/// Makes `kernel` internal, and a function of its name that a driver can call.
static void exportKernel(LLVM::LLVMFuncOp kernel) {
  exportParameterSizes(kernel);
  OpBuilder builder(kernel);
  builder.setInsertionPointAfter(kernel);
  Location loc = kernel.getLoc();
  std::string name = kernel.getName().str();
  kernel.setSymName(name + ".body");
  auto pointer = LLVM::LLVMPointerType::get(builder.getContext());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(builder.getContext()), {pointer});
  auto entry = LLVM::LLVMFuncOp::create(builder, loc, name, type);
  builder.setInsertionPointToStart(entry.addEntryBlock(builder));
  SmallVector<Value> values;
  for (unsigned i = 0; i < kernel.getNumArguments(); ++i)
    values.push_back(loadParameter(builder, kernel, i, entry.getArgument(0)));
  LLVM::CallOp::create(builder, loc, kernel, values);
  LLVM::ReturnOp::create(builder, loc, ValueRange());
  kernel.setLinkage(LLVM::Linkage::Internal);
  kernel.setVisibility(SymbolTable::Visibility::Private);
  kernel.removeArgAttrsAttr();
}

static LogicalResult simulate(LLVM::LLVMFuncOp func, bool traced) {
  if (func.isExternal()) {
    if (func.getName().starts_with(calledPrefix))
      return success();
    return func.emitError("a function that a kernel calls must be in its module, to be simulated");
  }
  bool isKernel = func->hasAttr("nvvm.kernel") || func->hasAttr("gpu.kernel");
  if (failed(redirectToSimulator(func, traced)))
    return failure();
  stripAttributes(func);
  if (isKernel)
    exportKernel(func);
  return success();
}

namespace {

struct SimulateGpu : public dlc::cuda::impl::SimulateGpuBase<SimulateGpu> {
  using SimulateGpuBase::SimulateGpuBase;

  void runOnOperation() override {
    gpu::GPUModuleOp module = getOperation();
    stripAttributes(module);
    module.removeTargetsAttr();
    if (failed(replaceSharedMemory(module)))
      return signalPassFailure();
    for (LLVM::LLVMFuncOp func : llvm::to_vector(module.getOps<LLVM::LLVMFuncOp>()))
      if (failed(simulate(func, traced)))
        return signalPassFailure();
  }
};

} // namespace
