//===- ReferenceTest.cpp - schema and reference page --------------------------------===//

#include "compiler/frontend/Reference.h"
#include "compiler/frontend/LayerTable.h"
#include "llvm/Support/JSON.h"
#include <gmock/gmock.h>

using namespace dlc::frontend;
using testing::HasSubstr;

namespace {

llvm::json::Value parse(const std::string &text) {
  auto value = llvm::json::parse(text);
  EXPECT_TRUE(static_cast<bool>(value)) << text.substr(0, 200);
  return value ? std::move(*value) : llvm::json::Value(nullptr);
}

TEST(Reference, SchemaHasEveryLayerAndField) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printSchema(os);
  llvm::json::Value schema = parse(text);
  const llvm::json::Object *defs = schema.getAsObject()->getObject("$defs");
  ASSERT_TRUE(defs);
  for (const LayerType &type : layerTypes()) {
    const llvm::json::Object *layer = defs->getObject(type.name);
    ASSERT_TRUE(layer) << type.name.str();
    for (const Field &field : type.fields)
      EXPECT_TRUE(layer->getObject("properties")->get(field.name)) << field.name.str();
  }
}

TEST(Reference, MarkdownNamesEveryField) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printLayers(os, false);
  EXPECT_THAT(text, HasSubstr("## Conv2D\n"));
  EXPECT_THAT(text, HasSubstr("| `filters` | required | number of output channels | an integer of "
                              "at least 1 |\n"));
  EXPECT_THAT(text, HasSubstr("| `epsilon` | `0.001` |"));
  for (const LayerType &type : layerTypes())
    EXPECT_THAT(text, HasSubstr("## " + type.name.str() + "\n"));
}

TEST(Reference, JsonIsTheSameTable) {
  std::string text;
  llvm::raw_string_ostream os(text);
  printLayers(os, true);
  llvm::json::Value layers = parse(text);
  EXPECT_EQ(layers.getAsArray()->size(), layerTypes().size());
}

} // namespace
