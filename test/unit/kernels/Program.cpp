//===- Program.cpp - kernels of an .mlir text, run in the simulator ------------------===//

#include "Program.h"

#include "compiler/Registration.h"
#include "compiler/cuda/SimulatedImage.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

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
  llvm::Expected<std::string> bytes = cuda::assembleSimulated(*kernels);
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

/// The values that a kernel takes for an argument: a buffer is a pointer and its open extents.
static void appendParameters(Value operand, ArrayRef<Array *> buffers, int batch,
                             std::vector<std::array<char, 8>> &values) {
  auto append = [&](auto value) {
    std::array<char, 8> &place = values.emplace_back();
    memcpy(place.data(), &value, sizeof(value));
  };
  auto type = dyn_cast<MemRefType>(operand.getType());
  if (!type)
    return append(getConstant(operand));
  auto argument = cast<BlockArgument>(operand);
  bool hasBatch = argument.getOwner()->getArgument(0).getType().isIndex();
  append(buffers[argument.getArgNumber() - hasBatch]->data);
  for (unsigned i = 0; i < type.getNumDynamicDims(); ++i)
    append(batch);
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
  std::vector<std::array<char, 8>> values;
  for (Value operand : op.getKernelOperands())
    appendParameters(operand, buffers, batch, values);
  std::vector<void *> params;
  for (std::array<char, 8> &value : values)
    params.push_back(value.data());
  return launch(op.getKernelName().str(), geometry, params.data());
}

std::string Program::run(ArrayRef<Array *> buffers) {
  std::string error;
  module->lookupSymbol<func::FuncOp>("run").walk([&](gpu::LaunchFuncOp op) {
    if (error.empty())
      error = launch(op, buffers);
  });
  return error;
}
