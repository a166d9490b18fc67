//===- LayerBuilder.cpp - what build functions of layers work with ------------------===//

#include "compiler/frontend/LayerBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

using namespace mlir;
using llvm::Twine;

namespace dlc::frontend {

// The largest tensor; one TiB holds any network and keeps byte counts far from overflow.
static constexpr int64_t kMaxTensorBytes = int64_t(1) << 40;

LayerBuilder::LayerBuilder(Messages &messages, const Model &model, const Layer &layer,
                           OpBuilder &builder, Parameters &parameters, ArrayRef<Tensor> inputs)
    : messages(messages), model(model), layer(layer), builder(builder), parameters(parameters),
      tensors(inputs),
      loc(layerLocation(builder.getContext(), messages.getSources(), layer.name, layer.loc)) {}

const FieldValue *LayerBuilder::findField(StringRef name) const {
  for (auto [field, value] : llvm::zip_equal(layer.type->fields, layer.fields))
    if (field.name == name)
      return &value;
  return nullptr;
}

const FieldValue &LayerBuilder::field(StringRef name) const {
  if (const FieldValue *value = findField(name))
    return *value;
  llvm_unreachable("a build function asked for a field that its row lacks");
}

LogicalResult LayerBuilder::error(StringRef name, const Twine &text) {
  const FieldValue &value = field(name);
  return messages.error(value.given ? value.source.loc : layer.loc,
                        "layer \"" + layer.name + "\": " + text);
}

LogicalResult LayerBuilder::error(const Twine &text) {
  return messages.error(layer.loc, "layer \"" + layer.name + "\": " + text);
}

std::string spellShape(RankedTensorType type) {
  std::string text = "[";
  llvm::ListSeparator comma;
  for (int64_t extent : type.getShape().drop_front())
    text += (StringRef(comma) + Twine(extent)).str();
  return text + "]";
}

bool isWithinBounds(ArrayRef<int64_t> shape) {
  std::optional<int64_t> bytes = 4;
  for (int64_t extent : shape) {
    if (ShapedType::isDynamic(extent))
      continue;
    if (extent < 0 || extent > kMaxExtent)
      return false;
    bytes = llvm::checkedMul(*bytes, extent);
    if (!bytes || *bytes > kMaxTensorBytes)
      return false;
  }
  return true;
}

FailureOr<Value> LayerBuilder::checked(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  if (isWithinBounds(type.getShape()))
    return value;
  return error("its result would have shape " + spellShape(type) +
               "; a tensor may have extents up to 2147483647 and at most 1 TiB");
}

LogicalResult LayerBuilder::checkWork(Value outputs, int64_t each) {
  // Twice the operations, so that an activation behind them is counted safely as well.
  std::optional<int64_t> work = 4;
  for (int64_t extent : cast<RankedTensorType>(outputs.getType()).getShape().drop_front())
    if (work)
      work = llvm::checkedMul(*work, extent);
  if (work && llvm::checkedMul(*work, each))
    return success();
  return error("its operations are more than 64 bits can count");
}

FailureOr<Value> LayerBuilder::transpose(Value x, ArrayRef<int64_t> perm) {
  return create<nn::TransposeOp>(x, attr("perm", perm));
}

FailureOr<Value> LayerBuilder::reshape(Value x, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(x.getType());
  SmallVector<int64_t> whole = {type.getDimSize(0)};
  whole.append(shape.begin(), shape.end());
  return checked(nn::ReshapeOp::create(builder, loc, type.clone(whole), x));
}

FailureOr<Value> LayerBuilder::logical(unsigned i) {
  if (!tensors[i].channelsFirst)
    return tensors[i].value;
  return transpose(tensors[i].value, {0, 3, 1, 2});
}

FailureOr<Value> LayerBuilder::image() {
  const Tensor &x = tensors.front();
  bool wantsFirst = text("data_format") == "channels_first";
  if (x.type().getRank() != 4)
    return error(Twine("needs an image ") +
                 (wantsFirst ? "[channels, height, width]" : "[height, width, channels]") +
                 ", but its input has shape " + spellShape(x.type()));
  if (x.channelsFirst == wantsFirst)
    return x.value;
  return wantsFirst ? transpose(x.value, {0, 2, 3, 1}) : logical();
}

Tensor LayerBuilder::imageResult(Value value) const {
  return {value, text("data_format") == "channels_first"};
}

FailureOr<Tensor> LayerBuilder::lastAxis() {
  const Tensor &x = tensors.front();
  int64_t rank = x.type().getRank(), given = integer("axis"),
          axis = given < 0 ? given + rank : given;
  if (axis < 1 || axis >= rank)
    return error("axis", "axis " + Twine(given) + " must lie between 1 and " + Twine(rank - 1) +
                             " (or be negative, from the end); 0 is the batch");
  // Channels of a channels_first image are stored last.
  if (x.channelsFirst && axis == 1)
    return x;
  if (axis != rank - 1)
    return error("axis", "axis " + Twine(given) + " is not supported: use the last dimension (-1)" +
                             (rank == 4 ? ", or 1 behind a channels_first layer" : ""));
  FailureOr<Value> value = logical();
  if (failed(value))
    return failure();
  return Tensor{*value};
}

const Layer &LayerBuilder::owner() const {
  const Layer *owner = &layer;
  while (owner->share)
    owner = &model.layer(*owner->share);
  return *owner;
}

bool LayerBuilder::isTrainable() const { return owner().trainable; }

bool LayerBuilder::joinsStatistics() const {
  return model.training.row && model.training.flag("sync_batch_norm");
}

FailureOr<Value> LayerBuilder::sharedParameter(StringRef name, RankedTensorType type) {
  auto found = parameters.find(owner().name + "/" + name.str());
  std::string message = "shares the weights of \"" + owner().name + "\", ";
  auto fail = [&](const Twine &reason) {
    return messages.error(layer.shareLoc, "layer \"" + layer.name + "\": " + message + reason);
  };
  if (found == parameters.end())
    return fail("which has no " + name);
  Value value = found->second->value;
  if (value.getType() == type)
    return value;
  auto spell = [](RankedTensorType type) {
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::interleaveComma(type.getShape(), os << "[");
    return text + "]";
  };
  return fail("whose " + name + " is " + spell(cast<RankedTensorType>(value.getType())) +
              ", but needs " + spell(type));
}

FailureOr<Value> LayerBuilder::parameter(StringRef name, ArrayRef<int64_t> shape, ParamKind kind) {
  if (!isWithinBounds(shape))
    return error("its " + name + " would be larger than 1 TiB");
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  if (layer.share)
    return sharedParameter(name, type);
  Block *entry = builder.getInsertionBlock();
  const FieldValue &initializer = field((name + "_initializer").str());
  const FieldValue *penalty = findField((name + "_regularizer").str());
  auto parameter = std::make_unique<Parameter>(
      Parameter{layer.name + "/" + name.str(), entry->addArgument(type, loc), kind,
                layer.trainable && kind == ParamKind::Weight,
                resolveInitializer(initializer.named.front(), shape),
                penalty ? resolvePenalty(*penalty) : Penalty()});
  Value value = parameter->value;
  StringRef key = parameter->name;
  parameters.insert({key, std::move(parameter)});
  return value;
}

Value LayerBuilder::constant(ArrayRef<double> values) {
  auto type = RankedTensorType::get(static_cast<int64_t>(values.size()), builder.getF32Type());
  SmallVector<float> floats(values.begin(), values.end());
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, ArrayRef<float>(floats)));
}

Value LayerBuilder::splat(double value, int64_t extent) {
  auto type = RankedTensorType::get(extent, builder.getF32Type());
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, static_cast<float>(value)));
}

NamedAttribute LayerBuilder::attr(StringRef name, Attribute value) {
  return builder.getNamedAttr(name, value);
}
NamedAttribute LayerBuilder::attr(StringRef name, ArrayRef<int64_t> values) {
  return attr(name, builder.getDenseI64ArrayAttr(values));
}
NamedAttribute LayerBuilder::attr(StringRef name, int64_t value) {
  return attr(name, builder.getI64IntegerAttr(value));
}
NamedAttribute LayerBuilder::attr(StringRef name, double value) {
  return attr(name, builder.getF32FloatAttr(static_cast<float>(value)));
}

} // namespace dlc::frontend
