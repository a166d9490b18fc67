//===- ModelText.cpp - a model as canonical JSON ------------------------------------===//

#include "compiler/frontend/Model.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace dlc::frontend {

static void printInput(llvm::raw_ostream &os, const Input &input) {
  os << "{\"name\": \"" << input.name << "\", \"shape\": [";
  llvm::interleaveComma(input.shape, os);
  os << "], \"dtype\": \"" << input.dtype << "\"}";
}

static void printNames(llvm::raw_ostream &os, const Model &model, ArrayRef<Node> nodes) {
  os << "[";
  llvm::interleaveComma(nodes, os, [&](Node node) { os << '"' << model.nameOf(node) << '"'; });
  os << "]";
}

static void printLayer(llvm::raw_ostream &os, const Model &model, const Layer &layer) {
  os << "{\"type\": \"" << layer.type->name << "\", \"name\": \"" << layer.name << "\", \"from\": ";
  printNames(os, model, layer.from);
  for (auto [field, value] : llvm::zip_equal(layer.type->fields, layer.fields)) {
    os << ", \"" << field.name << "\": ";
    json::print(os, value.source);
  }
  if (layer.share)
    os << ", \"share\": \"" << model.nameOf(*layer.share) << '"';
  if (!layer.trainable)
    os << ", \"trainable\": false";
  os << "}";
}

std::string printModel(const Model &model) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "{\n \"$schema\": \"dlc-model-1.json\", \"dlc\": 1, \"name\": ";
  json::printString(os, model.name);
  os << ",\n \"inputs\": [\n  ";
  llvm::interleave(model.inputs, os, [&](const Input &input) { printInput(os, input); }, ",\n  ");
  os << "\n ],\n \"layers\": [\n  ";
  llvm::interleave(
      model.layers, os, [&](const Layer &layer) { printLayer(os, model, layer); }, ",\n  ");
  os << "\n ],\n \"outputs\": ";
  printNames(os, model, model.outputs);
  if (!model.weights.empty())
    json::printString(os << ",\n \"weights\": ", model.weights);
  if (model.train.kind == json::Kind::Object)
    json::print(os << ",\n \"train\": ", model.train);
  os << "\n}\n";
  return text;
}

} // namespace dlc::frontend
