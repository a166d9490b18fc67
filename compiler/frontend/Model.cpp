//===- Model.cpp - a model file after reading and checking --------------------------===//

#include "compiler/frontend/Model.h"
#include "compiler/frontend/Resolve.h"
#include "compiler/frontend/TrainTable.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using llvm::SMLoc, llvm::Twine;

namespace dlc::frontend {

using json::Kind;
using json::Member;
using json::Value;

static constexpr size_t kMaxModelName = 64;
static constexpr size_t kMaxRank = 7; // without the batch
static constexpr StringRef kDtypes[] = {"float32", "uint8", "int32", "int64"};

namespace {

// Fills a Model from the tree; every member reports what it finds wrong.
class ModelReader {
public:
  ModelReader(Messages &messages, const Value &root) : messages(messages), root(root) {}
  FailureOr<Model> read();

private:
  const Value *need(StringRef key, Kind kind, StringRef form);
  void readHead();
  void readName(const Value &name);
  void readInputs();
  Input readInput(const Value &entry);
  void readShape(const Value &shape, Input &input);
  void readTrain();
  void readLayers();
  Layer readLayer(const ExpandedLayer &expanded, unsigned index);
  void readFields(const Value &entry, StringRef prefix, Layer &layer);
  void readShare(const Value &entry, StringRef prefix, const Scope *scope, Node node, Layer &layer);
  void checkInputCount(const Layer &layer);
  void readOutputs();

  Messages &messages;
  const Value &root;
  Model model;
  Expansion expansion;
  std::optional<Resolver> resolver;
};

} // namespace

const Value *ModelReader::need(StringRef key, Kind kind, StringRef form) {
  const Value *value = root.find(key);
  if (!value)
    (void)messages.error(root.loc, "the model needs \"" + key + "\", " + form);
  else if (value->kind != kind)
    (void)messages.error(value->loc,
                         "\"" + key + "\" must be " + form + ", not " + json::describe(*value));
  return value && value->kind == kind ? value : nullptr;
}

void ModelReader::readName(const Value &name) {
  StringRef text = name.text;
  bool isSafe =
      llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || StringRef("_-. ").contains(c); });
  if (text.empty() || text.size() > kMaxModelName)
    (void)messages.error(name.loc, "the model's name must have 1 to 64 characters");
  else if (text.contains('/') || text.contains('\\'))
    (void)messages.error(name.loc, "the model's name must not be a path");
  else if (!isSafe || llvm::none_of(text, llvm::isAlnum))
    (void)messages.error(name.loc,
                         "the model's name must be made of letters, digits, \"_\", \"-\", "
                         "\".\" and spaces: it names the library and its functions");
  model.name = text.str();
}

void ModelReader::readHead() {
  checkKeys(
      messages, "", root,
      {"$schema", "dlc", "name", "inputs", "layers", "blocks", "outputs", "weights", "train"});
  if (const Value *name = need("name", Kind::String, "a string"))
    readName(*name);
  const Value *version = root.find("dlc");
  if (version && (version->kind != Kind::Integer || version->integer != 1))
    (void)messages.error(version->loc, "\"dlc\" is the version of the format and must be 1, not " +
                                           json::describe(*version));
  for (StringRef key : {"$schema", "weights"})
    if (const Value *value = root.find(key); value && value->kind != Kind::String)
      (void)messages.error(value->loc,
                           "\"" + key + "\" must be a string, not " + json::describe(*value));
  const Value *weights = root.find("weights");
  if (weights && weights->kind == Kind::String) {
    model.weights = weights->text;
    if (weights->text.empty() || StringRef(weights->text).contains('\0'))
      (void)messages.error(weights->loc, "\"weights\" must be the path of a safetensors file");
  }
}

void ModelReader::readShape(const Value &shape, Input &input) {
  std::string prefix = "input \"" + input.name + "\": ";
  if (shape.kind != Kind::Array || shape.elements.empty() || shape.elements.size() > kMaxRank) {
    (void)messages.error(shape.loc,
                         prefix +
                             "\"shape\" must be a list of 1 to 7 extents, without "
                             "the batch" +
                             (shape.kind == Kind::Array ? "" : ", not " + json::describe(shape)));
    return;
  }
  int64_t bytes = 8;
  for (const Value &extent : shape.elements) {
    if (extent.kind != Kind::Integer || extent.integer < 1 || extent.integer > kMaxExtent) {
      (void)messages.error(extent.loc, prefix +
                                           "an extent of \"shape\" must be an integer between 1 "
                                           "and 2147483647, not " +
                                           json::describe(extent));
      return;
    }
    if (__builtin_mul_overflow(bytes, extent.integer, &bytes) || bytes > int64_t(1) << 41) {
      (void)messages.error(shape.loc, prefix + "\"shape\" has more elements than 1 TiB can hold");
      return;
    }
    input.shape.push_back(extent.integer);
  }
}

