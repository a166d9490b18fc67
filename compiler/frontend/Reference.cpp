//===- Reference.cpp - the reference page of layers ---------------------------------===//

#include "compiler/frontend/Reference.h"
#include "compiler/frontend/LayerTable.h"
#include "compiler/frontend/TrainTable.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace dlc::frontend {

static constexpr StringRef kIntroduction =
    R"(# Layers of model.json

Names and defaults are Keras's. Besides its own fields every layer takes:

- `name`: letters, digits, `_`, `.`, `-`; its parameters are `<name>/kernel` and so on.
- `from`: the layer or input it reads, or a list of them; the layer before it unless given.
- `share`: an earlier layer of the same type whose weights it uses.
- `trainable`: `false` freezes its weights.

An entry `{"repeat": 3, "name": "stage", "layers": [...]}` stands for three copies of its layers, named
`stage_0_...` and so on. An entry `{"block": "basic", "name": "b1", "with": {"filters": 64}}` stands for the
layers of `"blocks": {"basic": {"params": ["filters"], "layers": [...]}}`, named `b1_...`; in them
`"$filters"` is replaced by 64 and `"$filters*4"` by 256. Inside both, `from` looks among the names of
the same copy first, and `"@in"` is what flows into the copy.
)";

static void printInputs(llvm::raw_ostream &os, const LayerType &type) {
  if (type.maxInputs == 1)
    return;
  os << "\nReads ";
  if (type.minInputs == type.maxInputs)
    os << type.minInputs;
  else
    os << type.minInputs << " or more";
  os << " inputs.\n";
}

static void printFields(llvm::raw_ostream &os, ArrayRef<Field> fields) {
  if (fields.empty())
    return;
  os << "\n| field | default | meaning | value |\n|---|---|---|---|\n";
  for (const Field &field : fields) {
    os << "| `" << field.name << "` | ";
    if (field.isRequired())
      os << "required";
    else
      os << "`" << field.fallback << "`";
    os << " | " << field.doc << " | " << describeField(field) << " |\n";
  }
}

static void printAliases(llvm::raw_ostream &os, ArrayRef<StringRef> aliases) {
  if (!aliases.empty())
    os << "\nAlso called " << llvm::join(aliases, ", ") << ".\n";
}

// Losses are metrics too; they are described once.
static void printTraining(llvm::raw_ostream &os) {
  os << "\n# Training\n\nThe model's \"train\" says how `dlc compile --train` and `dlc train` "
        "train "
        "it.\n";
  printFields(os, trainRow().fields);
  llvm::SmallPtrSet<const Row *, 32> printed;
  for (const TrainTable &table : trainTables()) {
    os << "\n## " << table.title << "\n\n" << table.doc << "\n";
    for (const Row *row : table.rows()) {
      if (!printed.insert(row).second)
        continue;
      os << "\n### " << row->name << "\n\n" << row->doc << "\n";
      printAliases(os, row->aliases);
      printFields(os, row->fields);
    }
  }
}

static void printMarkdown(llvm::raw_ostream &os) {
  os << kIntroduction;
  for (const LayerType &type : layerTypes()) {
    os << "\n## " << type.name << "\n\n" << type.doc << "\n";
    printInputs(os, type);
    printAliases(os, type.aliases);
    printFields(os, type.fields);
  }
  printTraining(os);
}

static void printField(llvm::json::OStream &json, const Field &field) {
  json.attribute("name", field.name);
  json.attribute("required", field.isRequired());
  if (!field.isRequired()) {
    json.attributeBegin("default");
    json.rawValue(field.fallback);
    json.attributeEnd();
  }
  json.attribute("value", describeField(field));
  json.attribute("doc", field.doc);
}

static void printLayer(llvm::json::OStream &json, const LayerType &type) {
  json.attribute("name", type.name);
  json.attributeArray("aliases", [&] {
    for (StringRef alias : type.aliases)
      json.value(alias);
  });
  json.attribute("doc", type.doc);
  json.attribute("min_inputs", type.minInputs);
  json.attribute("max_inputs", type.maxInputs);
  json.attributeArray("fields", [&] {
    for (const Field &field : type.fields)
      json.object([&] { printField(json, field); });
  });
}

void printLayers(llvm::raw_ostream &os, bool json) {
  if (!json)
    return printMarkdown(os);
  llvm::json::OStream stream(os, 1);
  stream.array([&] {
    for (const LayerType &type : layerTypes())
      stream.object([&] { printLayer(stream, type); });
  });
  os << "\n";
}

} // namespace dlc::frontend
