//===- Tuning.cpp - cost tables in files --------------------------------------------===//

#include "compiler/Tuning.h"
#include "compiler/frontend/Json.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/WithColor.h"

using namespace mlir;
using namespace dlc;
using frontend::Messages, frontend::quotedList, frontend::didYouMean;
using schedule::CostField, schedule::CostTable, schedule::costFields;
namespace json = frontend::json;

static constexpr int64_t kVersion = 1;

// As few digits as hold the number.
static std::string spell(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.15g", number);
  return text;
}

static LogicalResult checkVersion(Messages &messages, const json::Value &root) {
  const json::Value *version = root.kind == json::Kind::Object ? root.find("dlc_tuning") : nullptr;
  if (!version)
    return messages.error(root.loc, "this is no tuning file: a tuning file begins with { "
                                    "\"dlc_tuning\": 1; 'dlc tune -o FILE' writes one");
  if (version->kind == json::Kind::Integer && version->integer == kVersion)
    return success();
  return messages.error(version->loc, "tuning files of version " + json::describe(*version) +
                                          " are not known to this dlc, which reads version " +
                                          Twine(kVersion) +
                                          "; make it anew with 'dlc tune -o FILE'");
}

static LogicalResult unknownKey(Messages &messages, const json::Member &member, StringRef what,
                                ArrayRef<StringRef> known) {
  return messages.error(member.loc, "unknown " + what + " \"" + member.key + "\"" +
                                        didYouMean(member.key, known) + "; known are " +
                                        quotedList(known));
}

static FailureOr<double> readNumber(Messages &messages, const json::Value &value,
                                    const CostField &field) {
  if (value.isNumber() && value.real >= field.least && value.real <= field.most)
    return value.real;
  return messages.error(value.loc, "\"" + field.name + "\" is a number from " + spell(field.least) +
                                       " to " + spell(field.most) + ", and not " +
                                       json::describe(value));
}

static FailureOr<CostTable> readTable(Messages &messages, const json::Member &row) {
  SmallVector<StringRef> known;
  for (const CostField &field : costFields())
    known.push_back(field.name);
  if (row.value.kind != json::Kind::Object)
    return messages.error(row.value.loc, "\"" + row.key + "\" is an object with the numbers " +
                                             quotedList(known) + ", and not " +
                                             json::describe(row.value));
  for (const json::Member &member : row.value.members)
    if (!llvm::is_contained(known, member.key))
      return unknownKey(messages, member, "number", known);
  CostTable table;
  for (const CostField &field : costFields()) {
    const json::Value *value = row.value.find(field.name);
    if (!value)
      return messages.error(row.loc, "\"" + row.key + "\" lacks the number \"" + field.name +
                                         "\"; make the file anew with 'dlc tune -o FILE'");
    FailureOr<double> number = readNumber(messages, *value, field);
    if (failed(number))
      return failure();
    table.*field.member = *number;
  }
  return table;
}

static FailureOr<Tuning> readTables(Messages &messages, const json::Value &root) {
  if (failed(checkVersion(messages, root)))
    return failure();
  for (const json::Member &member : root.members)
    if (member.key != "dlc_tuning" && member.key != "targets")
      return unknownKey(messages, member, "key", {"dlc_tuning", "targets"});
  const json::Value *targets = root.find("targets");
  if (!targets || targets->kind != json::Kind::Object || targets->members.empty())
    return messages.error(targets ? targets->loc : root.loc,
                          "\"targets\" is an object with a row for each CPU that was measured; "
                          "make the file anew with 'dlc tune -o FILE'");
  SmallVector<StringRef> known;
  for (const schedule::TargetFacts &facts : schedule::allTargets())
    known.push_back(facts.march);
  Tuning tuning;
  for (const json::Member &row : targets->members) {
    if (!llvm::is_contained(known, row.key))
      return unknownKey(messages, row, "CPU", known);
    FailureOr<CostTable> table = readTable(messages, row);
    if (failed(table))
      return failure();
    tuning[row.key] = *table;
  }
  return tuning;
}

FailureOr<Tuning> dlc::readTuning(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer) {
    llvm::WithColor::error(llvm::errs(), "dlc")
        << "cannot read the tuning file '" << path << "': " << buffer.getError().message()
        << "; check the path, or measure this machine with 'dlc tune -o " << path << "'\n";
    return failure();
  }
  llvm::SourceMgr sources;
  unsigned number = sources.AddNewSourceBuffer(std::move(*buffer), {});
  Messages messages(sources);
  FailureOr<json::Value> root = json::read(messages, number);
  if (failed(root))
    return failure();
  return readTables(messages, *root);
}

void dlc::writeTuning(llvm::raw_ostream &os, const Tuning &tuning) {
  llvm::json::OStream json(os, 2);
  json.object([&] {
    json.attribute("dlc_tuning", kVersion);
    json.attributeObject("targets", [&] {
      for (const auto &[march, costs] : tuning)
        json.attributeObject(march, [&] {
          for (const CostField &field : costFields()) {
            json.attributeBegin(field.name);
            json.rawValue(spell(costs.*field.member));
            json.attributeEnd();
          }
        });
    });
  });
  os << "\n";
}
