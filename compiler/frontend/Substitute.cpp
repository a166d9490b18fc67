//===- Substitute.cpp - parameters of blocks ----------------------------------------===//

#include "compiler/frontend/Substitute.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using llvm::Twine;

namespace dlc::frontend {

using json::Kind;
using json::Member;
using json::Value;

bool isParameterName(StringRef name) {
  return !name.empty() && name.size() <= 64 && !llvm::isDigit(name.front()) &&
         llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

namespace {

struct Substitution {
  Messages &messages;
  StringRef block;
  const Bindings &bindings;
  size_t &budget;

  LogicalResult copy(const Value &from, Value &to, bool isLayers = false);
  LogicalResult spend(const Value &from, size_t count);
  LogicalResult replace(const Value &from, Value &to);
  LogicalResult multiply(const Value &from, StringRef factor, Value &to);
};

} // namespace

LogicalResult Substitution::multiply(const Value &from, StringRef factor, Value &to) {
  int64_t times;
  std::string prefix = "block \"" + block.str() + "\": ";
  if (factor.getAsInteger(10, times))
    return messages.error(from.loc, prefix + "\"" + from.text +
                                        "\" is not understood; write \"$name\" or \"$name*4\"");
  if (to.kind != Kind::Integer)
    return messages.error(from.loc,
                          prefix + "\"" + from.text +
                              "\" multiplies a value that is no integer: " + json::describe(to));
  std::optional<int64_t> product = llvm::checkedMul(to.integer, times);
  if (!product)
    return messages.error(from.loc, prefix + "\"" + from.text + "\" is too large");
  to.integer = *product;
  to.real = static_cast<double>(*product);
  to.text = std::to_string(*product);
  return success();
}

static size_t countValues(const Value &value) {
  size_t count = 1;
  for (const Value &element : value.elements)
    count += countValues(element);
  for (const Member &member : value.members)
    count += countValues(member.value);
  return count;
}

LogicalResult Substitution::spend(const Value &from, size_t count) {
  if (count > budget)
    return messages.error(from.loc, "the expanded blocks are too large");
  budget -= count;
  return success();
}

LogicalResult Substitution::replace(const Value &from, Value &to) {
  auto [name, factor] = StringRef(from.text).drop_front().split('*');
  auto found = bindings.find(name.trim());
  if (found == bindings.end()) {
    SmallVector<StringRef> known;
    for (auto &binding : bindings)
      known.push_back(binding.first);
    return messages.error(from.loc, "block \"" + block + "\": unknown parameter \"$" + name + "\"" +
                                        didYouMean(name, known));
  }
  if (failed(spend(from, countValues(*found->second))))
    return failure();
  to = *found->second;
  // Messages point to where the parameter is used; its value is in them.
  to.loc = from.loc;
  return from.text.find('*') == std::string::npos ? success() : multiply(from, factor.trim(), to);
}

// Parameters stand for fields, not for layers or their types: of `isLayers` (a list of layers, and
// each layer in it) only the members' values are replaced.
LogicalResult Substitution::copy(const Value &from, Value &to, bool isLayers) {
  if (failed(spend(from, 1)))
    return failure();
  if (from.kind == Kind::String && !isLayers && StringRef(from.text).starts_with("$"))
    return replace(from, to);
  to.kind = from.kind;
  to.boolean = from.boolean;
  to.loc = from.loc;
  to.integer = from.integer;
  to.real = from.real;
  to.text = from.text;
  for (const Value &element : from.elements)
    if (failed(copy(element, to.elements.emplace_back(), isLayers)))
      return failure();
  for (const Member &member : from.members) {
    bool isStructure = isLayers && (member.key == "layers" || member.key == "type");
    Value &value = to.members.emplace_back(Member{member.key, member.loc, {}}).value;
    if (failed(copy(member.value, value, isStructure)))
      return failure();
  }
  return success();
}

FailureOr<Value> substitute(Messages &messages, const Value &body, StringRef block,
                            const Bindings &bindings, size_t &budget) {
  Value result;
  if (failed(Substitution{messages, block, bindings, budget}.copy(body, result, true)))
    return failure();
  return result;
}

} // namespace dlc::frontend
