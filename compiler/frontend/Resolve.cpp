//===- Resolve.cpp - names of "from", "share" and "outputs" -------------------------===//

#include "compiler/frontend/Resolve.h"

using namespace mlir;
using llvm::SMLoc, llvm::Twine;

namespace dlc::frontend {

using json::Kind;
using json::Value;

FailureOr<Node> Resolver::lookUp(const Source &source, StringRef prefix) const {
  for (const Scope *scope = source.scope; scope; scope = scope->parent)
    if (auto found = scope->names.find(source.name); found != scope->names.end())
      return found->second;
  if (auto found = expansion.nodes.find(source.name); found != expansion.nodes.end())
    return found->second;
  SmallVector<StringRef> known;
  for (const Scope *scope = source.scope; scope; scope = scope->parent)
    llvm::append_range(known, scope->names.keys());
  llvm::sort(known);
  return messages.error(source.loc, prefix + "there is no layer or input \"" + source.name + "\"" +
                                        didYouMean(source.name, known));
}

FailureOr<Node> Resolver::resolve(const Source &source, StringRef prefix) const {
  if (source.node)
    return *source.node;
  if (source.name != "@in")
    return lookUp(source, prefix);
  if (!source.scope->parent)
    return messages.error(source.loc, prefix + "\"@in\" is what flows into a repetition or block, "
                                               "but this layer is in neither");
  const Source &in = source.scope->in;
  if (!in.node && in.name.empty())
    return messages.error(source.loc, prefix + "nothing flows into this repetition or block; give "
                                               "it a \"from\"");
  return resolve(in, prefix);
}

FailureOr<std::vector<Node>> Resolver::sources(unsigned index) const {
  const ExpandedLayer &layer = expansion.layers[index];
  std::string prefix = "layer \"" + layer.name + "\": ";
  const Value *from = layer.entry->find("from");
  if (!from) {
    if (!layer.previous.node && layer.previous.name.empty())
      return messages.error(layer.entry->loc, prefix + "needs \"from\": the model has " +
                                                  Twine(inputCount) +
                                                  " inputs, and no layer comes before this one");
    FailureOr<Node> node = resolve(layer.previous, prefix);
    if (failed(node))
      return failure();
    return std::vector<Node>{*node};
  }
  ArrayRef<Value> names = *from;
  if (from->kind == Kind::Array)
    names = from->elements;
  if (names.empty())
    return messages.error(from->loc, prefix + "\"from\" names no layer");
  std::vector<Node> nodes;
  for (const Value &name : names) {
    if (name.kind != Kind::String)
      return messages.error(name.loc, prefix +
                                          "\"from\" must be a layer's name or a list of names, "
                                          "not " +
                                          json::describe(name));
    FailureOr<Node> node = resolve({std::nullopt, name.text, name.loc, layer.scope}, prefix);
    if (failed(node))
      return failure();
    nodes.push_back(*node);
  }
  return nodes;
}

// Whether `node` reads `target`, directly or through other layers.
static bool reaches(const Model &model, Node node, Node target) {
  std::vector<bool> seen(model.inputs.size() + model.layers.size());
  SmallVector<Node> stack = {node};
  while (!stack.empty()) {
    Node at = stack.pop_back_val();
    if (at == target)
      return true;
    if (seen[at] || model.isInput(at))
      continue;
    seen[at] = true;
    llvm::append_range(stack, model.layer(at).from);
  }
  return false;
}

void checkOrder(Messages &messages, const Model &model) {
  for (auto [index, layer] : llvm::enumerate(model.layers)) {
    Node node = model.inputs.size() + index;
    for (Node from : layer.from) {
      if (from < node)
        continue;
      std::string name = model.nameOf(from).str(), prefix = "layer \"" + layer.name + "\": ";
      if (from == node)
        (void)messages.error(layer.fromLoc, prefix + "reads itself");
      else if (reaches(model, from, node))
        (void)messages.error(layer.fromLoc, prefix + "reads \"" + name +
                                                "\", which depends on this layer: a cycle");
      else
        (void)messages.error(layer.fromLoc, prefix + "reads \"" + name +
                                                "\", which comes later; move it before this layer");
    }
  }
}

void checkUse(Messages &messages, const Model &model) {
  std::vector<bool> used(model.inputs.size() + model.layers.size());
  for (Node output : model.outputs)
    used[output] = true;
  for (size_t i = model.layers.size(); i-- > 0;)
    if (used[model.inputs.size() + i])
      for (Node from : model.layers[i].from)
        used[from] = true;
  for (auto [i, input] : llvm::enumerate(model.inputs))
    if (!used[i])
      (void)messages.error(input.loc, "input \"" + input.name +
                                          "\": no output depends on it; remove it or read it");
  for (auto [i, layer] : llvm::enumerate(model.layers))
    if (!used[model.inputs.size() + i])
      messages.warning(layer.loc, "layer \"" + layer.name +
                                      "\": no output depends on it; list it in \"outputs\" to keep "
                                      "its result");
}

} // namespace dlc::frontend
