//===- Expand.cpp - repetitions and blocks ------------------------------------------===//

#include "compiler/frontend/Expand.h"
#include "compiler/frontend/LayerTable.h"
#include "compiler/frontend/Substitute.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using llvm::SMLoc, llvm::Twine;

namespace dlc::frontend {

using json::Kind;
using json::Member;
using json::Value;

static constexpr unsigned kMaxNesting = 16;
static constexpr size_t kMaxLayers = 20000;
static constexpr size_t kMaxName = 128;
static constexpr int64_t kMaxRepeat = 10000;

bool isSafeName(StringRef name) {
  return !name.empty() && name.size() <= kMaxName && llvm::all_of(name, [](char c) {
    return llvm::isAlnum(c) || StringRef("_.-").contains(c);
  });
}

// Keras's name of an unnamed layer: MaxPooling2D is max_pooling2d, ReLU is re_lu.
static std::string snakeCase(StringRef type) {
  std::string text;
  for (size_t i = 0; i < type.size(); ++i) {
    bool beforeLower = i + 1 < type.size() && llvm::isLower(type[i + 1]);
    if (i && llvm::isUpper(type[i]) && (beforeLower || llvm::isLower(type[i - 1])))
      text += '_';
    text += llvm::toLower(type[i]);
  }
  return text;
}

namespace {

class Expander {
public:
  Expander(Messages &messages, const Value *blocks, Expansion &out)
      : messages(messages), blocks(blocks), out(out) {}

  LogicalResult expandList(const Value &list, Scope &scope, Source &previous, StringRef what);
  Source newest() const { return {nextNode() - 1, {}, {}, nullptr}; }
  unsigned inputCount = 0;

private:
  Node nextNode() const { return inputCount + out.layers.size(); }
  LogicalResult expandEntry(const Value &entry, StringRef name, Scope &scope, Source &previous);
  LogicalResult expandLayer(const Value &entry, StringRef name, Scope &scope, Source &previous);
  LogicalResult expandRepeat(const Value &entry, StringRef name, Scope &scope, Source &previous);
  LogicalResult expandBlock(const Value &entry, StringRef name, Scope &scope, Source &previous);
  LogicalResult expandBody(const Value &body, const Twine &prefix, Scope &scope, Source &previous);
  FailureOr<std::vector<std::string>> nameEntries(const Value &list);
  LogicalResult enterFrom(const Value &entry, StringRef name, Scope &scope, Source &previous);
  FailureOr<Bindings> bind(const Value &entry, const Value &block, StringRef name);
  LogicalResult claim(StringRef full, SMLoc loc);

