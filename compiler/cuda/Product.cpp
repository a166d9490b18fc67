//===- Product.cpp - a matrix product as one block computes it ----------------------===//

#include "compiler/cuda/Product.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cuda;

void Windows::simplify() {
  auto ones = [](ArrayRef<int64_t> values) {
    return llvm::all_of(values, [](int64_t value) { return value == 1; });
  };
  std::optional<int64_t> step = Rows(image).step();
  if (!ones(kernel) || !ones(strides) || isPadded(0) || isPadded(1) || !step)
    return;
  image.shape = {ShapedType::kDynamic, 1, 1, channels()};
  image.strides = {*step, *step, *step, 1};
  out = {1, 1};
}

bool dlc::cuda::mayEndInside(Int extent, int64_t size) {
  std::optional<int64_t> number = extent.number();
  return !number || *number % size;
}

Steps dlc::cuda::stepsOfPart(Int steps, Int part, int64_t parts) {
  Int share = (steps + (parts - 1)) / parts, first = part * share, left = steps - first;
  Int count = share.where(share.below(left), left);
  return {first, parts > 1 ? count.where(first.below(steps), 0) : count};
}

ThreadBlock dlc::cuda::makeBlock(ImplicitLocOpBuilder &builder, kernel::CtaAttr cta,
                                 kernel::Math math, Int rows, Int columns, Int depth,
                                 int64_t parts) {
  auto i32 = [&](Value index) {
    return Int{&builder, arith::IndexCastOp::create(builder, builder.getI32Type(), index)};
  };
  Int tile = i32(gpu::BlockIdOp::create(builder, gpu::Dimension::x));
  Int thread = i32(gpu::ThreadIdOp::create(builder, gpu::Dimension::x));
  Int part = parts > 1 ? i32(gpu::BlockIdOp::create(builder, gpu::Dimension::y)) : tile.constant(0);
  Int across = (columns + (cta.getN() - 1)) / cta.getN();
  Int steps = (depth + (cta.getK() - 1)) / cta.getK();
  Steps own = stepsOfPart(steps, part, parts);
  return {builder,
          cta,
          math,
          rows,
          columns,
          depth,
          tile / across * cta.getM(),
          tile % across * cta.getN(),
          own.first,
          own.count,
          part,
          thread};
}
