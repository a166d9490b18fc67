//===- TestModel.h - models in a string, messages in a list -------------*- C++ -*-===//
#ifndef DLC_TEST_UNIT_FRONTEND_TESTMODEL_H
#define DLC_TEST_UNIT_FRONTEND_TESTMODEL_H

#include "compiler/frontend/Import.h"
#include "mlir/IR/MLIRContext.h"
#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace dlc::frontend::test {

/// Imports a text as "model.json" and keeps what came of it.
struct Imported {
  explicit Imported(std::string text, ImportOptions options = {});

  bool ok() const { return static_cast<bool>(module); }
  /// The module as text, without locations.
  std::string ir();
  /// The type of an argument of @forward by its attribute: arg("nn.param", "c1/kernel").
  std::string argument(llvm::StringRef attribute, llvm::StringRef name);
  /// The types of @forward's results.
  std::vector<std::string> results();

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  llvm::SourceMgr sources;
  std::vector<std::string> messages; ///< "7:31: error: ..."
  ModelInfo info;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// A model named "m" with one input "x" and these layers: the inside of the JSON list. Layers begin
/// in line 2.
std::string model(llvm::StringRef shape, llvm::StringRef layers, llvm::StringRef rest = "");

} // namespace dlc::frontend::test

#endif // DLC_TEST_UNIT_FRONTEND_TESTMODEL_H
