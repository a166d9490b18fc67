//===- Flops.cpp - the arithmetic of a model ----------------------------------------===//

#include "tools/common/Flops.h"
#include "compiler/Registration.h"
#include "compiler/frontend/Inspect.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Parser/Parser.h"
#include "tools/common/Errors.h"
#include "tools/common/OpenModel.h"

using namespace dlc;
using namespace dlc::tools;

// A kernel's items times the arithmetic of one; dynamic extents are the batch.
static int64_t flopsOfKernel(kernel::KernelOpInterface kernel) {
  mlir::OpBuilder builder(kernel);
  int64_t flops = kernel.getFlopsPerItem();
  for (mlir::OpFoldResult extent : kernel.getItemExtents(builder, kernel.getLoc()))
    flops *= mlir::getConstantIntValue(extent).value_or(1);
  return flops;
}

// Goes through the text of the nn module: the one form that model files of both kinds have.
llvm::Expected<int64_t> tools::flopsPerSample(Options options) {
  llvm::Expected<TemporaryFolder> folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  options.stage = Stage::Nn;
  options.output = folder->file("model.mlir");
  if (llvm::Error error = fromOutcome(compile(options)))
    return error;
  mlir::DialectRegistry registry;
  registerAllDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::parseSourceFile<mlir::ModuleOp>(options.output, &context);
  if (!module)
    return fromOutcome(Outcome::Fault);
  int64_t flops = 0;
  module->walk([&](mlir::Operation *op) {
    if (auto kernel = llvm::dyn_cast<kernel::KernelOpInterface>(op))
      flops += flopsOfKernel(kernel);
    // A group counts by what is in it.
    if (llvm::isa<nn::NnDialect>(op->getDialect()) && op->getNumResults() == 1 &&
        op->getNumRegions() == 0)
      flops += frontend::flopsPerSample(*op);
  });
  return flops;
}
