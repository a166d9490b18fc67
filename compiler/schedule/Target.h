//===- Target.h - facts about CPUs that decide kernels ------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_TARGET_H
#define DLC_COMPILER_SCHEDULE_TARGET_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace dlc::schedule {

/// What was measured of a CPU; `dlc tune` measures it anew, a tuning file replaces it. The unit of
/// time is half a cycle of a core with two multiply-add pipes: that of one vector multiply-add at
/// the peak.
struct CostTable {
  double l2;      ///< bytes of the second level cache of one core
  double l3;      ///< bytes of the last level cache that a library may count on
  double direct;  ///< time of a direct convolution, relative to its steps' stepCost
  double product; ///< likewise of a matrix product in the Winograd domain
  double vector;  ///< time to transform one vector of a point, into or out of that domain
  double byte;    ///< time to read a byte of weights; 0: they are in a cache near the core
  double launch;  ///< time to start a kernel

  bool hasWeightsNear() const { return byte == 0; }
};

/// A number of CostTable.
struct CostField {
  llvm::StringRef name;
  double CostTable::*member;
  double least, most; ///< what a tuning file may say
};

/// All numbers of CostTable, in its order.
llvm::ArrayRef<CostField> costFields();

/// The numbers of a table, in the order of costFields().
llvm::SmallVector<double> listCosts(const CostTable &costs);

/// The table of those numbers; nothing where there are more or fewer.
std::optional<CostTable> makeCosts(llvm::ArrayRef<double> numbers);

/// What code for a CPU depends on. One row a micro-architecture level; nothing else in the compiler
/// knows a chip.
struct TargetFacts {
  llvm::StringRef march; ///< name of the row
  llvm::StringRef arch;  ///< LLVM's name of the architecture
  llvm::StringRef cpu;   ///< LLVM's target-cpu
  int64_t lanes;         ///< float32 elements of a vector register
  int64_t registers;     ///< vector registers
  bool fma;              ///< fused multiply-add exists
  bool byElement;        ///< it takes one element of a register in place of a broadcast
  CostTable costs;       ///< measured; all else is documented
};

/// All rows; of one architecture, each can do what those before it can.
llvm::ArrayRef<TargetFacts> allTargets();

/// The facts of `march`, or nothing for an unknown name.
std::optional<TargetFacts> lookupTarget(llvm::StringRef march);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_TARGET_H
