//===- Captures.cpp - what an op takes along into a kernel --------------------------===//

#include "compiler/abi/Captures.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace dlc;

abi::Captures::Captures(Operation *op) {
  llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  for (Value value : values)
    if (isa<MemRefType>(value.getType()))
      arguments.push_back(value);
  for (Value value : values) {
    if (matchPattern(value, m_Constant()))
      constants.push_back(value.getDefiningOp());
    else if (!isa<MemRefType>(value.getType()))
      arguments.push_back(value);
  }
}

std::string abi::textOf(Operation *func) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  func->print(stream, OpPrintingFlags().useLocalScope().printGenericOpForm());
  return text;
}
