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
  bool isSwizzled; ///< by 128 bytes; else rows lie one after the other
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

#endif // DLC_TEST_SIMULATOR_TENSORMAP_H
