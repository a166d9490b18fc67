//===- Checkpoint.cpp - a training run on disk --------------------------------------===//

#include "tools/train/Checkpoint.h"
#include "compiler/WriteFile.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

static constexpr StringLiteral kProgress = "progress.json";
static constexpr int64_t kVersion = 1;

std::string Checkpoint::file(StringRef name) const {
  SmallString<256> path(folder);
  sys::path::append(path, name);
  return path.str().str();
}

//===----------------------------------------------------------------------===//
// Saving
//===----------------------------------------------------------------------===//

// Doubles keep all their bits: as hexadecimal text, since JSON has no infinities.
static std::string bitsOf(double value) {
  std::string text;
  raw_string_ostream(text) << format_hex(bit_cast<uint64_t>(value), 18);
  return text;
}

static json::Array bitsOf(ArrayRef<double> values) {
  json::Array list;
  for (double value : values)
    list.push_back(bitsOf(value));
  return list;
}

static json::Object describe(const EpochRecord &record) {
  return json::Object{{"training", bitsOf(record.training)},
                      {"validation", bitsOf(record.validation)},
                      {"learning_rate", bitsOf(record.learningRate)},
                      {"seconds", bitsOf(record.seconds)}};
}

static json::Object describe(const Position &position, const Identity &identity, StringRef state) {
  json::Object run;
  for (const auto &[name, value] : identity)
    run[name] = value;
  json::Array history;
  for (const EpochRecord &record : position.history)
    history.push_back(describe(record));
  return json::Object{{"dlc_checkpoint", kVersion},
                      {"state", state},
                      {"run", std::move(run)},
                      {"epoch", position.epoch},
                      {"sample", position.sample},
                      {"loss_sum", bitsOf(position.lossSum)},
                      {"seconds", bitsOf(position.seconds)},
                      {"history", std::move(history)}};
}

// What earlier checkpoints and broken attempts left.
static void removeOthers(StringRef folder, StringRef state) {
  std::error_code failure;
  std::vector<std::string> old;
  for (sys::fs::directory_iterator entry(folder, failure), end; entry != end && !failure;
       entry.increment(failure))
    if (StringRef name = sys::path::filename(entry->path());
        name.starts_with("state-") && name != state)
      old.push_back(entry->path());
  for (const std::string &path : old)
    sys::fs::remove(path);
}

Error Checkpoint::save(Network &network, const Position &position) const {
  if (std::error_code failure = sys::fs::create_directories(folder))
    return cannotWrite("the checkpoint", folder, failure.message(), "--checkpoint");
  std::string state = "state-" + std::to_string(network.step()) + ".safetensors";
  if (Error error = network.saveState(file(state)))
    return error;
  Error error = writeFile(file(kProgress), [&](raw_ostream &os) {
    os << formatv("{0:2}\n", json::Value(describe(position, identity, state)));
    return Error::success();
  });
  if (error)
    return cannotWrite("the checkpoint", folder, toString(std::move(error)), "--checkpoint");
  removeOthers(folder, state);
  return Error::success();
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

static bool read(const json::Value *text, double &value) {
  uint64_t bits;
  std::optional<StringRef> hex = text ? text->getAsString() : std::nullopt;
  if (!hex || hex->getAsInteger(0, bits))
    return false;
  value = bit_cast<double>(bits);
  return true;
}

static bool read(const json::Array *list, std::vector<double> &values) {
  if (!list)
    return false;
  for (const json::Value &text : *list)
    if (!read(&text, values.emplace_back()))
      return false;
  return true;
}

static bool read(const json::Object *object, EpochRecord &record) {
  return object && read(object->getArray("training"), record.training) &&
         read(object->getArray("validation"), record.validation) &&
         read(object->get("learning_rate"), record.learningRate) &&
         read(object->get("seconds"), record.seconds);
}

static bool read(const json::Object &root, Position &position) {
  std::optional<int64_t> epoch = root.getInteger("epoch"), sample = root.getInteger("sample");
  const json::Array *history = root.getArray("history");
  if (!epoch || !sample || !history || *epoch < 0 || *sample < 0 ||
      history->size() != size_t(*epoch))
    return false;
  position.epoch = *epoch;
  position.sample = *sample;
  for (const json::Value &entry : *history)
    if (!read(entry.getAsObject(), position.history.emplace_back()))
      return false;
  return read(root.get("loss_sum"), position.lossSum) &&
         read(root.get("seconds"), position.seconds);
}

Error Checkpoint::check(const json::Object &root) const {
  const json::Object *run = root.getObject("run");
  for (const auto &[name, value] : identity) {
    std::optional<StringRef> was = run ? run->getString(name) : std::nullopt;
    if (was && *was != value)
      return inputError(folder, "a checkpoint of another run: its " + name + " is " +
                                    printable(*was) + ", and that of this run is " + value);
    if (!was)
      return inputError(folder, "not a checkpoint that this dlc can go on with: it does not tell "
                                "its " +
                                    name);
  }
  return Error::success();
}

Expected<Position> Checkpoint::load(Network &network) const {
  auto text = MemoryBuffer::getFile(file(kProgress));
  if (!text)
    return inputError(folder, "no checkpoint is there to resume from: " +
                                  text.getError().message() + " (" + kProgress + ")");
  Expected<json::Value> value = json::parse((*text)->getBuffer());
  json::Object *root = value ? value->getAsObject() : nullptr;
  if (!value)
    consumeError(value.takeError());
  if (!root || root->getInteger("dlc_checkpoint") != kVersion)
    return inputError(file(kProgress), "not the progress of a training run, or damaged");
  if (Error error = check(*root))
    return error;
  Position position;
  std::optional<StringRef> state = root->getString("state");
  if (!state || sys::path::filename(*state) != *state || !read(*root, position))
    return inputError(file(kProgress), "the progress of the training run is damaged");
  if (Error error = network.loadState(file(*state)))
    return inputError(file(*state), toString(std::move(error)));
  return position;
}
