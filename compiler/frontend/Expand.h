//===- Expand.h - repetitions and blocks --------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_EXPAND_H
#define DLC_COMPILER_FRONTEND_EXPAND_H

#include "compiler/frontend/Model.h"
#include "llvm/ADT/StringMap.h"
#include <deque>
#include <optional>

namespace dlc::frontend {

struct Scope;

/// Where a layer reads: a node that is known, or a name to be looked up.
struct Source {
  std::optional<Node> node;
  std::string name; ///< empty with no node: there is nothing before this layer
  llvm::SMLoc loc;
  const Scope *scope = nullptr;
};

/// The names of one repetition, of one use of a block, or of the model itself.
struct Scope {
  const Scope *parent = nullptr;
  std::string prefix;
  llvm::StringMap<Node> names;
  Source in; ///< "@in"
};

/// A layer after expansion. Its entry is the model's own value, or a copy with parameters replaced.
struct ExpandedLayer {
  const json::Value *entry;
  std::string name; ///< with the prefixes of its scopes
  const Scope *scope;
  Source previous;
};

struct Expansion {
  std::deque<Scope> scopes; ///< the first is the model's
  std::deque<json::Value> copies;
  std::vector<ExpandedLayer> layers;
  llvm::StringMap<Node> nodes; ///< by full name
};

/// Expands "layers". `inputs` are the names of the first nodes. Names every layer; an unnamed one
/// is called after its type as in Keras: conv2d, conv2d_1.
llvm::LogicalResult expand(Messages &messages, const json::Value &layers, const json::Value *blocks,
                           llvm::ArrayRef<std::string> inputs, Expansion &expansion);

/// Whether the text can name a layer or an input: letters, digits, `_`, `.`, `-`.
bool isSafeName(llvm::StringRef name);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_EXPAND_H
