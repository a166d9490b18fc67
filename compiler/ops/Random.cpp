//===- Random.cpp - random numbers, and what draws them ----------------------------===//
//
// Threefry-2x32 with 13 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011)
// turns a key and a counter of 64 bits each into 64 random ones, in additions, rotations and
// exclusive ors alone. Seed and (step, site) give the key of an op, which is the same for all
// elements, that key and (sample, element) the number: nothing but the place matters, so that any
// split of a batch, and the backward direction, sees the same numbers.
//
//===------------------------------------------------------------------------------===//

#include "compiler/ops/Build.h"
#include "compiler/ops/Models.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::ops;
using nn::Expr;

namespace {

using Pair = std::array<Value, 2>;

/// i32 arithmetic under construction.
struct Words {
  OpBuilder &builder;
  Location loc;

  Value constant(int64_t word) {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getI32IntegerAttr(static_cast<int32_t>(word)));
  }
  Value add(Value a, Value b) { return arith::AddIOp::create(builder, loc, a, b); }
  Value times(Value a, int64_t b) { return arith::MulIOp::create(builder, loc, a, constant(b)); }
  Value exclusiveOr(Value a, Value b) { return arith::XOrIOp::create(builder, loc, a, b); }
  Value rotateLeft(Value a, int64_t bits) {
    Value high = arith::ShLIOp::create(builder, loc, a, constant(bits));
    Value low = arith::ShRUIOp::create(builder, loc, a, constant(32 - bits));
    return arith::OrIOp::create(builder, loc, high, low);
  }
  Pair threefry(Pair key, Pair counter);
};

} // namespace

Pair Words::threefry(Pair key, Pair counter) {
  constexpr int64_t rotations[] = {13, 15, 26, 6, 17, 29, 16, 24};
  constexpr int rounds = 13;
  Value parity = exclusiveOr(exclusiveOr(key[0], key[1]), constant(0x1BD11BDA));
  Value keys[] = {key[0], key[1], parity};
  Pair x = {add(counter[0], key[0]), add(counter[1], key[1])};
  for (int round = 0; round < rounds; ++round) {
    x[0] = add(x[0], x[1]);
    x[1] = exclusiveOr(rotateLeft(x[1], rotations[round % 8]), x[0]);
    if (round % 4 != 3)
      continue;
    int injection = round / 4 + 1;
    x[0] = add(x[0], keys[injection % 3]);
    x[1] = add(add(x[1], keys[(injection + 1) % 3]), constant(injection));
  }
  return x;
}

// The element's place in its sample. A sample has less than 2^32 elements.
static Value elementInSample(Words words, RankedTensorType type) {
  Value element = words.constant(0);
  int64_t stride = 1;
  for (unsigned dim = type.getRank(); dim-- > 1;) {
    Value index = loopIndex(words.builder, words.loc, dim);
    element = words.add(element, words.times(index, stride));
    stride *= type.getDimSize(dim);
  }
  return element;
}

static LoweredValues lowerRandomUniform(nn::RandomUniformOp op, OpBuilder &builder, Value batch) {
  Build build{builder, op.getLoc(), batch};
  RankedTensorType type = op.getType();
  unsigned rank = type.getRank();
  // The four numbers of `random`.
  SmallVector<Value> inputs(4, op.getRandom());
  SmallVector<AffineMap> maps;
  for (int64_t i = 0; i < 4; ++i)
    maps.push_back(build.map(rank, builder.getAffineConstantExpr(i)));
  maps.push_back(build.identity(rank));
  auto body = [&](OpBuilder &b, Location l, ValueRange args) -> Value {
    Words words{b, l};
    Pair key = words.threefry({args[0], args[1]}, {args[2], words.constant(op.getSite())});
    Value sample = words.add(args[3], loopIndex(b, l, 0));
    Value bits = words.threefry(key, {sample, elementInSample(words, type)})[0];
    // 24 bits are what a float32 holds.
    Value top = arith::ShRUIOp::create(b, l, bits, words.constant(8));
    Expr number{b, l, arith::SIToFPOp::create(b, l, b.getF32Type(), top)};
    return (number * 0x1p-24).value;
  };
  return SmallVector<Value>{build.generic(inputs, build.empty(type), maps, body)};
}

// What stays is scaled, so that the expectation of each activation stays as well.
static LogicalResult trainDropout(nn::DropoutOp op, OpBuilder &builder, Value random, int64_t site,
                                  Values &results, StateUpdates &) {
  double rate = op.getRate().convertToDouble();
  if (rate == 0) {
    results.push_back(op.getX());
    return success();
  }
  auto type = cast<RankedTensorType>(op.getType());
  Value numbers = nn::RandomUniformOp::create(builder, op.getLoc(), type, random, site);
  results.push_back(
      nn::buildMap(builder, op.getLoc(), type, {op.getX(), numbers}, [&](ArrayRef<Expr> e) {
        Expr kept = e[0] * (1 / (1 - rate));
        return e[1].select(arith::CmpFPredicate::OLT, e[1].constant(rate), e[1].constant(0), kept);
      }));
  return success();
}

// Every element draws its slope.
static LogicalResult trainRRelu(nn::RReluOp op, OpBuilder &builder, Value random, int64_t site,
                                Values &results, StateUpdates &) {
  auto type = cast<RankedTensorType>(op.getType());
  double lower = op.getLower().convertToDouble(), upper = op.getUpper().convertToDouble();
  Value numbers = nn::RandomUniformOp::create(builder, op.getLoc(), type, random, site);
  results.push_back(
      nn::buildMap(builder, op.getLoc(), type, {op.getX(), numbers}, [&](ArrayRef<Expr> e) {
        Expr below = e[0] * (e[1] * (upper - lower) + lower);
        return e[0].select(arith::CmpFPredicate::OLT, e[0].constant(0), below, e[0]);
      }));
  return success();
}

void dlc::ops::addRandomModels(MLIRContext *context) {
  addLinalg<nn::RandomUniformOp, lowerRandomUniform>(context);
  addTraining<nn::DropoutOp, trainDropout>(context);
  addTraining<nn::RReluOp, trainRRelu>(context);
}
