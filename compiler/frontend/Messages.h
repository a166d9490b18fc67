//===- Messages.h - what the frontend tells its user --------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_MESSAGES_H
#define DLC_COMPILER_FRONTEND_MESSAGES_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/SourceMgr.h"
#include <string>

namespace dlc::frontend {

/// Prints errors with file, line, column, the line itself and a caret; counts them.
class Messages {
public:
  explicit Messages(llvm::SourceMgr &sources) : sources(sources) {}

  /// Prints and returns failure, so that callers can `return messages.error(...)`. A mistake inside
  /// a block is shown for the block's first use only.
  llvm::LogicalResult error(llvm::SMLoc loc, const llvm::Twine &text);
  void warning(llvm::SMLoc loc, const llvm::Twine &text);

  unsigned errorCount() const { return errors; }
  llvm::SourceMgr &getSources() { return sources; }

private:
  llvm::SourceMgr &sources;
  unsigned errors = 0;
  llvm::StringSet<> printed;
};

/// `; did you mean "filters"?` where a known word is near, else nothing.
std::string didYouMean(llvm::StringRef wrong, llvm::ArrayRef<llvm::StringRef> known);

/// The words in quotes: `"a", "b" or "c"`.
std::string quotedList(llvm::ArrayRef<llvm::StringRef> words);

/// The location of a layer's operations: its name at its place in the model file.
mlir::Location layerLocation(mlir::MLIRContext *context, llvm::SourceMgr &sources,
                             llvm::StringRef layer, llvm::SMLoc loc);

/// Shows MLIR's diagnostics whose location is a layer's as messages about the model file:
/// `lenet.json:7:3: error: layer "c1": ...`. Diagnostics of other places go to the next handler.
class LayerDiagnostics : public mlir::ScopedDiagnosticHandler {
public:
  LayerDiagnostics(mlir::MLIRContext *context, llvm::SourceMgr &sources);
};

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_MESSAGES_H
