//===- Faults.h - mistakes put into kernels on purpose -------------------*- C++ -*-===//
#ifndef DLC_TEST_UNIT_KERNELS_FAULTS_H
#define DLC_TEST_UNIT_KERNELS_FAULTS_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"

namespace dlc::test {

/// A mistake that the operations of one kind admit.
struct Fault {
  const char *name;
  bool (*concerns)(mlir::Operation *op);
  void (*apply)(mlir::Operation *op);
};

/// A barrier, of the block or of a warp, that is not there.
extern const Fault missingBarrier;
/// A barrier, of the block or of a warp, that every other lane leaves out.
extern const Fault divergentBarrier;
/// A wait for asynchronous copies that lets one more group be under way.
extern const Fault earlyWait;
/// A group of asynchronous copies that is not ended.
extern const Fault missingCommit;
/// An address without its exclusive or, which spreads rows over banks.
extern const Fault wrongSwizzle;
/// An mbarrier that counts one arrival more.
extern const Fault wrongCount;
/// A wait for an mbarrier's phase that is not there.
extern const Fault missingPhaseWait;
/// A wait for products of warpgroups that lets one more group be under way.
extern const Fault earlyProductWait;
/// An asynchronous copy of all bytes where there should be zeros.
extern const Fault uncheckedCopy;
/// A comparison that always holds.
extern const Fault missingCheck;
/// A store to device memory that is not there.
extern const Fault missingStore;

/// How often the fault can be made.
int countPlaces(mlir::gpu::GPUModuleOp kernels, const Fault &fault);

/// Makes it at the n-th place.
void applyFault(mlir::gpu::GPUModuleOp kernels, const Fault &fault, int n);

} // namespace dlc::test

#endif // DLC_TEST_UNIT_KERNELS_FAULTS_H
