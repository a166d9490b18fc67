//===- Program.cpp - kernels of an .mlir text, run in the simulator ------------------===//

#include "Program.h"

#include "compiler/Registration.h"
#include "compiler/SimulatedImage.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/kernel/Shapes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "test/simulator/TensorMap.h"

#include <bit>
#include <dlfcn.h>
#include <random>

using namespace mlir;
using namespace dlc;
using namespace dlc::test;

Array Array::random(size_t size, unsigned seed) {
  Array array(size);
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> numbers(-1, 1);
  for (size_t i = 0; i < size; ++i)
    array[i] = numbers(generator);
  return array;
}

void Array::poison() { memset(data, 0xff, size * sizeof(float)); }

Array Array::narrow(const Array &wide) {
  Array array((wide.size + 1) / 2);
  auto *halves = reinterpret_cast<uint16_t *>(array.data);
  for (size_t i = 0; i < wide.size; ++i) {
    uint32_t bits = std::bit_cast<uint32_t>(wide[i]);
    halves[i] = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  }
  return array;
}

void Array::widenFrom(const Array &narrow) {
  const auto *halves = reinterpret_cast<const uint16_t *>(narrow.data);
  for (size_t i = 0; i < size; ++i)
    data[i] = std::bit_cast<float>(uint32_t(halves[i]) << 16);
}

std::unique_ptr<Program> Program::make(StringRef text, StringRef pipeline, int batch) {
  static const bool isRegistered = (registerAllPasses(), true);
  (void)isRegistered;
  DialectRegistry registry;
  registerAllDialects(registry);
  auto program = std::make_unique<Program>();
  program->context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  // What passes name in their options.
  program->context->loadDialect<func::FuncDialect, memref::MemRefDialect>();
  program->module = parseSourceString<ModuleOp>(text, program->context.get());
  if (!program->module)
    return nullptr;
  PassManager passes(program->context.get());
  if (failed(parsePassPipeline(pipeline, passes)) || failed(passes.run(*program->module)))
    return nullptr;
  program->fixBatch(batch);
  return program;
}

/// Makes the geometry of launches constant.
void Program::fixBatch(int value) {
  batch = value;
  auto run = module->lookupSymbol<func::FuncOp>("run");
  if (!run)
    return;
  OpBuilder builder = OpBuilder::atBlockBegin(&run.front());
  Value constant = arith::ConstantIndexOp::create(builder, run.getLoc(), batch);
  if (run.getArgument(0).getType().isIndex())
    run.getArgument(0).replaceAllUsesWith(constant);
  run.walk([&](memref::DimOp dim) { dim.replaceAllUsesWith(constant); });
  PassManager passes(context.get());
  passes.addPass(createCanonicalizerPass());
  (void)passes.run(*module);
}

Program::~Program() {
  if (image)
    dlclose(image);
}

bool Program::assemble(const Mutation &mutation) {
  OwningOpRef<gpu::GPUModuleOp> kernels = (*module->getOps<gpu::GPUModuleOp>().begin()).clone();
  if (mutation)
    mutation(*kernels);
  llvm::Expected<std::string> bytes = dlc::assembleSimulated(*kernels, /*traced=*/true);
  if (!bytes) {
    llvm::errs() << toString(bytes.takeError()) << "\n";
    return false;
  }
  if (image)
    dlclose(image);
  std::string error;
  image = simulator::loadImage(bytes->data(), error);
  if (!image)
    llvm::errs() << error << "\n";
  return image;
}

static uint32_t getConstant(Value value) {
  APInt number(32, 0);
  if (!value)
    return 0;
  if (!matchPattern(value, m_ConstantInt(&number)))
    llvm::report_fatal_error("the geometry of a launch must be constant");
  return number.getZExtValue();
}

namespace {
/// The value of a parameter; a tensor map is the largest.
struct alignas(64) Parameter {
  char bytes[128];
};
} // namespace

