//===- Resolve.h - names of "from", "share" and "outputs" ---------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_RESOLVE_H
#define DLC_COMPILER_FRONTEND_RESOLVE_H

#include "compiler/frontend/Expand.h"
#include "compiler/frontend/Model.h"

namespace dlc::frontend {

/// Looks names up: first among the names of the same repetition or block, then outward, then among
/// the full names of all layers.
class Resolver {
public:
  Resolver(Messages &messages, const Expansion &expansion, unsigned inputCount)
      : messages(messages), expansion(expansion), inputCount(inputCount) {}

  /// The node of a name in a scope; reports with `prefix` a name that is unknown.
  mlir::FailureOr<Node> lookUp(const Source &source, llvm::StringRef prefix) const;

  /// What the layer of that index reads: its "from", or the layer before it. Fails where the name
  /// is unknown; the order is checked once all layers are resolved.
  mlir::FailureOr<std::vector<Node>> sources(unsigned index) const;

private:
  mlir::FailureOr<Node> resolve(const Source &source, llvm::StringRef prefix) const;

  Messages &messages;
  const Expansion &expansion;
  unsigned inputCount;
};

/// Reports every "from" that names a layer which does not come earlier.
void checkOrder(Messages &messages, const Model &model);

/// Reports inputs that nothing reads; warns of layers that no output needs.
void checkUse(Messages &messages, const Model &model);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_RESOLVE_H
