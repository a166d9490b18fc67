//===- TensorMap.h - what a bulk copy knows of an array ------------------*- C++ -*-===//
#ifndef DLC_TEST_SIMULATOR_TENSORMAP_H
#define DLC_TEST_SIMULATOR_TENSORMAP_H

#include <cstdint>

namespace dlc::simulator {

/// What cuTensorMapEncodeTiled and cuTensorMapEncodeIm2col write into a CUtensorMap. Dimensions run
/// from the inner one on.
struct TensorMap {
  static constexpr uint32_t expectedMagic = 0x646c6374;
  static constexpr int maxRank = 5;

  uint32_t magic;
  uint8_t elementBytes, rank;
  bool isIm2col;
  bool roundsToTf32;
  uint8_t steps[maxRank]; ///< im2col: how far windows are apart; 0: as 1
  bool isSwizzled;        ///< by 128 bytes; else rows lie one after the other
  const char *address;
  uint32_t extents[maxRank];
  uint64_t strides[maxRank]; ///< in bytes
  uint16_t box[maxRank];     ///< tiled
  uint16_t channels, pixels; ///< im2col: of a copy
  int16_t lower[3],
      upper[3]; ///< im2col: corners of the box of windows, from W on
};
static_assert(sizeof(TensorMap) <= 128, "must fit into a CUtensorMap");

} // namespace dlc::simulator

// As cuda.h has them; 0 or CUDA_ERROR_INVALID_VALUE.
extern "C" {
int cuTensorMapEncodeTiled(void *map, int type, uint32_t rank, void *address,
                           const uint64_t *extents, const uint64_t *strides, const uint32_t *box,
                           const uint32_t *steps, int interleave, int swizzle, int promotion,
                           int fill);
int cuTensorMapEncodeIm2col(void *map, int type, uint32_t rank, void *address,
                            const uint64_t *extents, const uint64_t *strides, const int *lower,
                            const int *upper, uint32_t channels, uint32_t pixels,
                            const uint32_t *steps, int interleave, int swizzle, int promotion,
                            int fill);
}

#endif // DLC_TEST_SIMULATOR_TENSORMAP_H
