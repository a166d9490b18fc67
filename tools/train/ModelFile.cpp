//===- ModelFile.cpp - a model file as training sees it -----------------------------===//

#include "tools/train/ModelFile.h"
#include "compiler/Compile.h"
#include "compiler/frontend/TrainTable.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;
using frontend::json::Kind;
using frontend::json::Value;

Expected<ModelFile> ModelFile::read(StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> content = readFile(path);
  if (!content)
    return content.takeError();
  ModelFile file;
  file.path = path.str();
  file.text = (*content)->getBuffer().str();
  if (Error error = file.parse())
    return error;
  return file;
}

Error ModelFile::parse() {
  sources = std::make_shared<SourceMgr>();
  unsigned buffer = sources->AddNewSourceBuffer(MemoryBuffer::getMemBufferCopy(text, path), {});
  frontend::Messages messages(*sources);
  auto value = frontend::json::read(messages, buffer);
  if (failed(value))
    return fromOutcome(Outcome::BadInput);
  root = std::move(*value);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static const Value *member(const Value &value, StringRef name) {
  if (value.kind == Kind::Object)
    return value.find(name);
  if (value.kind != Kind::Array)
    return nullptr;
  for (const Value &element : value.elements)
    if (const Value *own = element.kind == Kind::Object ? element.find("name") : nullptr)
      if (own->kind == Kind::String && own->text == name)
        return &element;
  size_t index;
  return !name.getAsInteger(10, index) && index < value.elements.size() ? &value.elements[index]
                                                                        : nullptr;
}

Expected<const Value *> ModelFile::find(StringRef where) const {
  StringRef rest = where;
  const Value *value = &root, *train = root.kind == Kind::Object ? root.find("train") : nullptr;
  if (train && member(*train, where.split('.').first))
    value = train;
  while (value && !rest.empty()) {
    StringRef name;
    std::tie(name, rest) = rest.split('.');
    value = member(*value, name);
  }
  if (value && value->isNumber())
    return value;
  return inputError(path, "there is no number at \"" + printable(where) +
                              "\"; write it in the model, even where it is the default: "
                              "optimizer.learning_rate is \"learning_rate\" of \"optimizer\" in "
                              "\"train\", layers.c1.filters is \"filters\" of the layer \"c1\"");
}

size_t ModelFile::offsetOf(const Value &value) const {
  return value.loc.getPointer() - sources->getMemoryBuffer(1)->getBufferStart();
}

Error ModelFile::replace(size_t from, size_t size, const Twine &with) {
  text.replace(from, size, with.str());
  return parse();
}

Expected<double> ModelFile::get(StringRef where) const {
  Expected<const Value *> value = find(where);
  if (!value)
    return value.takeError();
  return (*value)->real;
}

Error ModelFile::set(StringRef where, StringRef number) {
  Expected<const Value *> value = find(where);
  if (!value)
    return value.takeError();
  return replace(offsetOf(**value), (*value)->text.size(), number);
}

//===----------------------------------------------------------------------===//
// Class weights
//===----------------------------------------------------------------------===//

Error ModelFile::setClassWeights(ArrayRef<double> weights) {
  const Value *train = root.kind == Kind::Object ? root.find("train") : nullptr;
  const Value *loss = train && train->kind == Kind::Object ? train->find("loss") : nullptr;
  if (loss && loss->kind == Kind::Array && loss->elements.size() == 1)
    loss = &loss->elements.front();
  if (!loss || (loss->kind != Kind::String && loss->kind != Kind::Object))
    return inputError(path, "--class-weight needs a model with one loss; with several, write "
                            "\"class_weight\" into the loss in the model");
  if (loss->kind == Kind::Object && loss->find("class_weight"))
    return inputError(path, "the loss has a \"class_weight\" already; remove it, or leave out "
                            "--class-weight");
  std::string list;
  raw_string_ostream os(list);
  os << "\"class_weight\": [";
  interleave(weights, os, [&](double w) { os << format("%.9g", w); }, ", ");
  os << "]";
  size_t at = offsetOf(*loss);
  if (loss->kind == Kind::Object)
    return replace(at + 1, 0, list + (loss->members.empty() ? "" : ", "));
  size_t end = text.find('"', at + 1) + 1;
  return replace(at, end - at, "{\"type\": " + text.substr(at, end - at) + ", " + list + "}");
}

// The table of layers has it without compiling; the last layer is the output unless the model says
// which.
Expected<int64_t> ModelFile::countClasses(const Options &options) const {
  Options here = options;
  here.text = text;
  here.weights.clear();
  std::string table;
  raw_string_ostream os(table);
  if (Outcome outcome = inspect(here, /*json=*/true, os); outcome != Outcome::Done)
    return fromOutcome(outcome);
  Expected<json::Value> parsed = json::parse(table);
  if (!parsed)
    return parsed.takeError();
  const Value *outputs = root.find("outputs");
  bool isNamed = outputs && outputs->kind == Kind::Array && outputs->elements.size() == 1;
  if (outputs && !isNamed)
    return 0;
  int64_t classes = 0;
  for (const json::Value &layer : *parsed->getAsObject()->getArray("layers")) {
    const json::Object &fields = *layer.getAsObject();
    const json::Array &shape = *fields.getArray("shape");
    if (!shape.empty() && (!isNamed || fields.getString("name") == outputs->elements[0].text))
      classes = shape.back().getAsInteger().value_or(0);
  }
  return std::max<int64_t>(classes, 2);
}

//===----------------------------------------------------------------------===//
// Settings
//===----------------------------------------------------------------------===//

using frontend::FieldValue;
using frontend::NamedValue;

static void take(const FieldValue &given, int64_t &to) {
  if (!given.isNull())
    to = given.integers.front();
}
static void take(const FieldValue &given, double &to) {
  if (!given.isNull())
    to = given.numbers.front();
}
static void take(const FieldValue &given, bool &to) {
  if (!given.isNull())
    to = given.source.boolean;
}

static void takeStopping(const FieldValue &given, EarlyStopping &stopping) {
  if (given.isNull())
    return;
  const NamedValue &fields = given.named.front();
  if (!fields.field("monitor").isNull())
    stopping.monitor = fields.text("monitor");
  take(fields.field("patience"), stopping.patience);
  take(fields.field("min_delta"), stopping.minDelta);
}

static void takeAugmentation(frontend::Messages &messages, const Value &list, Augment &augment) {
  if (list.kind == Kind::Null)
    return;
  auto refuse = [&](const Value &value, StringRef wanted) {
    (void)messages.error(value.loc, "train: \"augmentation\" must be a list of objects" + wanted +
                                        ", not " + frontend::json::describe(value));
  };
  if (list.kind != Kind::Array)
    return refuse(list, "");
  for (const Value &entry : list.elements) {
    const Value *type = entry.kind == Kind::Object ? entry.find("type") : nullptr;
    if (!type || type->kind != Kind::String)
      return refuse(entry, " with a \"type\"");
    AugmentText text{type->text, {}};
    for (const frontend::json::Member &member : entry.members)
      if (member.key != "type")
        text.values.emplace_back(member.key, member.value.text);
    if (Error error = augment.add(text))
      (void)messages.error(entry.loc, "train: \"augmentation\": " + toString(std::move(error)));
  }
}

Error ModelFile::readSettings(Settings &settings) const {
  const Value *train = root.kind == Kind::Object ? root.find("train") : nullptr;
  if (!train || train->kind != Kind::Object)
    return inputError(path, "the model does not say how it is trained; give it a \"train\" with a "
                            "\"loss\" and an \"optimizer\"");
  frontend::Messages messages(*sources);
  const frontend::Row &row = frontend::trainRow();
  NamedValue given{&row, train->loc, "train",
                   frontend::decodeFields(messages, "train: ", row.fields, *train)};
  if (messages.errorCount())
    return fromOutcome(Outcome::BadInput);
  if (!given.field("optimizer").isNull()) {
    const NamedValue &optimizer = given.field("optimizer").named.front();
    settings.optimizer = (optimizer.row->name + " (" + optimizer.text("form") + ")").str();
  }
  take(given.field("epochs"), settings.epochs);
  take(given.field("batch_size"), settings.batchSize);
  take(given.field("validation_split"), settings.validationSplit);
  take(given.field("shuffle"), settings.shuffle);
  take(given.field("seed"), settings.seed);
  takeStopping(given.field("early_stopping"), settings.stopping);
  takeAugmentation(messages, given.field("augmentation").source, settings.augment);
  take(given.field("sync_batch_norm"), settings.joinsStatistics);
  return fromOutcome(messages.errorCount() ? Outcome::BadInput : Outcome::Done);
}
