//===- TrainUpdate.h - formulas of optimizers ---------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_TRAINUPDATE_H
#define DLC_COMPILER_FRONTEND_TRAINUPDATE_H

#include "compiler/frontend/TrainTable.h"
#include "dialects/nn/Expr.h"
#include "llvm/ADT/MapVector.h"

namespace dlc::frontend {

/// What the update of one parameter reads and makes. Every new tensor is one nn.map.
class UpdateRule {
public:
  /// What a formula may read of one element.
  struct Terms {
    nn::Expr w; ///< the old weight, after the decay of Keras's form
    nn::Expr g; ///< the gradient, clipped, with the decay of the other forms
    nn::Expr rate;
    llvm::ArrayRef<nn::Expr> numbers; ///< the optimizer's
    llvm::ArrayRef<nn::Expr> slotValues;
    const UpdateRule &rule;

    /// A slot: its new value once that is made.
    nn::Expr slot(llvm::StringRef name) const;
  };
  using Formula = llvm::function_ref<nn::Expr(const Terms &)>;

  UpdateRule(mlir::OpBuilder &builder, mlir::Location loc, const NamedValue &options,
             mlir::Value rate, mlir::Value step);

  const NamedValue &options;
  mlir::OpBuilder &builder;
  mlir::Location loc;
  mlir::Value rate, step;                 ///< tensor<1xf32>; steps count from 1
  llvm::SmallVector<mlir::Value> numbers; ///< of OptimizerType::numbers
  mlir::Value clip;                       ///< factor of the gradient, or null
  mlir::Value parameter, gradient;
  llvm::MapVector<llvm::StringRef, mlir::Value> slots;

  bool isTorch() const { return options.text("form") == "torch"; }
  double number(llvm::StringRef name) const { return options.number(name); }
  /// A field that is null unless given.
  double number(llvm::StringRef name, double keras, double torch) const;

  /// tensor<1xf32> from the rate and the step.
  mlir::Value makeNumber(llvm::function_ref<nn::Expr(nn::Expr rate, nn::Expr step)> formula) const;
  /// The new value of a slot, of the parameter. The old parameter must not be read any more once
  /// the new one is made, unless a copy is worth it.
  void setSlot(llvm::StringRef name, Formula formula) { slots[name] = map(formula); }
  void setParameter(Formula formula) { updated = map(formula); }
  mlir::Value updated;

private:
  mlir::Value map(Formula formula);

  double decoupledDecay = 0, coupledDecay = 0;
  std::optional<double> bound;
};

llvm::SmallVector<Slot> slotsOfSGD(const NamedValue &), slotsOfRMSprop(const NamedValue &),
    slotsOfAdagrad(const NamedValue &), slotsOfAdadelta(const NamedValue &),
    slotsOfAdam(const NamedValue &);
llvm::SmallVector<mlir::Value> justRate(const UpdateRule &), numbersOfAdam(const UpdateRule &);
void updateSGD(UpdateRule &);
void updateRMSprop(UpdateRule &);
void updateAdagrad(UpdateRule &);
void updateAdadelta(UpdateRule &);
void updateAdam(UpdateRule &);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_TRAINUPDATE_H
