//===- Inspect.cpp - the table of a model's layers ----------------------------------===//

#include "compiler/frontend/Inspect.h"
#include "compiler/frontend/LayerBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace dlc::frontend {

void describeResult(const Tensor &result, LayerInfo &info) {
  ArrayRef<int64_t> stored = result.type().getShape().drop_front();
  info.shape.assign(stored.begin(), stored.end());
  if (result.channelsFirst)
    info.shape = {stored[2], stored[0], stored[1]};
  info.bytes = 4 * ShapedType::getNumElements(stored);
}

int64_t flopsPerSample(Operation &op) {
  if (isa<nn::ReshapeOp, nn::TransposeOp, nn::PadOp, nn::ConcatOp, nn::DropoutOp, nn::CastOp,
          arith::ConstantOp>(op))
    return 0;
  if (auto cost = dyn_cast<nn::CostOpInterface>(op))
    return cost.getFlopsPerSample();
  auto type = cast<RankedTensorType>(op.getResult(0).getType());
  return ShapedType::getNumElements(type.getShape().drop_front());
}

static LayerInfo totalsOf(const ModelInfo &info) {
  LayerInfo total;
  // Saturates: the sum of many huge layers is still huge.
  auto add = [](int64_t &sum, int64_t value) {
    if (__builtin_add_overflow(sum, value, &sum))
      sum = INT64_MAX;
  };
  for (const LayerInfo &layer : info.layers) {
    add(total.parameters, layer.parameters);
    add(total.flops, layer.flops);
    add(total.bytes, layer.bytes);
  }
  return total;
}

static std::string spellExtents(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(shape, os, "x");
  return text;
}

static void printText(llvm::raw_ostream &os, const ModelInfo &info) {
  size_t name = 5, type = 4, shape = 6;
  for (const LayerInfo &layer : info.layers) {
    name = std::max(name, layer.name.size());
    type = std::max(type, layer.type.size());
    shape = std::max(shape, spellExtents(layer.shape).size());
  }
  auto row = [&](StringRef a, StringRef b, StringRef c, const auto &d, const auto &e,
                 const auto &f) {
    os << llvm::left_justify(a, name) << "  " << llvm::left_justify(b, type) << "  "
       << llvm::left_justify(c, shape) << llvm::formatv("  {0,14}  {1,16}  {2,16}\n", d, e, f);
  };
  os << info.name << ", for one sample\n";
  row("layer", "type", "output", "parameters", "FLOPs", "output bytes");
  for (const LayerInfo &layer : info.layers)
    row(layer.name, layer.type, spellExtents(layer.shape), layer.parameters, layer.flops,
        layer.bytes);
  LayerInfo total = totalsOf(info);
  row("total", "", "", total.parameters, total.flops, total.bytes);
}

static void printFigures(llvm::json::OStream &json, const LayerInfo &layer) {
  json.attribute("parameters", layer.parameters);
  json.attribute("flops", layer.flops);
  json.attribute("activation_bytes", layer.bytes);
}

static void printJson(llvm::raw_ostream &os, const ModelInfo &info) {
  llvm::json::OStream json(os, 1);
  json.object([&] {
    json.attribute("name", info.name);
    json.attributeArray("layers", [&] {
      for (const LayerInfo &layer : info.layers)
        json.object([&] {
          json.attribute("name", layer.name);
          json.attribute("type", layer.type);
          json.attributeArray("shape", [&] {
            for (int64_t extent : layer.shape)
              json.value(extent);
          });
          printFigures(json, layer);
        });
    });
    json.attributeObject("totals", [&] { printFigures(json, totalsOf(info)); });
  });
  os << "\n";
}

void printInspection(llvm::raw_ostream &os, const ModelInfo &info, bool json) {
  json ? printJson(os, info) : printText(os, info);
}

} // namespace dlc::frontend
