//===- TrainMeasures.cpp - formulas of losses and metrics ---------------------------===//
// Means are over the batch and whatever else a sample holds. Formulas are Keras's unless they say
// so; the slopes at kinks are those of compiler/ops/Derivative.h.

#include "compiler/frontend/TrainMeasures.h"
#include <cmath>

using namespace mlir;
using dlc::nn::Expr;

namespace dlc::frontend {

using P = arith::CmpFPredicate;

// Probabilities are kept this far from 0, and where it matters from 1, as in Keras.
static constexpr double kEpsilon = 1e-7;

static Expr abs(Expr x) { return x.unary<math::AbsFOp>(); }
static Expr log(Expr x) { return x.unary<math::LogOp>(); }

Value MeasureBuilder::map(llvm::function_ref<Expr(Expr, Expr)> formula) {
  return nn::buildMap(builder, loc, type(), {x, target},
                      [&](ArrayRef<Expr> e) { return formula(e[0], e[1]); });
}

Value MeasureBuilder::sum(Value values) {
  return nn::ReduceSumOp::create(builder, loc, RankedTensorType::get(1, builder.getF32Type()),
                                 values);
}

Value MeasureBuilder::mean(Value values, int64_t rows) {
  return nn::AverageOp::create(builder, loc, sum(values), rows);
}

static int64_t elementsPerSample(ArrayRef<int64_t> shape) {
  return ShapedType::getNumElements(shape.drop_front());
}

Value MeasureBuilder::mean(Value values) {
  return mean(values, elementsPerSample(cast<RankedTensorType>(values.getType()).getShape()));
}

int64_t MeasureBuilder::rowsPerSample() const {
  return elementsPerSample(type().getShape().drop_back());
}

//===----------------------------------------------------------------------===//
// Classes
//===----------------------------------------------------------------------===//

// The class weight of each row's target: the cross-entropy of 1/e is 1.
static Value weightsOfRows(MeasureBuilder &b, Value classWeights) {
  Value inverseE = nn::buildMap(b.builder, b.loc, b.type(), b.x,
                                [](ArrayRef<Expr> e) { return e[0].constant(std::exp(-1.0)); });
  return nn::CrossEntropyOp::create(b.builder, b.loc, inverseE, b.target, classWeights,
                                    /*from_logits=*/false, /*normalize=*/false,
                                    /*label_smoothing=*/llvm::APFloat(0.0f));
}

Value buildCrossEntropy(MeasureBuilder &b) {
  Value weights;
  if (const FieldValue &field = b.measure.field("class_weight"); !field.isNull()) {
    SmallVector<float> numbers(field.numbers.begin(), field.numbers.end());
    auto type = RankedTensorType::get(numbers.size(), b.builder.getF32Type());
    weights = arith::ConstantOp::create(b.builder, b.loc,
                                        DenseElementsAttr::get(type, ArrayRef<float>(numbers)));
  }
  bool fromLogits = b.measure.flag("from_logits");
  Value rows = nn::CrossEntropyOp::create(
      b.builder, b.loc, b.x, b.target, weights, fromLogits,
      /*normalize=*/!fromLogits && b.measure.flag("normalize"),
      llvm::APFloat(static_cast<float>(b.measure.number("label_smoothing"))));
  if (!weights || b.measure.text("class_weight_norm") == "batch")
    return b.mean(rows);
  return nn::DivOp::create(b.builder, b.loc, b.sum(rows), b.sum(weightsOfRows(b, weights)));
}

// From logits softplus(x) - x * t, whose slope sigmoid(x) - t is right everywhere.
Value buildBinaryCrossEntropy(MeasureBuilder &b) {
  double smoothing = b.measure.number("label_smoothing");
  auto smooth = [&](Expr t) { return smoothing == 0 ? t : t * (1 - smoothing) + smoothing / 2; };
  const FieldValue &weights = b.measure.field("class_weight");
  auto weigh = [&](Expr loss, Expr t) {
    if (weights.isNull())
      return loss;
    return loss * (t * (weights.numbers[1] - weights.numbers[0]) + weights.numbers[0]);
  };
  if (b.measure.flag("from_logits")) {
    Value softplus = nn::SoftplusOp::create(b.builder, b.loc, b.x);
    return b.mean(
        nn::buildMap(b.builder, b.loc, b.type(), {softplus, b.x, b.target},
                     [&](ArrayRef<Expr> e) { return weigh(e[0] - e[1] * smooth(e[2]), e[2]); }));
  }
  return b.mean(b.map([&](Expr x, Expr t) {
    Expr p = x.atLeast(kEpsilon).atMost(1 - kEpsilon), s = smooth(t);
    return weigh(-(s * log(p) + (1 - s) * log(1 - p)), t);
  }));
}

Value buildKLDivergence(MeasureBuilder &b) {
  auto clip = [](Expr x) { return x.atLeast(kEpsilon).atMost(1); };
  Value terms = b.map([&](Expr x, Expr t) { return clip(t) * log(clip(t) / clip(x)); });
  return b.mean(terms, b.rowsPerSample());
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

Value buildSquaredError(MeasureBuilder &b) {
  return b.mean(b.map([](Expr x, Expr t) { return (x - t) * (x - t); }));
}

Value buildAbsoluteError(MeasureBuilder &b) {
  return b.mean(b.map([](Expr x, Expr t) { return abs(x - t); }));
}

// e^2 / 2 up to delta, then delta * |e| - delta^2 / 2.
static Expr huber(Expr e, double delta) {
  Expr square = abs(e).atMost(delta);
  return square * (abs(e) - square * 0.5);
}

Value buildHuber(MeasureBuilder &b) {
  double delta = b.measure.number("delta");
  return b.mean(b.map([&](Expr x, Expr t) { return huber(x - t, delta); }));
}

// PyTorch's: Huber's loss over beta, which tends to |e|.
Value buildSmoothL1(MeasureBuilder &b) {
  double beta = b.measure.number("beta");
  return b.mean(b.map(
      [&](Expr x, Expr t) { return beta == 0 ? abs(x - t) : huber(x - t, beta) * (1 / beta); }));
}

//===----------------------------------------------------------------------===//
// Margins
//===----------------------------------------------------------------------===//

static Expr margin(Expr x, Expr t) { return (1 - x * t).atLeast(0); }

Value buildHinge(MeasureBuilder &b) { return b.mean(b.map(margin)); }

Value buildSquaredHinge(MeasureBuilder &b) {
  return b.mean(b.map([](Expr x, Expr t) { return margin(x, t) * margin(x, t); }));
}

// The largest element of each row, or the mean: [N, ..., C] -> [N, rows].
static Value pooledRows(MeasureBuilder &b, Value values, nn::PoolKind kind) {
  int64_t batch = b.type().getDimSize(0), classes = b.type().getShape().back();
  int64_t rows = b.rowsPerSample();
  Type element = b.builder.getF32Type();
  auto reshape = [&](ArrayRef<int64_t> shape) {
    values = nn::ReshapeOp::create(b.builder, b.loc, RankedTensorType::get(shape, element), values);
  };
  if (rows != 1) {
    reshape({batch, rows, classes});
    values = nn::TransposeOp::create(b.builder, b.loc, values, ArrayRef<int64_t>{0, 2, 1});
  }
  reshape({batch, classes, 1, rows});
  return nn::GlobalPool2DOp::create(b.builder, b.loc, values, kind);
}

// max(0, 1 + the largest wrong score - the right score)
Value buildCategoricalHinge(MeasureBuilder &b) {
  double classes = b.type().getShape().back();
  Value wrong = pooledRows(b, b.map([](Expr x, Expr t) { return (1 - t) * x; }), nn::PoolKind::Max);
  Value right = pooledRows(b, b.map([](Expr x, Expr t) { return t * x; }), nn::PoolKind::Avg);
  return b.mean(
      nn::buildMap(b.builder, b.loc, cast<RankedTensorType>(wrong.getType()), {wrong, right},
                   [&](ArrayRef<Expr> e) { return (e[0] - e[1] * classes + 1).atLeast(0); }));
}

// With the activation "sign", whose slope counts as 1, its gradient is Rosenblatt's rule:
// -(target - output) * input.
Value buildPerceptron(MeasureBuilder &b) {
  return b.mean(b.map([](Expr x, Expr t) { return (x - t) * (x - t) * 0.5; }), 1);
}

//===----------------------------------------------------------------------===//
// Metrics
//===----------------------------------------------------------------------===//

// The share of right decisions: of rows by their largest element, or of elements by their sign or,
// where they are probabilities, by 1/2.
Value buildAccuracy(MeasureBuilder &b) {
  bool isSingle = b.type().getShape().back() == 1;
  if (!isSingle && !b.isElementwise)
    return b.mean(nn::ClassHitsOp::create(b.builder, b.loc, b.x, b.target));
  double bound = b.decision == Decision::Probability ? 0.5 : 0;
  auto isAbove = [](Expr x, double bound) {
    return x.select(P::OGT, x.constant(bound), x.constant(1), x.constant(0));
  };
  // Labels have no last dimension, so the output gives up its own.
  Value x = b.x;
  auto target = cast<RankedTensorType>(b.target.getType());
  bool hasLabels = target.getElementType().isInteger();
  RankedTensorType type = b.type();
  if (hasLabels) {
    type = target.clone(b.builder.getF32Type());
    x = nn::ReshapeOp::create(b.builder, b.loc, type, x);
  }
  return b.mean(nn::buildMap(b.builder, b.loc, type, {x, b.target}, [&](ArrayRef<Expr> e) {
    Expr yes = isAbove(e[0], bound);
    Expr t =
        hasLabels
            ? yes(arith::SIToFPOp::create(yes.builder, yes.loc, b.builder.getF32Type(), e[1].value))
            : e[1];
    return yes.select(P::OEQ, isAbove(t, 0.5), yes.constant(1), yes.constant(0));
  }));
}

} // namespace dlc::frontend
