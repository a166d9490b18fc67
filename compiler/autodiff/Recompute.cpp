//===- Recompute.cpp - activations again instead of kept -----------------------------===//
//
// Between the forward and the backward direction every activation that a gradient reads is kept.
// Where they take more than `bytes-per-sample` at once, the values that are the largest for the
// arithmetic of computing them again are, right before their gradients read them:
//
//   %y = nn.relu %x                        %y = nn.relu %x
//   %z = nn.conv2d %y, %k                  %z = nn.conv2d %y, %k
//   ... (the rest of the network)     ->   ...
//   %dk = nn.conv2d_backward_kernel %y,    %x2 = nn.barrier %x
//                                          %y2 = nn.relu %x2
//                                          %dk = nn.conv2d_backward_kernel %y2,
//
// The rule: as long as more lives at once than the budget allows, of the values that live through
// the point where that is most and are not read there, the one with the most bytes for each
// operation goes, if a short chain of ops computes it from what lives where it is needed again.
// Values that an epilogue or a reshape takes up at once count nothing.
//
//===---------------------------------------------------------------------------------===//

#include "compiler/autodiff/Passes.h"
#include "llvm/ADT/MapVector.h"
#include <numeric>

namespace dlc::autodiff {
#define GEN_PASS_DEF_RECOMPUTE
#include "compiler/autodiff/Passes.h.inc"
} // namespace dlc::autodiff

using namespace mlir;
using namespace dlc;

// Ops that may be repeated for one value.
static constexpr int kLongestChain = 6;

// Bytes of one sample of what grows with the batch.
static int64_t bytesOfSample(Value value, int64_t batch) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() < 2 || type.getDimSize(0) != batch)
    return 0;
  return 4 * ShapedType::getNumElements(type.getShape().drop_front());
}

// The first extent of the inputs: that of every value which grows with the batch.
static int64_t batchOf(func::FuncOp function) {
  for (BlockArgument argument : function.getArguments())
    if (auto type = dyn_cast<RankedTensorType>(argument.getType());
        type && type.getRank() > 1 && function.getArgAttr(argument.getArgNumber(), nn::kInputAttr))
      return type.getDimSize(0);
  return ShapedType::kDynamic;
}

static int64_t flopsOf(Operation *op) {
  if (auto cost = dyn_cast<nn::CostOpInterface>(op))
    return cost.getFlopsPerSample();
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  return type && type.getRank() > 0 ? ShapedType::getNumElements(type.getShape().drop_front()) : 1;
}

static bool isNumbers(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getElementType().isF32() && type.getRank() > 0;
}

// Takes its operand's memory, or is computed where its operand is.
static bool isView(Operation *op) { return isa<nn::ReshapeOp, nn::BarrierOp>(op); }

namespace {

// When a value is made and read, by the positions of ops.
struct Life {
  int64_t begin, bytes;
  SmallVector<int64_t> reads; // in order; those of its views are its own

  int64_t end() const { return reads.empty() ? begin : reads.back(); }
  // The first read after a time without any that holds a peak, if there is one; `peaks[i]` counts
  // those before position i.
  std::optional<int64_t> resumes(ArrayRef<int64_t> peaks) const {
    for (size_t i = 1; i < reads.size(); ++i)
      if (peaks[reads[i]] > peaks[reads[i - 1] + 1])
        return reads[i];
    return std::nullopt;
  }
};

class Lives {
public:
  explicit Lives(func::FuncOp function);
  /// For each position how many before it have the most bytes alive; empty if that is at most
  /// `limit`.
  SmallVector<int64_t> countPeaks(int64_t limit) const;
  const llvm::MapVector<Value, Life> &all() const { return lives; }
  bool livesAt(Value value, int64_t position) const {
    Value root = rootOf(value);
    auto life = lives.find(root);
    return isa<BlockArgument>(root) ||
           (life != lives.end() && life->second.begin < position && life->second.end() >= position);
  }
  Operation *at(int64_t position) const { return order[position]; }
  /// Whether `view` or a view of it is read by `first` or an op after it.
  static bool isReadFrom(Operation *view, Operation *first) {
    return llvm::any_of(view->getUsers(), [&](Operation *user) {
      return !user->isBeforeInBlock(first) || (isView(user) && isReadFrom(user, first));
    });
  }

private:
  static Value rootOf(Value value) {
    while (Operation *op = value.getDefiningOp()) {
      if (!isView(op))
        break;
      value = op->getOperand(0);
    }
    return value;
  }
  SmallVector<Operation *> order;
  llvm::MapVector<Value, Life> lives; // of values that are no views
};

} // namespace

// An epilogue reads its only operand's registers.
static bool isTakenUp(Value value) {
  if (!value.hasOneUse())
    return false;
  Operation *user = *value.user_begin();
  auto role = dyn_cast<nn::FusionRoleOpInterface>(user);
  return role && role.getFusionRole() == nn::FusionRole::Epilogue &&
         user->getResult(0).getType() == value.getType();
}

