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

/// Of images that tell of them: another round of a loop; an access of this many bytes.
void dlc_sim_step(const char *site);
void dlc_sim_read(const char *site, const void *address, int32_t bytes);
void dlc_sim_write(const char *site, const void *address, int32_t bytes);

/// Of `threads` threads of the block; 0: of all.
void dlc_sim_barrier(const char *site, int32_t id, int32_t threads);
void dlc_sim_warp_barrier(const char *site, int32_t mask);

/// What a lane gets, and whether from a lane of its segment.
struct dlc_sim_shuffled {
  int32_t value;
  bool isValid;
};
/// `kind` is that of nvvm.shfl.sync: 0 bfly, 1 up, 2 down, 3 idx.
void dlc_sim_shuffle(const char *site, int32_t kind, int32_t mask, int32_t value, int32_t offset,
                     int32_t maskAndClamp, dlc_sim_shuffled *result);
/// True for one lane of the mask.
bool dlc_sim_elect(const char *site, int32_t mask);

/// To shared memory: `used` bytes of 4, 8 or 16 from `from`, the others become zeros.
void dlc_sim_copy_async(const char *site, void *to, const void *from, int32_t bytes, int32_t used);
void dlc_sim_copy_commit();
/// Until at most `groups` of the running thread's groups have not landed.
void dlc_sim_copy_wait(int32_t groups);
void dlc_sim_copy_wait_all();

/// Of 1, 2 or 4 matrices of 8 x 8 elements of 16 bits: a register of each to and from each lane.
void dlc_sim_load_matrix(const char *site, const void *row, int32_t number, bool isTransposed,
                         uint32_t *result);
void dlc_sim_store_matrix(const char *site, void *row, int32_t number, bool isTransposed,
                          const uint32_t *values);

/// d = a b + c of 16 x 8 floats, by warp; k is 4 or 8 for tf32, 8 or 16 for bf16.
void dlc_sim_mma_tf32(const char *site, int32_t k, const uint32_t *a, const uint32_t *b,
                      const float *c, float *d);
void dlc_sim_mma_bf16(const char *site, int32_t k, const uint32_t *a, const uint32_t *b,
                      const float *c, float *d);
/// To the nearest, ties away from zero.
int32_t dlc_sim_round_tf32(float value);

/// In 8 bytes of shared memory.
void dlc_sim_mbarrier_init(const char *site, void *address, int32_t count);
/// Arrives `count` times, after more bytes are expected. Gives the phase that it arrives in.
int64_t dlc_sim_mbarrier_arrive(const char *site, void *address, int32_t count, int32_t bytes);
void dlc_sim_mbarrier_expect(const char *site, void *address, int32_t bytes);
/// Until the phase of this parity has ended.
void dlc_sim_mbarrier_wait(const char *site, void *address, int32_t parity);

/// A box (or, with offsets, pixels of windows) of the array that a tensor map describes.
void dlc_sim_bulk_load(const char *site, void *to, const void *tensorMap, void *mbarrier,
                       int32_t rank, const int32_t *coordinates, int32_t numOffsets,
                       const int16_t *offsets);

/// d = a b^T (+ c, where isSum) of 64 x n, by the descriptors of a [64, k] and b [n, k], or
/// `isTransposed` [k, n]; k is 8 for tf32, 16 for bf16.
void dlc_sim_wgmma(const char *site, int32_t n, bool isBf16, bool isTransposed, bool isSum,
                   int64_t a, int64_t b, const float *c, float *d);
void dlc_sim_wgmma_commit(const char *site);
void dlc_sim_wgmma_wait(const char *site, int32_t groups);

} // extern "C"

#endif // DLC_TEST_SIMULATOR_DEVICE_H