Input ModelReader::readInput(const Value &entry) {
  Input input;
  input.loc = entry.loc;
  input.dtype = "float32";
  if (entry.kind != Kind::Object) {
    (void)messages.error(entry.loc, "an input must be an object, not " + json::describe(entry));
    return input;
  }
  checkKeys(messages, "input: ", entry, {"name", "shape", "dtype"});
  const Value *name = entry.find("name"), *shape = entry.find("shape"),
              *dtype = entry.find("dtype");
  if (!name || !shape)
    (void)messages.error(entry.loc, "an input needs \"name\" and \"shape\"");
  if (name && (name->kind != Kind::String || !isSafeName(name->text)))
    (void)messages.error(name->loc, "an input's name must be made of letters, digits, \"_\", \".\" "
                                    "and \"-\" (at most 128), not " +
                                        json::describe(*name));
  else if (name)
    input.name = name->text;
  if (shape)
    readShape(*shape, input);
  if (dtype && (dtype->kind != Kind::String || !llvm::is_contained(kDtypes, dtype->text)))
    (void)messages.error(dtype->loc, "input \"" + input.name + "\": \"dtype\" must be " +
                                         quotedList(kDtypes) + ", not " + json::describe(*dtype) +
                                         didYouMean(dtype->text, kDtypes));
  else if (dtype)
    input.dtype = dtype->text;
  return input;
}

void ModelReader::readInputs() {
  const Value *inputs = need("inputs", Kind::Array, "a list of inputs");
  if (!inputs)
    return;
  if (inputs->elements.empty())
    (void)messages.error(inputs->loc, "the model has no inputs");
  llvm::StringSet<> names;
  for (const Value &entry : inputs->elements) {
    model.inputs.push_back(readInput(entry));
    const std::string &name = model.inputs.back().name;
    if (!name.empty() && !names.insert(name).second)
      (void)messages.error(entry.loc, "the name \"" + name + "\" is used twice");
  }
}

void ModelReader::readTrain() {
  const Value *train = root.find("train");
  if (!train)
    return;
  model.train = *train;
  if (train->kind != Kind::Object) {
    (void)messages.error(train->loc, "\"train\" must be an object, not " + json::describe(*train));
    return;
  }
  model.training = {&trainRow(), train->loc, "train",
                    decodeFields(messages, "train: ", trainRow().fields, *train)};
}

void ModelReader::readFields(const Value &entry, StringRef prefix, Layer &layer) {
  layer.fields = decodeFields(messages, prefix, layer.type->fields, entry,
                              {"type", "name", "from", "share", "trainable"});
  if (const Value *trainable = entry.find("trainable")) {
    layer.trainable = trainable->boolean;
    if (trainable->kind != Kind::Bool)
      (void)messages.error(trainable->loc, prefix + "\"trainable\" must be true or false, not " +
                                               json::describe(*trainable));
  }
}

void ModelReader::readShare(const Value &entry, StringRef prefix, const Scope *scope, Node node,
                            Layer &layer) {
  const Value *share = entry.find("share");
  if (!share)
    return;
  layer.shareLoc = share->loc;
  SmallVector<StringRef> owned = {"trainable"};
  for (const Field &field : layer.type->fields)
    if (field.rows) // first values and penalties
      owned.push_back(field.name);
  for (StringRef key : owned)
    if (const Value *given = entry.find(key))
      (void)messages.error(given->loc, prefix + "\"" + key +
                                           "\" belongs to the layer that owns the shared weights");
  if (share->kind != Kind::String) {
    (void)messages.error(share->loc, prefix + "\"share\" must be a layer's name, not " +
                                         json::describe(*share));
    return;
  }
  FailureOr<Node> owner = resolver->lookUp({std::nullopt, share->text, share->loc, scope}, prefix);
  if (failed(owner))
    return;
  if (model.isInput(*owner) || *owner >= node)
    (void)messages.error(share->loc, prefix + "\"share\" must name an earlier layer, which \"" +
                                         share->text + "\" is not");
  else if (model.layer(*owner).type != layer.type)
    (void)messages.error(share->loc, prefix + "is a " + layer.type->name +
                                         " and cannot share the weights of \"" + share->text +
                                         "\"");
  else
    layer.share = *owner;
}

