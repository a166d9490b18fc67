//===- Chip.h - facts about GPUs that decide kernels --------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_CHIP_H
#define DLC_COMPILER_SCHEDULE_CHIP_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <optional>

namespace dlc::schedule {

/// What code for a GPU depends on, from NVIDIA's CUDA C++ programming guide ("Compute
/// Capabilities") and the data sheets of the largest common product of each generation.
struct Chip {
  llvm::StringRef name;       ///< as ptxas calls it
  int64_t capability;         ///< 10 * major + minor
  bool exact;                 ///< code for it runs on no other capability
  llvm::StringRef ptxFeature; ///< LLVM's name of the least PTX version with all that is used
  int64_t multiprocessors;    ///< of the product that tile costs are computed for
  int64_t blockSharedBytes;   ///< shared memory that one block may have at most
  int64_t sharedBytes;        ///< shared memory of a multiprocessor
  bool wgmma;                 ///< it has warpgroup products and the tensor memory accelerator
};

/// All rows, in the order of capability.
llvm::ArrayRef<Chip> allChips();

/// The facts of a chip, or nothing for an unknown name.
std::optional<Chip> lookupChip(llvm::StringRef name);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_CHIP_H
