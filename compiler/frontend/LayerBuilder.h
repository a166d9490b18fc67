//===- LayerBuilder.h - what build functions of layers work with --------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_LAYERBUILDER_H
#define DLC_COMPILER_FRONTEND_LAYERBUILDER_H

#include "compiler/frontend/Initializers.h"
#include "compiler/frontend/Model.h"
#include "dialects/nn/Nn.h"
#include "llvm/ADT/MapVector.h"
#include <memory>

namespace dlc::frontend {

/// The functions that "activation" names.
inline constexpr llvm::StringLiteral kActivations =
    "linear|relu|relu6|leaky_relu|sigmoid|tanh|softmax|log_softmax|elu|exponential|gelu|silu|swish|"
    "hard_sigmoid|softplus|sign";

/// A value of the graph. An image of a channels_first layer is stored channels last all the same,
/// and the model sees it as [batch, channels, height, width]: a transpose is built only where a
/// later layer or an output needs the model's order.
struct Tensor {
  mlir::Value value;
  bool channelsFirst = false;

  mlir::RankedTensorType type() const {
    return mlir::cast<mlir::RankedTensorType>(value.getType());
  }
};

enum class ParamKind { Weight, State };

/// A tensor of the weights file, to become an argument of @forward.
struct Parameter {
  std::string name; ///< "c1/kernel"
  mlir::Value value;
  ParamKind kind;
  bool trainable;
  Initializer initializer;
  Penalty penalty;
};

/// Every parameter so far, by name, in the order of the signature.
using Parameters = llvm::MapVector<llvm::StringRef, std::unique_ptr<Parameter>>;

/// Builds the ops of one layer. Failures are reported where they are found.
class LayerBuilder {
public:
  LayerBuilder(Messages &messages, const Model &model, const Layer &layer, mlir::OpBuilder &builder,
               Parameters &parameters, llvm::ArrayRef<Tensor> inputs);

  // The layer's fields.
  const FieldValue &field(llvm::StringRef name) const;
  int64_t integer(llvm::StringRef name) const { return field(name).integers.front(); }
  llvm::ArrayRef<int64_t> integers(llvm::StringRef name) const { return field(name).integers; }
  double number(llvm::StringRef name) const { return field(name).numbers.front(); }
  llvm::ArrayRef<double> numbers(llvm::StringRef name) const { return field(name).numbers; }
  bool flag(llvm::StringRef name) const { return field(name).source.boolean; }
  llvm::StringRef text(llvm::StringRef name) const { return field(name).source.text; }

  /// Whether its weights, or those that it shares, are trained.
  bool isTrainable() const;
  /// Whether statistics of a batch are those of all its parts, where several processes train.
  bool joinsStatistics() const;

  // Its inputs.
  llvm::ArrayRef<Tensor> inputs() const { return tensors; }
  /// An input as it is stored: for what treats every element alike.
  const Tensor &stored(unsigned i = 0) const { return tensors[i]; }
  /// An input with its dimensions in the model's order.
  mlir::FailureOr<mlir::Value> logical(unsigned i = 0);
  /// The first input as [batch, height, width, channels], whatever "data_format" says.
  mlir::FailureOr<mlir::Value> image();
  /// A value that was computed from image().
  Tensor imageResult(mlir::Value value) const;
  /// The first input with the dimension that "axis" names last, or an error that says what is
  /// supported.
  mlir::FailureOr<Tensor> lastAxis();

  /// The parameter `<layer>/<name>`, or the one of the layer whose weights are shared. The fields
  /// `<name>_initializer` and, if the row has it, `<name>_regularizer` belong to it.
  mlir::FailureOr<mlir::Value> parameter(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                                         ParamKind kind = ParamKind::Weight);
  /// A constant vector.
  mlir::Value constant(llvm::ArrayRef<double> values);
  mlir::Value splat(double value, int64_t extent);

  /// Creates an op after its shapes and sizes were checked.
  template <typename OpTy>
  mlir::FailureOr<mlir::Value> create(mlir::ValueRange operands,
                                      llvm::ArrayRef<mlir::NamedAttribute> attributes = {}) {
    mlir::FailureOr<OpTy> op = nn::tryCreate<OpTy>(builder, loc, operands, attributes);
    if (mlir::failed(op))
      return mlir::failure();
    return checked((*op)->getResult(0));
  }
  mlir::FailureOr<mlir::Value> reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape);
  mlir::FailureOr<mlir::Value> transpose(mlir::Value x, llvm::ArrayRef<int64_t> perm);
  /// Applies the function of the field "activation".
  mlir::FailureOr<mlir::Value> activate(mlir::Value x);

  // Attributes.
  mlir::NamedAttribute attr(llvm::StringRef name, llvm::ArrayRef<int64_t> values);
  mlir::NamedAttribute attr(llvm::StringRef name, int64_t value);
  mlir::NamedAttribute attr(llvm::StringRef name, double value);
  mlir::NamedAttribute attr(llvm::StringRef name, mlir::Attribute value);
  mlir::NamedAttribute unit(llvm::StringRef name) { return attr(name, builder.getUnitAttr()); }

  /// Reports at a field's place; at the layer's where the field was not given.
  llvm::LogicalResult error(llvm::StringRef field, const llvm::Twine &text);
  llvm::LogicalResult error(const llvm::Twine &text);
  /// Fails where `outputs` elements with `each` operations each are more than 64 bits can count.
  llvm::LogicalResult checkWork(mlir::Value outputs, int64_t each);

private:
  mlir::FailureOr<mlir::Value> checked(mlir::Value value);
  const Layer &owner() const;
  const FieldValue *findField(llvm::StringRef name) const;
  mlir::FailureOr<mlir::Value> sharedParameter(llvm::StringRef name, mlir::RankedTensorType type);

  Messages &messages;
  const Model &model;
  const Layer &layer;
  mlir::OpBuilder &builder;
  Parameters &parameters;
  llvm::SmallVector<Tensor> tensors;
  mlir::Location loc;
};

/// A shape as a model file writes it, without the batch: `[28, 28, 1]`.
std::string spellShape(mlir::RankedTensorType type);

/// Whether every extent and the bytes of the whole (4 an element) are within bounds.
bool isWithinBounds(llvm::ArrayRef<int64_t> shape);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_LAYERBUILDER_H
