//===- OpModelsTest.cpp - no nn op without a lowering and a gradient ----------------===//

#include "compiler/ops/Ops.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace dlc;

namespace {

// Ops that are parts of other ops.
const llvm::StringSet<> structural = {"nn.yield"};

// Ops without a gradient, and why.
const llvm::StringMap<StringRef> constants = {
    {"nn.yield", "structural"},
    {"nn.group", "formed after differentiation"},
    {"nn.batch_norm_affine", "formed after differentiation"},
    {"nn.flip_kernel", "formed after differentiation"},
    {"nn.interleave", "formed after differentiation"},
    {"nn.barrier", "formed after differentiation"},
    {"nn.dropout", "has a training form, of ops with gradients"},
    {"nn.class_hits", "does not change with its input but where it jumps"},
    {"nn.random_uniform", "does not depend on numbers"},
    {"nn.conv2d_backward_data", "a gradient itself"},
    {"nn.conv2d_backward_kernel", "a gradient itself"},
    {"nn.depthwise_conv2d_backward_data", "a gradient itself"},
    {"nn.depthwise_conv2d_backward_kernel", "a gradient itself"},
    {"nn.dense_backward_kernel", "a gradient itself"},
    {"nn.pool2d_backward", "a gradient itself"},
    {"nn.global_pool2d_backward", "a gradient itself"},
    {"nn.lrn_backward", "a gradient itself"},
    {"nn.softmax_backward", "a gradient itself"},
    {"nn.cross_entropy_backward", "a gradient itself"}};

class OpModels : public ::testing::Test {
protected:
  OpModels() {
    DialectRegistry registry;
    registry.insert<nn::NnDialect, arith::ArithDialect, math::MathDialect>();
    registerOpModels(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  SmallVector<RegisteredOperationName> nnOps() {
    SmallVector<RegisteredOperationName> ops;
    for (RegisteredOperationName name : context.getRegisteredOperations())
      if (name.getDialectNamespace() == "nn")
        ops.push_back(name);
    return ops;
  }

  MLIRContext context;
};

TEST_F(OpModels, EveryOpLowersToLinalg) {
  ASSERT_GT(nnOps().size(), 30u);
  for (RegisteredOperationName name : nnOps())
    if (!structural.contains(name.getStringRef()))
      EXPECT_TRUE(name.hasInterface<nn::LinalgLoweringOpInterface>())
          << name.getStringRef().str() << " has no lowering: add it to compiler/ops";
}

TEST_F(OpModels, EveryOpHasAGradientOrAReason) {
  for (RegisteredOperationName name : nnOps()) {
    auto reason = constants.find(name.getStringRef());
    EXPECT_EQ(name.hasInterface<nn::DifferentiableOpInterface>(), reason == constants.end())
        << name.getStringRef().str() << ": add its gradient to compiler/ops, or say why it has none"
        << (reason == constants.end() ? "" : ", unlike: " + reason->second.str());
  }
}

TEST_F(OpModels, StructuralOpsExist) {
  for (const auto &entry : structural)
    EXPECT_TRUE(RegisteredOperationName::lookup(entry.getKey(), &context)) << entry.getKey().str();
  for (const auto &entry : constants)
    EXPECT_TRUE(RegisteredOperationName::lookup(entry.getKey(), &context)) << entry.getKey().str();
}

// What stands in an epilogue is computed on scalars, so it needs their form.
TEST_F(OpModels, EpiloguesAreElementwise) {
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, loc);
  builder.setInsertionPointToEnd(module->getBody());
  Type image = RankedTensorType::get({1, 2, 2, 1}, builder.getF32Type());
  for (RegisteredOperationName name : nnOps()) {
    OperationState state(loc, name);
    state.addTypes(image);
    state.addRegion();
    Operation *op = builder.create(state);
    auto role = dyn_cast<nn::FusionRoleOpInterface>(op);
    if (role && role.getFusionRole() == nn::FusionRole::Epilogue)
      EXPECT_TRUE(isa<nn::ElementwiseOpInterface>(op)) << name.getStringRef().str();
    op->erase();
  }
}

// The same code serves scalars and the vectors of kernels.
TEST_F(OpModels, ScalarCodeRunsOnVectors) {
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder, loc);
  builder.setInsertionPointToEnd(module->getBody());
  Type tensor = RankedTensorType::get({4, 8}, builder.getF32Type());
  Type vector = VectorType::get({8}, builder.getF32Type());
  Value x = UnrealizedConversionCastOp::create(builder, loc, tensor, ValueRange()).getResult(0);
  Value lane = UnrealizedConversionCastOp::create(builder, loc, vector, ValueRange()).getResult(0);
  Operation *ops[] = {nn::ReluOp::create(builder, loc, tensor, x, builder.getF32FloatAttr(6),
                                         builder.getF32FloatAttr(0.1), builder.getF32FloatAttr(1)),
                      nn::SoftplusOp::create(builder, loc, tensor, x),
                      nn::EluOp::create(builder, loc, tensor, x),
                      nn::GeluOp::create(builder, loc, tensor, x),
                      nn::HardSigmoidOp::create(builder, loc, tensor, x)};
  for (Operation *op : ops)
    EXPECT_EQ(cast<nn::ElementwiseOpInterface>(op).buildScalar(builder, loc, lane).getType(),
              vector);
  EXPECT_TRUE(succeeded(verify(*module)));
}

} // namespace
