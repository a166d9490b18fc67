//===- Group.cpp - ops with a body: fused groups and maps ---------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Group.cpp.inc"

// %a, %b : (t, t) -> t { ^bb0(%x: t, %y: t): ... }
static ParseResult parseWithBody(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  FunctionType type;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperandList(operands) || parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonType(type) ||
      parser.resolveOperands(operands, type.getInputs(), loc, result.operands) ||
      parser.parseRegion(*result.addRegion()))
    return failure();
  result.addTypes(type.getResults());
  return success();
}

static void printWithBody(OpAsmPrinter &printer, Operation *op) {
  printer << ' ' << op->getOperands();
  printer.printOptionalAttrDict(op->getAttrs());
  printer << " : ";
  printer.printFunctionalType(op);
  printer << ' ';
  printer.printRegion(op->getRegion(0));
}

ParseResult GroupOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseWithBody(parser, result);
}
void GroupOp::print(OpAsmPrinter &printer) { printWithBody(printer, *this); }

ParseResult MapOp::parse(OpAsmParser &parser, OperationState &result) {
  return parseWithBody(parser, result);
}
void MapOp::print(OpAsmPrinter &printer) { printWithBody(printer, *this); }

void MapOp::build(OpBuilder &builder, OperationState &state, RankedTensorType type,
                  ValueRange inputs,
                  llvm::function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  state.addOperands(inputs);
  state.addTypes(type);
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Type> scalars = llvm::map_to_vector(
      inputs, [](Value input) { return getElementTypeOrSelf(input.getType()); });
  SmallVector<Location> locations(inputs.size(), state.location);
  Block *block = builder.createBlock(state.addRegion(), {}, scalars, locations);
  Value result = body(builder, state.location, block->getArguments());
  YieldOp::create(builder, state.location, result);
}

bool dlc::nn::isSingleNumber(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 1 && tensor.getDimSize(0) == 1;
}

// Epilogues know images and vectors of channels.
FusionRole MapOp::getFusionRole() {
  int64_t channels = getType().getShape().back();
  bool fits = llvm::all_of(getInputs().getTypes(), [&](Type type) {
    auto tensor = cast<RankedTensorType>(type);
    return tensor == getType() || (tensor.getElementType().isF32() && tensor.getRank() == 1 &&
                                   tensor.getDimSize(0) == channels);
  });
  return fits ? FusionRole::Epilogue : FusionRole::None;
}

LogicalResult MapOp::verifyRegions() {
  RankedTensorType result = getType();
  Block &block = getBody().front();
  if (block.getNumArguments() != getInputs().size())
    return emitOpError("needs one body argument for each input");
  for (auto [input, argument] : llvm::zip_equal(getInputs(), block.getArguments())) {
    auto type = cast<RankedTensorType>(input.getType());
    bool isVector = type.getRank() == 1 && type.getDimSize(0) == result.getShape().back();
    if (type.getShape() != result.getShape() && !isVector && !isSingleNumber(type))
      return emitOpError("cannot read ") << type << " for each element of " << result
                                         << ": an input needs the result's shape, or is a vector "
                                            "along its last dimension, or one number";
    if (argument.getType() != type.getElementType())
      return emitOpError("body argument ")
             << argument.getArgNumber() << " must be " << type.getElementType();
  }
  for (Operation &op : block.without_terminator())
    if (!isPure(&op) || op.getNumRegions() || op.getNumResults() != 1)
      return op.emitOpError("cannot stand in a map: it must be a function of scalars");
  if (cast<YieldOp>(block.getTerminator()).getValue().getType() != result.getElementType())
    return emitOpError("must yield ") << result.getElementType();
  return success();
}

LogicalResult GroupOp::verifyRegions() {
  Block &body = getBody().front();
  if (body.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("needs one body argument of the same type for each input");
  auto yield = cast<YieldOp>(body.getTerminator());
  if (yield.getValue().getType() != getType())
    return emitOpError("yields ") << yield.getValue().getType() << " but returns " << getType();
  Operation *previous = nullptr;
  for (Operation &op : body.without_terminator()) {
    auto role = dyn_cast<FusionRoleOpInterface>(op);
    FusionRole wanted = previous ? FusionRole::Epilogue : FusionRole::Anchor;
    if (!role || role.getFusionRole() != wanted)
      return op.emitOpError(previous ? "cannot stand in a group's epilogue"
                                     : "cannot be the anchor of a group");
    if (previous && !llvm::is_contained(op.getOperands(), previous->getResult(0)))
      return op.emitOpError("must read the op before it in the group");
    previous = &op;
  }
  if (!previous || yield.getValue() != previous->getResult(0))
    return emitOpError("must yield its last op");
  return success();
}
