//===- MpiGroup.h - processes that mpirun started -----------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_MPIGROUP_H
#define DLC_TOOLS_TRAIN_MPIGROUP_H

#include "tools/train/Group.h"

namespace dlc::tools::train {

/// Initialises MPI, until the group goes; an error where dlc was built without it, or with another
/// MPI than that of the mpirun that started `size` processes.
llvm::Expected<std::unique_ptr<Group>> joinMpi(int64_t size);

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_MPIGROUP_H
