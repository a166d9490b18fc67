//===- Plan.h - what the code of a model does, step by step -------------*- C++ -*-===//
#ifndef DLC_COMPILER_PLAN_H
#define DLC_COMPILER_PLAN_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dlc {

/// A layer of the model. Figures are for one sample.
struct Layer {
  std::string name, type;
  int64_t flops = 0, parameters = 0;
};

/// A quantity with one part for each sample of a batch.
struct Quantity {
  int64_t fixed = 0, perSample = 0;
  int64_t at(int64_t batch) const { return fixed + batch * perSample; }
};

/// A kernel that the forward pass launches.
struct Launch {
  std::vector<std::string> layers; ///< whose work it does
  std::string kernel;              ///< for people: its kind, form and tile
  Quantity flops;                  ///< that it executes, those on padding lanes included
  Quantity bytes;                  ///< of the buffers it reads and writes, each once

  /// Half cycles that the cost model expected of a form of a convolution: "direct", "f2" and so on.
  struct Estimate {
    std::string form;
    int64_t halfCycles;
  };
  std::vector<Estimate> estimates; ///< of all forms that exist where there is more than one
};

/// A buffer in the arena: bytes [offset, offset + bytes) of its region, times the batch in the
/// region that grows with it, from the first launch that touches it to the last.
struct ArenaBuffer {
  std::vector<std::string> layers; ///< that write it
  bool perSample;
  int64_t offset, bytes;
  int64_t begin, end;
};

/// What one variant's forward pass does.
struct Plan {
  std::string variant;
  std::vector<Launch> launches;
  std::vector<ArenaBuffer> buffers;
  Quantity arena;            ///< bytes
  int64_t preparedBytes = 0; ///< weights as kernels read them
};

} // namespace dlc

#endif // DLC_COMPILER_PLAN_H
