//===- Schema.cpp - JSON Schema of model files --------------------------------------===//
// Accepts every file that the importer accepts. What a schema cannot say (names that refer to each
// other, shapes that fit) is left to the importer.

#include "compiler/frontend/LayerTable.h"
#include "compiler/frontend/Reference.h"
#include "compiler/frontend/TrainTable.h"
#include "llvm/Support/JSON.h"
#include <cmath>

using namespace mlir;
using llvm::json::Array, llvm::json::Object;
using JsonValue = llvm::json::Value;

namespace dlc::frontend {

static Object ref(StringRef name) { return Object{{"$ref", ("#/$defs/" + name).str()}}; }

static Object listOf(JsonValue items, std::optional<int64_t> count = std::nullopt) {
  Object schema{{"type", "array"}, {"items", std::move(items)}};
  if (count) {
    schema["minItems"] = *count;
    schema["maxItems"] = *count;
  }
  return schema;
}

static Object anyOf(Array choices) { return Object{{"anyOf", std::move(choices)}}; }
template <typename... Objects> static Object anyOf(Object first, Objects... rest) {
  return anyOf(Array{std::move(first), std::move(rest)...});
}

static Object scalar(StringRef type, const Field &field) {
  Object schema{{"type", type}};
  bool isInteger = type == "integer";
  auto bound = [&](double value) {
    return isInteger ? JsonValue(static_cast<int64_t>(value)) : JsonValue(value);
  };
  if (std::isfinite(field.min))
    schema["minimum"] = bound(field.min);
  if (std::isfinite(field.max))
    schema["maximum"] = bound(field.max);
  return schema;
}

static Object choices(const Field &field) {
  Array words;
  for (StringRef word : field.getChoices())
    words.push_back(word);
  return Object{{"enum", std::move(words)}};
}

static Object orParameter(Object schema) { return anyOf(std::move(schema), ref("parameter")); }

// The definition of the table that a field names a row of.
static Object tableRef(const Field &field) {
  for (const TrainTable &table : trainTables())
    if (table.rows == field.rows)
      return ref(table.title);
  llvm_unreachable("a field names rows of a table that the reference lacks");
}

static Object schemaOfKind(const Field &field) {
  auto integer = [&] { return scalar("integer", field); };
  auto integers = [&](std::optional<int64_t> count = std::nullopt) {
    return listOf(orParameter(integer()), count);
  };
  auto pairs = [&] { return listOf(orParameter(integers(2)), 2); };
  switch (field.kind) {
  case FieldKind::Integer:
    return integer();
  case FieldKind::Pair:
    return anyOf(integer(), integers(2));
  case FieldKind::Integers:
    return integers();
  case FieldKind::Number:
    return scalar("number", field);
  case FieldKind::Numbers:
    return anyOf(scalar("number", field), listOf(orParameter(scalar("number", field))));
  case FieldKind::Flag:
    return Object{{"type", "boolean"}};
  case FieldKind::Choice:
    return choices(field);
  case FieldKind::Padding:
    return anyOf(choices(field), pairs());
  case FieldKind::Text:
    return Object{{"type", "string"}};
  case FieldKind::Named:
    return tableRef(field);
  case FieldKind::NamedList:
    return anyOf(tableRef(field), listOf(tableRef(field)));
  case FieldKind::NumberOrNamed:
    return anyOf(scalar("number", field), tableRef(field));
  case FieldKind::Any:
    return Object{};
  case FieldKind::PadAmounts:
    return anyOf(integer(), integers(2), pairs());
  }
  llvm_unreachable("every kind has a schema");
}

static Object describe(Object schema, const Field &field) {
  if (field.isNullable())
    schema = anyOf(std::move(schema), Object{{"type", "null"}});
  schema["description"] = field.doc;
  if (!field.isRequired())
    schema["default"] = llvm::cantFail(llvm::json::parse(field.fallback));
  return schema;
}

// A field's schema; inside blocks a parameter may stand for any value, or part of one.
static Object schemaOf(const Field &field) {
  return describe(orParameter(schemaOfKind(field)), field);
}

static Object closedObject(Object properties, Array required) {
  return Object{{"type", "object"},
                {"properties", std::move(properties)},
                {"required", std::move(required)},
                {"additionalProperties", false}};
}

static Object rowSchema(const Row &row, bool isTyped, Array &names) {
  Object properties;
  Array required, spellings{row.name};
  for (StringRef alias : row.aliases)
    spellings.push_back(alias);
  for (const Field &field : row.fields) {
    properties[field.name] = schemaOf(field);
    if (field.isRequired())
      required.push_back(field.name);
  }
  if (isTyped) {
    if (required.empty())
      llvm::append_range(names, spellings);
    properties["type"] = Object{{"enum", std::move(spellings)}};
    required.push_back("type");
  }
  Object schema = closedObject(std::move(properties), std::move(required));
  schema["description"] = row.doc;
  return schema;
}

// A row's name, or an object of its fields.
static Object tableSchema(const TrainTable &table) {
  Array choices, names;
  Rows rows = table.rows();
  for (const Row *row : rows)
    choices.push_back(rowSchema(*row, rows.size() > 1, names));
  if (!names.empty())
    choices.push_back(Object{{"enum", std::move(names)}});
  Object schema = anyOf(std::move(choices));
  schema["description"] = table.doc;
  return schema;
}

static Object trainSchema() {
  Object properties;
  for (const Field &field : trainRow().fields)
    properties[field.name] = describe(schemaOfKind(field), field);
  return closedObject(std::move(properties), Array{});
}

static Object layerSchema(const LayerType &type) {
  Array names{type.name};
  for (StringRef alias : type.aliases)
    names.push_back(alias);
  Object properties{{"type", Object{{"enum", std::move(names)}}},
                    {"name", ref("name")},
                    {"from", ref("from")},
                    {"share", Object{{"type", "string"}}},
                    {"trainable", anyOf(Object{{"type", "boolean"}}, ref("parameter"))}};
  Array required{"type"};
  for (const Field &field : type.fields) {
    properties[field.name] = schemaOf(field);
    if (field.isRequired())
      required.push_back(field.name);
  }
  Object schema = closedObject(std::move(properties), std::move(required));
  schema["description"] = type.doc;
  return schema;
}

static Object repeatSchema() {
  Object count =
      anyOf(Object{{"type", "integer"}, {"minimum", 1}, {"maximum", 10000}}, ref("parameter"));
  return closedObject(Object{{"repeat", std::move(count)},
                             {"name", ref("name")},
                             {"layers", ref("layers")},
                             {"from", Object{{"type", "string"}}}},
                      Array{"repeat", "layers"});
}

static Object blockUseSchema() {
  return closedObject(Object{{"block", Object{{"type", "string"}}},
                             {"name", ref("name")},
                             {"with", Object{{"type", "object"}}},
                             {"from", Object{{"type", "string"}}}},
                      Array{"block"});
}

static Object blockSchema() {
  return closedObject(
      Object{{"params", listOf(Object{{"type", "string"}})}, {"layers", ref("layers")}},
      Array{"layers"});
}

static Object inputSchema() {
  Object extent{{"type", "integer"}, {"minimum", 1}, {"maximum", kMaxExtent}};
  Object shape = listOf(std::move(extent));
  shape["minItems"] = 1;
  shape["maxItems"] = 7;
  Object dtype{{"enum", Array{"float32", "uint8", "int32", "int64"}}, {"default", "float32"}};
  return closedObject(
      Object{{"name", ref("name")}, {"shape", std::move(shape)}, {"dtype", std::move(dtype)}},
      Array{"name", "shape"});
}

static Object definitions() {
  Array entries{ref("repeat"), ref("block")};
  Object defs;
  for (const LayerType &type : layerTypes()) {
    defs[type.name] = layerSchema(type);
    entries.push_back(ref(type.name));
  }
  Object layers = listOf(Object{{"oneOf", std::move(entries)}});
  layers["minItems"] = 1;
  defs["layers"] = std::move(layers);
  for (const TrainTable &table : trainTables())
    defs[table.title] = tableSchema(table);
  defs["repeat"] = repeatSchema();
  defs["block"] = blockUseSchema();
  defs["input"] = inputSchema();
  defs["name"] = Object{{"type", "string"}, {"pattern", "^[A-Za-z0-9_.$*-]{1,128}$"}};
  defs["from"] = anyOf(Object{{"type", "string"}}, listOf(Object{{"type", "string"}}));
  defs["parameter"] = Object{{"type", "string"},
                             {"pattern", "^\\$"},
                             {"description", "a parameter of the block: \"$name\" or \"$name*4\""}};
  return defs;
}

static Object rootSchema() {
  Object inputs = listOf(ref("input"));
  inputs["minItems"] = 1;
  Object outputs = listOf(Object{{"type", "string"}});
  outputs["minItems"] = 1;
  return closedObject(
      Object{{"$schema", Object{{"type", "string"}}},
             {"dlc", Object{{"const", 1}}},
             {"name", Object{{"type", "string"}, {"pattern", "^[A-Za-z0-9_. -]{1,64}$"}}},
             {"inputs", std::move(inputs)},
             {"layers", ref("layers")},
             {"blocks", Object{{"type", "object"}, {"additionalProperties", blockSchema()}}},
             {"outputs", std::move(outputs)},
             {"weights", Object{{"type", "string"}}},
             {"train", trainSchema()}},
      Array{"name", "inputs", "layers"});
}

void printSchema(llvm::raw_ostream &os) {
  Object schema = rootSchema();
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["$id"] = "dlc-model-1.json";
  schema["title"] = "A network for dlc";
  schema["$defs"] = definitions();
  llvm::json::OStream(os, 1).value(JsonValue(std::move(schema)));
  os << "\n";
}

} // namespace dlc::frontend
