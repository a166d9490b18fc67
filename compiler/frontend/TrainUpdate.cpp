//===- TrainUpdate.cpp - formulas of optimizers -------------------------------------===//

#include "compiler/frontend/TrainUpdate.h"
#include <cmath>

using namespace mlir;
using dlc::nn::Expr;

namespace dlc::frontend {

using Terms = UpdateRule::Terms;

static Expr sqrt(Expr x) { return x.unary<math::SqrtOp>(); }

static bool isTorch(const NamedValue &options) { return options.text("form") == "torch"; }

UpdateRule::UpdateRule(OpBuilder &builder, Location loc, const NamedValue &options, Value rate,
                       Value step)
    : options(options), builder(builder), loc(loc), rate(rate), step(step) {
  bool isAdamW = options.row->name == "AdamW";
  double decay = number("weight_decay", 0.004, 0.01);
  (isAdamW || options.text("form") == "keras" ? decoupledDecay : coupledDecay) = decay;
  if (const FieldValue &value = options.field("clipvalue"); !value.isNull())
    bound = value.numbers.front();
}

double UpdateRule::number(StringRef name, double keras, double torch) const {
  const FieldValue &value = options.field(name);
  return value.isNull() ? (isTorch() ? torch : keras) : value.numbers.front();
}

Value UpdateRule::makeNumber(llvm::function_ref<Expr(Expr, Expr)> formula) const {
  return nn::buildMap(builder, loc, RankedTensorType::get(1, builder.getF32Type()), {rate, step},
                      [&](ArrayRef<Expr> e) { return formula(e[0], e[1]); });
}

Expr Terms::slot(StringRef name) const {
  for (auto [slot, value] : llvm::zip_equal(rule.slots, slotValues))
    if (slot.first == name)
      return value;
  llvm_unreachable("a rule asked for a slot that its row lacks");
}

// The elements of all that a rule may read; what a formula leaves unused is dropped.
Value UpdateRule::map(Formula formula) {
  SmallVector<Value> inputs = {parameter, gradient, rate, clip ? clip : rate};
  llvm::append_range(inputs, numbers);
  for (auto &slot : slots)
    inputs.push_back(slot.second);
  auto type = cast<RankedTensorType>(parameter.getType());
  return nn::buildMap(builder, loc, type, inputs, [&](ArrayRef<Expr> e) {
    Expr bounded = bound ? e[1].atLeast(-*bound).atMost(*bound) : e[1];
    Expr clipped = clip ? bounded * e[3] : bounded;
    Expr g = coupledDecay != 0 ? clipped + e[0] * coupledDecay : clipped;
    Expr w = decoupledDecay != 0 ? e[0] - e[0] * (e[2] * decoupledDecay) : e[0];
    return formula({w, g, e[2], e.slice(4, numbers.size()), e.take_back(slots.size()), *this});
  });
}

SmallVector<Value> justRate(const UpdateRule &) { return {}; }

//===----------------------------------------------------------------------===//
// SGD
//===----------------------------------------------------------------------===//

SmallVector<Slot> slotsOfSGD(const NamedValue &options) {
  if (options.number("momentum") == 0)
    return {};
  return {{"momentum"}};
}

// Keras's and Caffe's velocity holds the rate, PyTorch's does not: they differ when it changes.
void updateSGD(UpdateRule &r) {
  double momentum = r.number("momentum");
  if (momentum == 0)
    return r.setParameter([](const Terms &t) { return t.w - t.rate * t.g; });
  bool torch = r.isTorch(), nesterov = r.options.flag("nesterov");
  r.setSlot("momentum", [&](const Terms &t) {
    Expr old = t.slot("momentum") * momentum;
    return torch ? old + t.g : old - t.rate * t.g;
  });
  r.setParameter([&](const Terms &t) {
    Expr v = t.slot("momentum");
    if (torch)
      return t.w - t.rate * (nesterov ? t.g + v * momentum : v);
    return t.w + (nesterov ? v * momentum - t.rate * t.g : v);
  });
}

//===----------------------------------------------------------------------===//
// Rates by the size of the gradients
//===----------------------------------------------------------------------===//

// g over the root of what `square` holds: where epsilon stands is the difference of the forms.
static Expr overRoot(const UpdateRule &r, Expr g, Expr square, double epsilon) {
  return r.isTorch() ? g / (sqrt(square) + epsilon) : g / sqrt(square + epsilon);
}

SmallVector<Slot> slotsOfRMSprop(const NamedValue &options) {
  SmallVector<Slot> slots = {{"velocity"}};
  if (options.flag("centered"))
    slots.push_back({"average_gradient"});
  if (options.number("momentum") != 0)
    slots.push_back({"momentum"});
  return slots;
}

void updateRMSprop(UpdateRule &r) {
  double rho = r.number("rho"), momentum = r.number("momentum");
  double epsilon = r.number("epsilon", 1e-7, 1e-8);
  bool torch = r.isTorch(), centered = r.options.flag("centered");
  r.setSlot("velocity",
            [&](const Terms &t) { return t.slot("velocity") * rho + t.g * t.g * (1 - rho); });
  if (centered)
    r.setSlot("average_gradient",
              [&](const Terms &t) { return t.slot("average_gradient") * rho + t.g * (1 - rho); });
  auto direction = [&](const Terms &t) {
    Expr square = t.slot("velocity");
    if (!centered)
      return overRoot(r, t.g, square, epsilon);
    Expr mean = t.slot("average_gradient");
    return overRoot(r, t.g, square - mean * mean, epsilon);
  };
  if (momentum == 0)
    return r.setParameter([&](const Terms &t) { return t.w - t.rate * direction(t); });
  r.setSlot("momentum", [&](const Terms &t) {
    Expr old = t.slot("momentum") * momentum;
    return torch ? old + direction(t) : old + t.rate * direction(t);
  });
  r.setParameter([&](const Terms &t) {
    Expr v = t.slot("momentum");
    return t.w - (torch ? t.rate * v : v);
  });
}

SmallVector<Slot> slotsOfAdagrad(const NamedValue &options) {
  const FieldValue &init = options.field("initial_accumulator_value");
  return {{"accumulator", !init.isNull() ? init.numbers.front() : isTorch(options) ? 0 : 0.1}};
}

void updateAdagrad(UpdateRule &r) {
  double epsilon = r.number("epsilon", 1e-7, 1e-10);
  r.setSlot("accumulator", [](const Terms &t) { return t.slot("accumulator") + t.g * t.g; });
  r.setParameter([&](const Terms &t) {
    return t.w - t.rate * overRoot(r, t.g, t.slot("accumulator"), epsilon);
  });
}

SmallVector<Slot> slotsOfAdadelta(const NamedValue &) {
  return {{"accumulated_gradient"}, {"accumulated_update"}};
}

void updateAdadelta(UpdateRule &r) {
  double rho = r.number("rho"), epsilon = r.number("epsilon", 1e-7, 1e-6);
  r.setSlot("accumulated_gradient", [&](const Terms &t) {
    return t.slot("accumulated_gradient") * rho + t.g * t.g * (1 - rho);
  });
  auto step = [&](const Terms &t) {
    return sqrt(t.slot("accumulated_update") + epsilon) /
           sqrt(t.slot("accumulated_gradient") + epsilon) * t.g;
  };
  // The step reads the old sum of squared updates.
  r.setParameter([&](const Terms &t) { return t.w - t.rate * step(t); });
  r.setSlot("accumulated_update", [&](const Terms &t) {
    Expr u = step(t);
    return t.slot("accumulated_update") * rho + u * u * (1 - rho);
  });
}

//===----------------------------------------------------------------------===//
// Adam (Kingma and Ba 2015), AdamW (Loshchilov and Hutter 2019)
//===----------------------------------------------------------------------===//

SmallVector<Slot> slotsOfAdam(const NamedValue &) { return {{"momentum"}, {"velocity"}}; }

// 1 - beta^t, without the cancellation of the first steps.
static Expr correction(Expr step, double beta) {
  return -(step * std::log(beta)).unary<math::ExpM1Op>();
}

// The factor of m, and in PyTorch's form that of sqrt(v).
SmallVector<Value> numbersOfAdam(const UpdateRule &r) {
  double beta1 = r.number("beta_1"), beta2 = r.number("beta_2");
  if (r.isTorch())
    return {r.makeNumber([&](Expr rate, Expr t) { return rate / correction(t, beta1); }),
            r.makeNumber([&](Expr, Expr t) { return 1 / sqrt(correction(t, beta2)); })};
  return {r.makeNumber(
      [&](Expr rate, Expr t) { return rate * sqrt(correction(t, beta2)) / correction(t, beta1); })};
}

void updateAdam(UpdateRule &r) {
  double beta1 = r.number("beta_1"), beta2 = r.number("beta_2");
  double epsilon = r.number("epsilon", 1e-7, 1e-8);
  bool torch = r.isTorch();
  r.setSlot("momentum",
            [&](const Terms &t) { return t.slot("momentum") * beta1 + t.g * (1 - beta1); });
  r.setSlot("velocity",
            [&](const Terms &t) { return t.slot("velocity") * beta2 + t.g * t.g * (1 - beta2); });
  r.setParameter([&](const Terms &t) {
    Expr root = sqrt(t.slot("velocity"));
    return t.w -
           t.numbers[0] * t.slot("momentum") / ((torch ? root * t.numbers[1] : root) + epsilon);
  });
}

} // namespace dlc::frontend
