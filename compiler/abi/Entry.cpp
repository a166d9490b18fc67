//===- Entry.cpp - what code in a lowered entry may use -----------------------------===//

#include "compiler/abi/Entry.h"

using namespace mlir;

func::FuncOp dlc::abi::declareRuntime(SymbolTable &symbols, StringRef name, ArrayRef<Type> types) {
  if (auto known = symbols.lookup<func::FuncOp>(name))
    return known;
  Operation *module = symbols.getOp();
  auto func = func::FuncOp::create(module->getLoc(), name,
                                   FunctionType::get(module->getContext(), types, {}));
  func.setPrivate();
  symbols.insert(func);
  return func;
}
