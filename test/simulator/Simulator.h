//===- Simulator.h - runs kernels for GPUs on this machine ---------------*- C++ -*-===//
//
// A simulated image is a shared object for x86-64 that `dlc-simulate-gpu` made of a gpu.module: it
// exports `void NAME(void **params)` for each kernel and imports the functions dlc_sim_*, one for
// each NVVM operation (Device.h). Each thread of a block is a fiber; a block's warps take turns in
// an order drawn from a seed, and what the hardware leaves open (when an asynchronous copy lands,
// what shared memory holds at first) is made as bad as it may be, so that a kernel that leans on
// luck gives NaN, or an error that says where.
//
//===-------------------------------------------------------------------------------===//
#ifndef DLC_TEST_SIMULATOR_SIMULATOR_H
#define DLC_TEST_SIMULATOR_SIMULATOR_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace dlc::simulator {

struct Launch {
  uint32_t blocks[3] = {1, 1, 1};
  uint32_t threads[3] = {1, 1, 1};
  /// Of dynamic shared memory, a block.
  uint64_t sharedBytes = 0;
};

struct Settings {
  /// Order of warps, and of lanes within one: 0 lets the first that can run go on, 1 the last,
  /// another seed draws.
  uint64_t seed = 0;
  /// Asynchronous copies land when they are issued, not when they are waited for.
  bool eagerCopies = false;
  /// Accesses that nothing puts in order are errors, in images that tell of accesses.
  bool findsRaces = true;
  /// The most rounds of loops that the threads of a block go through together.
  uint64_t steps = uint64_t(1) << 30;
};

/// Of the launches to come; at first as DLC_SIM_SEED=N and DLC_SIM_EAGER=1 say.
Settings &settings();

/// Runs kernel(params) once for each thread, block after block. Empty: done; else what went wrong:
/// a deadlock, a loop without an end, a barrier in divergent code, a race, a misaligned copy, an
/// access out of bounds...
std::string run(void (*kernel)(void **params), const Launch &launch, void **params);

/// The kernels of an ELF image: a handle for dlsym and dlclose, null with an error. The size is
/// read from the image's own headers.
void *loadImage(const void *image, std::string &error);

/// Device memory: 256-byte aligned, filled with NaN, its end (to the next 256 bytes) at a page that
/// faults when a kernel touches it. Null where there is none.
void *allocate(size_t bytes);

/// False where `address` is not one that allocate() gave.
bool release(void *address);

/// Whether all these bytes lie in one allocation.
bool contains(const void *address, size_t bytes);

/// What kernels wrote into the bytes between the end of an allocation and its guard page; empty:
/// nothing.
std::string checkRedZones();

} // namespace dlc::simulator

#endif // DLC_TEST_SIMULATOR_SIMULATOR_H