void ModelReader::checkInputCount(const Layer &layer) {
  unsigned count = layer.from.size(), min = layer.type->minInputs, max = layer.type->maxInputs;
  if (count >= min && count <= max)
    return;
  std::string wants = min == max    ? "exactly " + std::to_string(min)
                      : count < min ? "at least " + std::to_string(min)
                                    : "at most " + std::to_string(max);
  (void)messages.error(layer.fromLoc, "layer \"" + layer.name + "\": " + layer.type->name +
                                          " takes " + wants +
                                          (wants.ends_with(" 1") ? " input" : " inputs") +
                                          ", not " + Twine(count) + "; name them in \"from\"");
}

Layer ModelReader::readLayer(const ExpandedLayer &expanded, unsigned index) {
  const Value &entry = *expanded.entry;
  std::string prefix = "layer \"" + expanded.name + "\": ";
  Layer layer;
  layer.name = expanded.name;
  layer.loc = entry.loc;
  const Value &type = *entry.find("type");
  layer.type = type.kind == Kind::String ? findLayerType(type.text) : nullptr;
  if (!layer.type) {
    (void)messages.error(type.loc, prefix + "unknown layer " + json::describe(type) +
                                       didYouMean(type.text, layerTypeNames()));
    return layer;
  }
  readFields(entry, prefix, layer);
  readShare(entry, prefix, expanded.scope, model.inputs.size() + index, layer);
  const Value *from = entry.find("from");
  layer.fromLoc = from ? from->loc : entry.loc;
  FailureOr<std::vector<Node>> sources = resolver->sources(index);
  if (failed(sources))
    return layer;
  layer.from = std::move(*sources);
  checkInputCount(layer);
  return layer;
}

void ModelReader::readLayers() {
  const Value *layers = need("layers", Kind::Array, "a list of layers");
  if (!layers)
    return;
  if (layers->elements.empty()) {
    (void)messages.error(layers->loc, "the model has no layers");
    return;
  }
  std::vector<std::string> inputs;
  for (const Input &input : model.inputs)
    inputs.push_back(input.name);
  if (failed(expand(messages, *layers, root.find("blocks"), inputs, expansion)))
    return;
  resolver.emplace(messages, expansion, inputs.size());
  for (auto [index, layer] : llvm::enumerate(expansion.layers))
    model.layers.push_back(readLayer(layer, index));
}

void ModelReader::readOutputs() {
  const Value *outputs = root.find("outputs");
  if (!outputs) {
    model.outputs.push_back(model.inputs.size() + model.layers.size() - 1);
    return;
  }
  if (outputs->kind != Kind::Array || outputs->elements.empty()) {
    (void)messages.error(outputs->loc, "\"outputs\" must be a list of at least one layer's name");
    return;
  }
  for (const Value &output : outputs->elements) {
    if (output.kind != Kind::String) {
      (void)messages.error(output.loc,
                           "an output must be a layer's name, not " + json::describe(output));
      continue;
    }
    FailureOr<Node> node =
        resolver->lookUp({std::nullopt, output.text, output.loc, &expansion.scopes.front()}, "");
    if (failed(node))
      continue;
    if (model.isInput(*node))
      (void)messages.error(output.loc, "\"" + output.text + "\" is an input; an output is a layer");
    else if (llvm::is_contained(model.outputs, *node))
      (void)messages.error(output.loc, "the output \"" + output.text + "\" is listed twice");
    model.outputs.push_back(*node);
  }
}

FailureOr<Model> ModelReader::read() {
  if (root.kind != Kind::Object)
    return messages.error(root.loc, "a model must be an object, not " + json::describe(root));
  readHead();
  readInputs();
  readTrain();
  // Without good inputs every layer would fail for their sake.
  if (model.inputs.empty() || messages.errorCount())
    return failure();
  readLayers();
  if (messages.errorCount())
    return failure();
  readOutputs();
  checkOrder(messages, model);
  if (messages.errorCount() == 0)
    checkUse(messages, model);
  if (messages.errorCount())
    return failure();
  return std::move(model);
}

FailureOr<Model> readModel(llvm::SourceMgr &sources) {
  Messages messages(sources);
  FailureOr<Value> root = json::read(messages, sources.getMainFileID());
  if (failed(root))
    return failure();
  return ModelReader(messages, *root).read();
}

} // namespace dlc::frontend
