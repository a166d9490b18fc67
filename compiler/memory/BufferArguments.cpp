//===- BufferArguments.cpp - entry functions on buffers -----------------------------===//
//
// Inputs come in buffers that are only read; results go to buffers of the caller, which the last
// kernels write directly. Afterwards one-shot bufferization finds no tensor at the boundary.
//
//   func @forward(%x: tensor<4xf32>) -> tensor<4xf32> {   func @forward(%a: memref<4xf32>, %o:
//   memref<4xf32>) {
//     %0 = ... %x                                      ->   %x = bufferization.to_tensor %a
//     restrict return %0                                             %0 = ... %x
//   } bufferization.materialize_in_destination %0 in %o
//
// A result that has the same nn.place as an argument is that argument's new value and goes where
// the old one lies. What computes it element by element from the old value overwrites it.
//
//===------------------------------------------------------------------------------===//

#include "compiler/memory/Passes.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace dlc::memory {
#define GEN_PASS_DEF_BUFFERARGUMENTS
#include "compiler/memory/Passes.h.inc"
} // namespace dlc::memory

using namespace mlir;
using namespace dlc;

static MemRefType bufferType(Type tensor) {
  auto type = cast<RankedTensorType>(tensor);
  return MemRefType::get(type.getShape(), type.getElementType());
}

// The argument whose new value the result is, or null.
static BlockArgument findOldValue(func::FuncOp function, unsigned result) {
  Attribute place = function.getResultAttr(result, nn::kPlaceAttr);
  // Buffers for results may stand behind the arguments of the signature already.
  for (unsigned i = 0; place && i < function.getNumArguments(); ++i)
    if (function.getArgAttr(i, nn::kPlaceAttr) == place)
      return function.getArgument(i);
  return {};
}

// From here on no pass looks for ops that compute the same.
static void dropBarriers(Block &body) {
  for (auto barrier : llvm::make_early_inc_range(body.getOps<nn::BarrierOp>())) {
    barrier.replaceAllUsesWith(barrier.getX());
    barrier.erase();
  }
}

static void bufferInputs(func::FuncOp function) {
  llvm::DenseSet<Value> renewed;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    renewed.insert(findOldValue(function, i));
  Block &body = function.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  for (BlockArgument argument : body.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type)
      continue;
    argument.setType(bufferType(type));
    auto tensor = bufferization::ToTensorOp::create(builder, argument.getLoc(), type, argument,
                                                    /*restrict=*/true,
                                                    /*writable=*/renewed.contains(argument));
    argument.replaceAllUsesExcept(tensor, tensor);
  }
}

// The buffer in the shape of a tensor that `collapse` gave the buffer's.
static Value expandBuffer(OpBuilder &builder, Value buffer, tensor::CollapseShapeOp collapse,
                          Value batch) {
  auto extents = llvm::map_to_vector(collapse.getSrcType().getShape(), [&](int64_t n) {
    return ShapedType::isDynamic(n) ? OpFoldResult(batch) : builder.getIndexAttr(n);
  });
  return memref::ExpandShapeOp::create(builder, collapse.getLoc(),
                                       bufferType(collapse.getSrcType()), buffer,
                                       collapse.getReassociationIndices(), extents);
}

// A result that was only given another shape: what computes it writes to the caller's buffer in the
// shape it has, instead of to a buffer to be copied.
static void reshapeDestination(OpBuilder &builder, Value batch, Value &result, Value &buffer) {
  while (true) {
    if (auto expand = result.getDefiningOp<tensor::ExpandShapeOp>()) {
      buffer = memref::CollapseShapeOp::create(builder, expand.getLoc(), buffer,
                                               expand.getReassociationIndices());
      result = expand.getSrc();
    } else if (auto collapse = result.getDefiningOp<tensor::CollapseShapeOp>();
               collapse && (batch || collapse.getSrcType().hasStaticShape())) {
      buffer = expandBuffer(builder, buffer, collapse, batch);
      result = collapse.getSrc();
    } else {
      return;
    }
  }
}

// Lets an elementwise op that makes `result` write over `old`, whose new value that is.
static void overwrite(Value result, Value old) {
  auto generic = result.getDefiningOp<linalg::GenericOp>();
  if (!generic || generic.getNumReductionLoops() > 0)
    return;
  unsigned index = cast<OpResult>(result).getResultNumber();
  if (!generic.getMatchingIndexingMap(generic.getDpsInitOperand(index)).isIdentity())
    return;
  for (Operation *user : old.getUsers())
    if (auto tensor = dyn_cast<bufferization::ToTensorOp>(user))
      generic.setDpsInitOperand(index, tensor.getResult());
}

// What names a result also names its buffer: the model's output, or the number of a prepared value.
static DictionaryAttr resultMark(func::FuncOp function, unsigned index) {
  if (DictionaryAttr mark = function.getResultAttrDict(index); mark && !mark.empty())
    return mark;
  Builder builder(function.getContext());
  return builder.getDictionaryAttr(
      builder.getNamedAttr(nn::kPreparedAttr, builder.getI64IntegerAttr(index)));
}

namespace {

struct BufferArguments : memory::impl::BufferArgumentsBase<BufferArguments> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    Block &body = function.getBody().front();
    dropBarriers(body);
    bufferInputs(function);
    auto results = cast<func::ReturnOp>(body.getTerminator());
    SmallVector<DictionaryAttr> marks;
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      marks.push_back(function.getArgAttrDict(i));
    OpBuilder builder(results);
    // What computes a result can only write to a buffer that is there before it.
    OpBuilder early = OpBuilder::atBlockBegin(&body);
    Value batch = nn::findBatch(function);
    for (auto [index, operand] : llvm::enumerate(results.getOperands())) {
      Value result = operand;
      if (BlockArgument old = findOldValue(function, index)) {
        overwrite(result, old);
        bufferization::MaterializeInDestinationOp::create(builder, result.getLoc(), Type(), result,
                                                          old, /*restrict=*/false,
                                                          /*writable=*/true);
        continue;
      }
      Value out = body.addArgument(bufferType(result.getType()), result.getLoc());
      reshapeDestination(early, batch, result, out);
      bufferization::MaterializeInDestinationOp::create(builder, result.getLoc(), Type(), result,
                                                        out,
                                                        /*restrict=*/true, /*writable=*/true);
      marks.push_back(resultMark(function, index));
    }
    results->setOperands({});
    function.setType(builder.getFunctionType(body.getArgumentTypes(), {}));
    for (DictionaryAttr &mark : marks)
      mark = mark ? mark : builder.getDictionaryAttr({});
    function.setAllResultAttrs(ArrayRef<DictionaryAttr>());
    function.setAllArgAttrs(marks);
  }
};

} // namespace