  Messages &messages;
  const Value *blocks;
  Expansion &out;
  unsigned depth = 0;
  size_t budget = json::kMaxValues;
};

} // namespace

static SMLoc placeOfName(const Value &entry) {
  const Value *name = entry.find("name");
  return name ? name->loc : entry.loc;
}

// What an unnamed entry is called after.
static StringRef kindOf(const Value &entry) {
  if (entry.find("repeat"))
    return "repeat";
  const Value *block = entry.find("block"), *type = entry.find("type");
  const LayerType *row = type ? findLayerType(type->text) : nullptr;
  return row ? row->name : block ? StringRef(block->text) : type ? StringRef(type->text) : "";
}

// The names of a list's entries; automatic ones keep clear of those that are given.
FailureOr<std::vector<std::string>> Expander::nameEntries(const Value &list) {
  llvm::StringSet<> given;
  for (const Value &entry : list.elements) {
    if (entry.kind != Kind::Object)
      return messages.error(entry.loc, "a layer must be an object, not " + json::describe(entry));
    const Value *name = entry.find("name");
    if (name && (name->kind != Kind::String || !isSafeName(name->text)))
      return messages.error(name->loc, "a layer's name must be made of letters, digits, \"_\", "
                                       "\".\" and \"-\" (at most 128), not " +
                                           json::describe(*name));
    if (name && !given.insert(name->text).second)
      return messages.error(name->loc, "the name \"" + name->text + "\" is used twice");
  }
  std::vector<std::string> names;
  llvm::StringMap<unsigned> counters;
  for (const Value &entry : list.elements) {
    if (const Value *name = entry.find("name")) {
      names.push_back(name->text);
      continue;
    }
    std::string base = snakeCase(kindOf(entry)), name;
    if (!isSafeName(base))
      base = "layer";
    do {
      unsigned n = counters[base]++;
      name = n ? base + "_" + std::to_string(n) : base;
    } while (given.contains(name));
    names.push_back(name);
  }
  return names;
}

LogicalResult Expander::claim(StringRef full, SMLoc loc) {
  if (full.size() > 4 * kMaxName)
    return messages.error(loc, "the expanded name of this layer is longer than 512 characters");
  if (!out.nodes.try_emplace(full, nextNode()).second)
    return messages.error(loc, "the name \"" + full + "\" is used twice");
  return success();
}

LogicalResult Expander::expandList(const Value &list, Scope &scope, Source &previous,
                                   StringRef what) {
  if (list.kind != Kind::Array || list.elements.empty())
    return messages.error(list.loc, what + " must be a list of at least one layer");
  FailureOr<std::vector<std::string>> names = nameEntries(list);
  if (failed(names))
    return failure();
  for (auto [entry, name] : llvm::zip_equal(list.elements, *names)) {
    if (failed(expandEntry(entry, name, scope, previous)))
      return failure();
    scope.names[name] = nextNode() - 1;
  }
  return success();
}

LogicalResult Expander::expandEntry(const Value &entry, StringRef name, Scope &scope,
                                    Source &previous) {
  bool isRepeat = entry.find("repeat"), isBlock = entry.find("block"), isLayer = entry.find("type");
  if (isRepeat + isBlock + isLayer != 1)
    return messages.error(entry.loc, "layer \"" + name +
                                         "\": needs one of \"type\", \"repeat\" and \"block\"");
  if (isLayer)
    return expandLayer(entry, name, scope, previous);
  if (depth == kMaxNesting)
    return messages.error(entry.loc, "repetitions and blocks are nested deeper than 16 levels");
  ++depth;
  LogicalResult result = isRepeat ? expandRepeat(entry, name, scope, previous)
                                  : expandBlock(entry, name, scope, previous);
  --depth;
  return result;
}

LogicalResult Expander::expandLayer(const Value &entry, StringRef name, Scope &scope,
                                    Source &previous) {
  std::string full = scope.prefix + name.str();
  if (failed(claim(full, placeOfName(entry))))
    return failure();
  if (out.layers.size() == kMaxLayers)
    return messages.error(entry.loc, "the model has more than 20000 layers");
  out.layers.push_back({&entry, full, &scope, previous});
  previous = newest();
  return success();
}

// "from" of a repetition or block: what flows into it.
LogicalResult Expander::enterFrom(const Value &entry, StringRef name, Scope &scope,
                                  Source &previous) {
  const Value *from = entry.find("from");
  if (!from)
    return success();
  if (from->kind != Kind::String)
    return messages.error(from->loc, "layer \"" + name + "\": \"from\" must name one layer, not " +
                                         json::describe(*from));
  previous = {std::nullopt, from->text, from->loc, &scope};
  return success();
}

LogicalResult Expander::expandBody(const Value &body, const Twine &prefix, Scope &scope,
                                   Source &previous) {
  Scope &inner = out.scopes.emplace_back();
  inner.parent = &scope;
  inner.prefix = scope.prefix + prefix.str();
  inner.in = previous;
  return expandList(body, inner, previous, "\"layers\"");
}

LogicalResult Expander::expandRepeat(const Value &entry, StringRef name, Scope &scope,
                                     Source &previous) {
  std::string prefix = "layer \"" + name.str() + "\": ";
  unsigned before = messages.errorCount();
  checkKeys(messages, prefix, entry, {"repeat", "name", "layers", "from"});
  const Value &count = *entry.find("repeat"), *body = entry.find("layers");
  if (count.kind != Kind::Integer || count.integer < 1 || count.integer > kMaxRepeat)
    return messages.error(count.loc, prefix + "\"repeat\" must be an integer between 1 and " +
                                         Twine(kMaxRepeat) + ", not " + json::describe(count));
  if (!body)
    return messages.error(entry.loc, prefix + "a repetition needs \"layers\"");
  if (messages.errorCount() != before || failed(enterFrom(entry, name, scope, previous)))
    return failure();
  for (int64_t i = 0; i < count.integer; ++i)
    if (failed(expandBody(*body, name + "_" + Twine(i) + "_", scope, previous)))
      return failure();
  return success();
}

// The values of "with", one for each of the block's parameters.
FailureOr<Bindings> Expander::bind(const Value &entry, const Value &block, StringRef name) {
  std::string prefix = "layer \"" + name.str() + "\": ";
  Bindings bindings;
  SmallVector<StringRef> known;
  const Value *params = block.find("params"), *with = entry.find("with");
  unsigned before = messages.errorCount();
  if (params)
    for (const Value &param : params->elements)
      known.push_back(param.text);
  if (with && with->kind != Kind::Object)
    return messages.error(with->loc,
                          prefix + "\"with\" must be an object, not " + json::describe(*with));
  if (with)
    checkKeys(messages, prefix, *with, known);
  for (StringRef param : known) {
    const Value *value = with ? with->find(param) : nullptr;
    if (!value)
      return messages.error(entry.loc, prefix + "the block needs \"" + param + "\" in \"with\"");
    bindings[param] = value;
  }
  if (messages.errorCount() != before)
    return failure();
  return bindings;
}

LogicalResult Expander::expandBlock(const Value &entry, StringRef name, Scope &scope,
                                    Source &previous) {
  std::string prefix = "layer \"" + name.str() + "\": ";
  unsigned before = messages.errorCount();
  checkKeys(messages, prefix, entry, {"block", "name", "with", "from"});
  const Value &wanted = *entry.find("block");
  const Value *block = blocks && wanted.kind == Kind::String ? blocks->find(wanted.text) : nullptr;
  if (!block) {
    SmallVector<StringRef> known;
    if (blocks)
      for (const Member &member : blocks->members)
        known.push_back(member.key);
    return messages.error(wanted.loc, prefix + "there is no block " + json::describe(wanted) +
                                          didYouMean(wanted.text, known));
  }
  FailureOr<Bindings> bindings = bind(entry, *block, name);
  if (messages.errorCount() != before || failed(bindings) ||
      failed(enterFrom(entry, name, scope, previous)))
    return failure();
  FailureOr<Value> body =
      substitute(messages, *block->find("layers"), wanted.text, *bindings, budget);
  if (failed(body))
    return failure();
  out.copies.push_back(std::move(*body));
  return expandBody(out.copies.back(), name + "_", scope, previous);
}

// Whether every block has the form {"params": [names], "layers": [...]}.
static LogicalResult checkBlocks(Messages &messages, const Value &blocks) {
  if (blocks.kind != Kind::Object)
    return messages.error(blocks.loc, "\"blocks\" must be an object of named blocks, not " +
                                          json::describe(blocks));
  for (const Member &member : blocks.members) {
    const Value &block = member.value;
    std::string prefix = "block \"" + member.key + "\": ";
    if (block.kind != Kind::Object)
      return messages.error(block.loc, prefix + "must be an object, not " + json::describe(block));
    unsigned before = messages.errorCount();
    checkKeys(messages, prefix, block, {"params", "layers"});
    if (messages.errorCount() != before)
      return failure();
    if (!block.find("layers"))
      return messages.error(block.loc, prefix + "needs \"layers\"");
    const Value *params = block.find("params");
    if (!params)
      continue;
    if (params->kind != Kind::Array)
      return messages.error(params->loc, prefix + "\"params\" must be a list of names, not " +
                                             json::describe(*params));
    for (const Value &param : params->elements)
      if (param.kind != Kind::String || !isParameterName(param.text))
        return messages.error(param.loc, prefix +
                                             "a parameter's name must be made of letters, "
                                             "digits and \"_\", not " +
                                             json::describe(param));
  }
  return success();
}

LogicalResult expand(Messages &messages, const Value &layers, const Value *blocks,
                     ArrayRef<std::string> inputs, Expansion &expansion) {
  if (blocks && failed(checkBlocks(messages, *blocks)))
    return failure();
  Expander expander(messages, blocks, expansion);
  expander.inputCount = inputs.size();
  Scope &top = expansion.scopes.emplace_back();
  for (auto [node, name] : llvm::enumerate(inputs)) {
    expansion.nodes[name] = node;
    top.names[name] = node;
  }
  Source previous;
  if (inputs.size() == 1)
    previous.node = 0;
  return expander.expandList(layers, top, previous, "\"layers\"");
}

} // namespace dlc::frontend
