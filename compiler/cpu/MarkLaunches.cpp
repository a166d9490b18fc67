//===- MarkLaunches.cpp - points of time between launches ---------------------------===//
//
// For measurements only: the forward pass reports where it is, before the first launch and after
// each.
//
//   kernel.launch @conv_0(...)   ->   kernel.mark 0
//                                     kernel.launch @conv_0(...)
//                                     kernel.mark 1
//
//===---------------------------------------------------------------------------------===//

#include "compiler/cpu/Passes.h"
#include "dialects/kernel/Kernel.h"

namespace dlc::cpu {
#define GEN_PASS_DEF_MARKLAUNCHES
#include "compiler/cpu/Passes.h.inc"
} // namespace dlc::cpu

using namespace mlir;
using namespace dlc;

namespace {
struct MarkLaunches : dlc::cpu::impl::MarkLaunchesBase<MarkLaunches> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward)
      return;
    OpBuilder builder = OpBuilder::atBlockBegin(&forward.front());
    int64_t index = 0;
    kernel::MarkOp::create(builder, forward.getLoc(), index++);
    forward.walk([&](kernel::LaunchOp launch) {
      builder.setInsertionPointAfter(launch);
      kernel::MarkOp::create(builder, launch.getLoc(), index++);
    });
  }
};
} // namespace
