//===- Faults.cpp - mistakes put into kernels on purpose -----------------------------===//

#include "Faults.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc::test;

// NVVM operations go by name here, for their header takes long to compile.
static bool isNamed(Operation *op, StringRef prefix) {
  return op->getName().getStringRef().starts_with(prefix);
}

static bool isBarrier(Operation *op) {
  return isNamed(op, "nvvm.barrier") || isNamed(op, "nvvm.bar.warp.sync");
}

static void erase(Operation *op) { op->erase(); }

/// Branches around the operation where the thread's number is odd.
static void leaveOutInOddLanes(Operation *op) {
  OpBuilder builder(op);
  Location loc = op->getLoc();
  Type i32 = builder.getI32Type();
  OperationState state(loc, "nvvm.read.ptx.sreg.tid.x");
  state.addTypes(i32);
  Value thread = builder.create(state)->getResult(0);
  Value one = LLVM::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(1));
  Value bit = LLVM::AndOp::create(builder, loc, thread, one);
  Value isOdd = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, bit, one);
  Block *before = op->getBlock();
  Block *barrier = before->splitBlock(op), *after = barrier->splitBlock(op->getNextNode());
  builder.setInsertionPointToEnd(barrier);
  LLVM::BrOp::create(builder, loc, after);
  builder.setInsertionPointToEnd(before);
  LLVM::CondBrOp::create(builder, loc, isOdd, after, barrier);
}

const Fault dlc::test::missingBarrier = {"missing barrier", isBarrier, erase};

const Fault dlc::test::divergentBarrier = {"divergent barrier", isBarrier, leaveOutInOddLanes};

/// Adds one to an attribute.
static void increase(Operation *op, StringRef attribute) {
  auto number = op->getAttrOfType<IntegerAttr>(attribute);
  op->setAttr(attribute, IntegerAttr::get(number.getType(), number.getInt() + 1));
}

const Fault dlc::test::earlyWait = {
    "early wait", [](Operation *op) { return isNamed(op, "nvvm.cp.async.wait.group"); },
    [](Operation *op) { increase(op, "n"); }};

const Fault dlc::test::earlyProductWait = {
    "early wait for products", [](Operation *op) { return isNamed(op, "nvvm.wgmma.wait.group"); },
    [](Operation *op) { increase(op, "group"); }};

const Fault dlc::test::missingPhaseWait = {
    "missing wait for a phase", [](Operation *op) { return isNamed(op, "nvvm.mbarrier.try_wait"); },
    erase};

const Fault dlc::test::wrongCount = {
    "wrong count", [](Operation *op) { return isNamed(op, "nvvm.mbarrier.init"); },
    [](Operation *op) {
      OpBuilder builder(op);
      Value one = LLVM::ConstantOp::create(builder, op->getLoc(), builder.getI32IntegerAttr(1));
      op->setOperand(1, LLVM::AddOp::create(builder, op->getLoc(), op->getOperand(1), one));
    }};

const Fault dlc::test::missingCommit = {
    "missing commit", [](Operation *op) { return isNamed(op, "nvvm.cp.async.commit.group"); },
    erase};

const Fault dlc::test::wrongSwizzle = {"wrong swizzle",
                                       [](Operation *op) { return isa<LLVM::XOrOp>(op); },
                                       [](Operation *op) {
                                         op->getResult(0).replaceAllUsesWith(op->getOperand(0));
                                         op->erase();
                                       }};

const Fault dlc::test::uncheckedCopy = {"unchecked copy",
                                        [](Operation *op) {
                                          return isNamed(op, "nvvm.cp.async.shared.global") &&
                                                 op->getNumOperands() == 3;
                                        },
                                        [](Operation *op) { op->eraseOperand(2); }};

const Fault dlc::test::missingCheck = {
    "missing check", [](Operation *op) { return isa<LLVM::ICmpOp>(op); },
    [](Operation *op) {
      OpBuilder builder(op);
      Value yes = LLVM::ConstantOp::create(builder, op->getLoc(), builder.getBoolAttr(true));
      op->getResult(0).replaceAllUsesWith(yes);
      op->erase();
    }};

const Fault dlc::test::missingStore = {
    "missing store",
    [](Operation *op) {
      auto store = dyn_cast<LLVM::StoreOp>(op);
      constexpr unsigned shared = 3;
      return store &&
             cast<LLVM::LLVMPointerType>(store.getAddr().getType()).getAddressSpace() != shared;
    },
    erase};

static SmallVector<Operation *> findPlaces(gpu::GPUModuleOp kernels, const Fault &fault) {
  SmallVector<Operation *> places;
  kernels.walk([&](Operation *op) {
    if (fault.concerns(op))
      places.push_back(op);
  });
  return places;
}

int dlc::test::countPlaces(gpu::GPUModuleOp kernels, const Fault &fault) {
  return findPlaces(kernels, fault).size();
}

void dlc::test::applyFault(gpu::GPUModuleOp kernels, const Fault &fault, int n) {
  fault.apply(findPlaces(kernels, fault)[n]);
}
