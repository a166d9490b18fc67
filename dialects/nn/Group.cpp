//===- Group.cpp - fused groups -----------------------------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Group.cpp.inc"

// nn.group %a, %b : (t, t) -> t { ^bb0(%x: t, %y: t): ... }
ParseResult GroupOp::parse(OpAsmParser &parser, OperationState &result) {
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

void GroupOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getInputs();
  printer.printOptionalAttrDict((*this)->getAttrs());
  printer << " : ";
  printer.printFunctionalType(getOperation());
  printer << ' ';
  printer.printRegion(getBody());
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