Lives::Lives(func::FuncOp function) {
  Block &body = function.getBody().front();
  int64_t batch = batchOf(function);
  for (Operation &op : body) {
    int64_t position = order.size();
    order.push_back(&op);
    for (Value operand : op.getOperands())
      if (auto life = lives.find(rootOf(operand)); life != lives.end())
        life->second.reads.push_back(position);
    if (!isView(&op))
      for (Value result : op.getResults())
        lives[result] = {position, isTakenUp(result) ? 0 : bytesOfSample(result, batch), {}};
  }
}

SmallVector<int64_t> Lives::countPeaks(int64_t limit) const {
  SmallVector<int64_t> alive(order.size() + 1, 0);
  for (const auto &[value, life] : lives) {
    alive[life.begin] += life.bytes;
    alive[life.end() + 1] -= life.bytes;
  }
  std::partial_sum(alive.begin(), alive.end(), alive.begin());
  int64_t most = *llvm::max_element(alive);
  if (most <= limit)
    return {};
  SmallVector<int64_t> peaks = {0};
  for (int64_t bytes : ArrayRef(alive).drop_back())
    peaks.push_back(peaks.back() + (bytes == most ? 1 : 0));
  return peaks;
}

namespace {

struct Recompute : autodiff::impl::RecomputeBase<Recompute> {
  using RecomputeBase::RecomputeBase;

  void runOnOperation() override {
    while (bytesPerSample > 0 && improve()) {
    }
  }

private:
  struct Choice {
    Value value;
    int64_t resumes = 0;
    double worth = 0;
  };

  // Computes one value again; false where that is not needed, or nothing helps.
  bool improve() {
    Lives lives(getOperation());
    SmallVector<int64_t> peaks = lives.countPeaks(bytesPerSample);
    if (peaks.empty())
      return false;
    Choice best;
    for (const auto &[value, life] : lives.all()) {
      std::optional<int64_t> resumes = life.bytes ? life.resumes(peaks) : std::nullopt;
      if (!resumes || viewsAreReadFrom(value, lives.at(*resumes)))
        continue;
      std::optional<int64_t> flops = costOf(lives, value, *resumes, kLongestChain);
      double worth = flops ? static_cast<double>(life.bytes) / static_cast<double>(*flops) : 0;
      if (worth > best.worth)
        best = {value, *resumes, worth};
    }
    if (best.value)
      replaceFrom(best.value, lives, best.resumes);
    return bool(best.value);
  }

  // Views that were made before `first` keep the value itself.
  static bool viewsAreReadFrom(Value value, Operation *first) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) {
      return isView(user) && user->isBeforeInBlock(first) && Lives::isReadFrom(user, first);
    });
  }

  // Operations to compute `value` again before `position` from what lives there; nothing if that
  // takes more than a chain of `depth` ops.
  static std::optional<int64_t> costOf(const Lives &lives, Value value, int64_t position,
                                       int depth) {
    Operation *op = value.getDefiningOp();
    if (!op || depth == 0 || !isPure(op) || op->getNumResults() != 1 ||
        llvm::none_of(op->getOperands(), isNumbers))
      return std::nullopt;
    int64_t flops = flopsOf(op);
    for (Value operand : op->getOperands()) {
      if (lives.livesAt(operand, position))
        continue;
      std::optional<int64_t> part = costOf(lives, operand, position, depth - 1);
      if (!part)
        return std::nullopt;
      flops += *part;
    }
    return flops;
  }

  // One barrier for each op is enough to tell it from the first of its kind.
  static Value repeat(OpBuilder &builder, Value value, const Lives &lives, int64_t position) {
    Operation *op = value.getDefiningOp();
    SmallVector<Value> operands;
    bool apart = false;
    for (Value operand : op->getOperands()) {
      if (!lives.livesAt(operand, position)) {
        operand = repeat(builder, operand, lives, position);
        apart = true;
      }
      operands.push_back(operand);
    }
    Operation *clone = builder.clone(*op);
    clone->setOperands(operands);
    builder.setInsertionPoint(clone);
    for (OpOperand &operand : clone->getOpOperands())
      if (!apart && isNumbers(operand.get())) {
        Type type = operand.get().getType();
        operand.set(nn::BarrierOp::create(builder, op->getLoc(), type, operand.get()));
        apart = true;
      }
    builder.setInsertionPointAfter(clone);
    return clone->getResult(0);
  }

  static void replaceFrom(Value value, const Lives &lives, int64_t position) {
    Operation *first = lives.at(position);
    OpBuilder builder(first);
    Value again = repeat(builder, value, lives, position);
    value.replaceUsesWithIf(again, [&](OpOperand &use) {
      return use.getOwner() == first || first->isBeforeInBlock(use.getOwner());
    });
  }
};

} // namespace
