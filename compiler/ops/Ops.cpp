//===- Ops.cpp - registration of every family's models -----------------------------===//

#include "compiler/ops/Ops.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

void dlc::registerOpModels(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, nn::NnDialect *) {
    ops::addElementwiseModels(context);
    ops::addMatMulModels(context);
    ops::addConvModels(context);
    ops::addPoolModels(context);
    ops::addConvBackwardModels(context);
    ops::addNormModels(context);
    ops::addBatchNormModels(context);
    ops::addRandomModels(context);
    ops::addReduceModels(context);
    ops::addShapeModels(context);
    ops::addLossModels(context);
    ops::addGroupModels(context);
  });
}