/// As the runtime makes it, of bfloat16, or of float32 that is rounded to tf32.
static bool makeTensorMap(kernel::TensorMapOp op, float *data, int batch, void *map) {
  constexpr int bfloat16 = 9, tfloat32 = 11, swizzle128 = 3;
  MemRefType buffer = op.getBuffer().getType();
  int type = buffer.getElementType().isBF16() ? bfloat16 : tfloat32;
  std::vector<uint64_t> extents(op.getExtents().begin(), op.getExtents().end()), strides;
  if (buffer.isDynamicDim(0))
    extents.back() *= batch;
  for (int64_t stride : op.getStrides())
    strides.push_back(stride * buffer.getElementTypeBitWidth() / 8);
  std::vector<uint32_t> box(op.getBox().begin(), op.getBox().end()), steps(extents.size(), 1);
  std::vector<int> lower(op.getLower().begin(), op.getLower().end());
  std::vector<int> upper(op.getUpper().begin(), op.getUpper().end());
  if (op.getSteps().empty())
    return cuTensorMapEncodeTiled(map, type, extents.size(), data, extents.data(), strides.data(),
                                  box.data(), steps.data(), 0, swizzle128, 0, 0) == 0;
  llvm::copy(op.getSteps(), steps.begin() + 1);
  return cuTensorMapEncodeIm2col(map, type, extents.size(), data, extents.data(), strides.data(),
                                 lower.data(), upper.data(), box[0], box[1], steps.data(), 0,
                                 swizzle128, 0, 0) == 0;
}

/// The values that a kernel takes for an argument: a buffer is a pointer, its open extents and, of
/// several images, how far these are apart.
/// False where the driver refuses a tensor map.
static bool appendParameters(Value operand, ArrayRef<Array *> buffers, int batch,
                             std::vector<Parameter> &values) {
  auto append = [&](auto value) {
    memcpy(values.emplace_back().bytes, &value, sizeof(value));
    return true;
  };
  auto find = [&](Value buffer) {
    auto argument = cast<BlockArgument>(buffer);
    bool hasBatch = argument.getOwner()->getArgument(0).getType().isIndex();
    return buffers[argument.getArgNumber() - hasBatch]->data;
  };
  if (auto map = operand.getDefiningOp<kernel::TensorMapOp>())
    return makeTensorMap(map, find(map.getBuffer()), batch, values.emplace_back().bytes);
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type)
    return append(getConstant(operand));
  append(find(operand));
  for (unsigned i = 0; i < type.getNumDynamicDims(); ++i)
    append(batch);
  auto [strides, offset] = type.getStridesAndOffset();
  for (size_t dim = 0; dim < strides.size(); ++dim)
    if (ShapedType::isDynamic(strides[dim]))
      append(int(kernel::elementsOfSample(type) / type.getDimSize(0) * batch));
  return true;
}

std::string Program::launch(const std::string &name, const simulator::Launch &geometry,
                            void **params) {
  auto *kernel = reinterpret_cast<void (*)(void **)>(dlsym(image, name.c_str()));
  return kernel ? simulator::run(kernel, geometry, params) : "no kernel " + name;
}

std::string Program::launch(gpu::LaunchFuncOp op, ArrayRef<Array *> buffers) {
  std::string name = op.getKernelName().str();
  auto *kernel = reinterpret_cast<void (*)(void **)>(dlsym(image, name.c_str()));
  if (!kernel)
    return "no kernel " + name;
  gpu::KernelDim3 blocks = op.getGridSizeOperandValues(), threads = op.getBlockSizeOperandValues();
  simulator::Launch geometry{
      {getConstant(blocks.x), getConstant(blocks.y), getConstant(blocks.z)},
      {getConstant(threads.x), getConstant(threads.y), getConstant(threads.z)},
      getConstant(op.getDynamicSharedMemorySize())};
  std::vector<Parameter> values;
  for (Value operand : op.getKernelOperands())
    if (!appendParameters(operand, buffers, batch, values))
      return "the driver refuses a tensor map";
  std::vector<void *> params;
  for (Parameter &value : values)
    params.push_back(value.bytes);
  return launch(op.getKernelName().str(), geometry, params.data());
}

int Program::launches() {
  int count = 0;
  module->lookupSymbol<func::FuncOp>("run").walk([&](gpu::LaunchFuncOp) { ++count; });
  return count;
}

std::string Program::run(ArrayRef<Array *> buffers) {
  std::string error;
  module->lookupSymbol<func::FuncOp>("run").walk([&](gpu::LaunchFuncOp op) {
    if (error.empty())
      error = launch(op, buffers);
  });
  return error;
}
