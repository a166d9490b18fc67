//===- Device.h - what simulated kernels call ----------------------------*- C++ -*-===//
//
// `dlc-simulate-gpu` (compiler/cuda) puts a call of one of these in the place of each NVVM
// operation. What a thread holds in several registers goes by pointer. `site` says where the
// operation stands in its kernel.
//
//===-------------------------------------------------------------------------------===//
#ifndef DLC_TEST_SIMULATOR_DEVICE_H
#define DLC_TEST_SIMULATOR_DEVICE_H

#include <cstdint>

extern "C" {

/// In dimension 0, 1 or 2.
int32_t dlc_sim_thread_id(int32_t dimension);
int32_t dlc_sim_block_id(int32_t dimension);
int32_t dlc_sim_block_dim(int32_t dimension);
int32_t dlc_sim_grid_dim(int32_t dimension);
int32_t dlc_sim_lane_id();

/// Of `threads` threads of the block; 0: of all.
void dlc_sim_barrier(const char *site, int32_t id, int32_t threads);
void dlc_sim_warp_barrier(const char *site, int32_t mask);

} // extern "C"

#endif // DLC_TEST_SIMULATOR_DEVICE_H
