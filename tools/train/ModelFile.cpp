//===- ModelFile.cpp - a model file as training sees it -----------------------------===//

#include "tools/train/ModelFile.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"

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

//===----------------------------------------------------------------------===//
// Settings
//===----------------------------------------------------------------------===//

namespace {

/// Reads the members of an object; what does not fit is printed.
class SettingsReader {
public:
  SettingsReader(frontend::Messages &messages, const Value &object)
      : messages(messages), object(object) {}

  void readInteger(StringRef name, int64_t &value, int64_t low, int64_t high);
  void readNumber(StringRef name, double &value, double low, double high);
  void readFlag(StringRef name, bool &value);
  void readStopping(EarlyStopping &stopping);
  void readAugmentation(Augment &augment);

private:
  void refuse(const Value &value, StringRef name, const Twine &wanted) {
    (void)messages.error(value.loc, "train: \"" + name + "\" must be " + wanted + ", not " +
                                        frontend::json::describe(value));
  }

  frontend::Messages &messages;
  const Value &object;
};

} // namespace

void SettingsReader::readInteger(StringRef name, int64_t &to, int64_t low, int64_t high) {
  const Value *value = object.find(name);
  if (!value)
    return;
  if (value->kind != Kind::Integer || value->integer < low || value->integer > high)
    return refuse(*value, name, "an integer from " + Twine(low) + " to " + Twine(high));
  to = value->integer;
}

void SettingsReader::readNumber(StringRef name, double &to, double low, double high) {
  const Value *value = object.find(name);
  if (!value)
    return;
  if (!value->isNumber() || !(value->real >= low && value->real <= high))
    return refuse(*value, name,
                  "a number from " + Twine(int64_t(low)) + " to " + Twine(int64_t(high)));
  to = value->real;
}

void SettingsReader::readFlag(StringRef name, bool &to) {
  const Value *value = object.find(name);
  if (value && value->kind != Kind::Bool)
    return refuse(*value, name, "true or false");
  if (value)
    to = value->boolean;
}

void SettingsReader::readStopping(EarlyStopping &stopping) {
  const Value *value = object.find("early_stopping");
  if (!value)
    return;
  if (value->kind != Kind::Object)
    return refuse(*value, "early_stopping", "an object");
  for (const frontend::json::Member &member : value->members)
    if (!is_contained({"monitor", "patience", "min_delta"}, member.key))
      (void)messages.error(
          member.loc, "train: \"early_stopping\": unknown key \"" + member.key + "\"" +
                          frontend::didYouMean(member.key, {"monitor", "patience", "min_delta"}));
  SettingsReader fields(messages, *value);
  if (const Value *monitor = value->find("monitor")) {
    if (monitor->kind != Kind::String)
      return refuse(*monitor, "monitor", "the name of a figure");
    stopping.monitor = monitor->text;
  }
  stopping.patience = 3;
  fields.readInteger("patience", stopping.patience, 1, 1 << 20);
  fields.readNumber("min_delta", stopping.minDelta, 0, 1e9);
}

void SettingsReader::readAugmentation(Augment &augment) {
  const Value *list = object.find("augmentation");
  if (!list)
    return;
  if (list->kind != Kind::Array)
    return refuse(*list, "augmentation", "a list of objects");
  for (const Value &entry : list->elements) {
    const Value *type = entry.kind == Kind::Object ? entry.find("type") : nullptr;
    if (!type || type->kind != Kind::String)
      return refuse(entry, "augmentation", "a list of objects with a \"type\"");
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
  SettingsReader reader(messages, *train);
  reader.readInteger("epochs", settings.epochs, 1, 1 << 20);
  reader.readInteger("batch_size", settings.batchSize, 1, 1 << 20);
  reader.readNumber("validation_split", settings.validationSplit, 0, 1);
  reader.readFlag("shuffle", settings.shuffle);
  reader.readInteger("seed", settings.seed, 0, INT64_MAX);
  reader.readStopping(settings.stopping);
  reader.readAugmentation(settings.augment);
  reader.readFlag("sync_batch_norm", settings.joinsStatistics);
  return fromOutcome(messages.errorCount() ? Outcome::BadInput : Outcome::Done);
}
