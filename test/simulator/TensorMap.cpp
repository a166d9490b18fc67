//===- TensorMap.cpp - tensor maps of the simulated driver --------------------------===//
//
// Of the driver's maps, those that dlc makes: bfloat16, or float32 as it is or rounded to tf32, in
// rows of 128 bytes that are swizzled, zeros out of bounds. What the driver refuses is refused; the
// rules are those of the CUDA driver API's chapter on tensor maps.
//
//===-------------------------------------------------------------------------------===//

#include "test/simulator/TensorMap.h"

#include <cstring>

using namespace dlc::simulator;

static constexpr int success = 0, invalidValue = 1;
// Values of CUtensorMapDataType, CUtensorMapInterleave, CUtensorMapSwizzle.
static constexpr int float32 = 7, bfloat16 = 9, tfloat32 = 11, noInterleave = 0, swizzle128 = 3;

/// What maps of both kinds ask for, but for the box.
static bool fillTensor(TensorMap &map, int type, uint32_t rank, void *address,
                       const uint64_t *extents, const uint64_t *strides, const uint32_t *steps) {
  const uint32_t elementBytes = type == bfloat16 ? 2 : 4;
  if ((type != float32 && type != bfloat16 && type != tfloat32) || rank < 1 || rank > 5 ||
      reinterpret_cast<uintptr_t>(address) % 16 != 0)
    return false;
  map.magic = TensorMap::expectedMagic;
  map.elementBytes = elementBytes;
  map.rank = rank;
  map.roundsToTf32 = type == tfloat32;
  map.isSwizzled = true;
  map.address = static_cast<const char *>(address);
  map.strides[0] = elementBytes;
  for (uint32_t i = 0; i < rank; ++i) {
    if (extents[i] < 1 || extents[i] > UINT32_MAX || steps[i] < 1 || steps[i] > 8)
      return false;
    map.extents[i] = extents[i];
    map.steps[i] = steps[i];
  }
  for (uint32_t i = 0; i + 1 < rank; ++i) {
    if (strides[i] % 16 != 0 || strides[i] >= uint64_t(1) << 40 ||
        strides[i] < (i == 0 ? extents[0] * elementBytes : strides[i - 1]))
      return false;
    map.strides[i + 1] = strides[i];
  }
  return true;
}

static int store(void *to, const TensorMap &map, int interleave, int swizzle, int fill) {
  uint32_t row = (map.isIm2col ? map.channels : map.box[0]) * map.elementBytes;
  if (interleave != noInterleave || swizzle != swizzle128 || fill != 0 || row % 16 != 0 ||
      row > 128 || reinterpret_cast<uintptr_t>(to) % 64 != 0)
    return invalidValue;
  memcpy(to, &map, sizeof(map));
  return success;
}

int cuTensorMapEncodeTiled(void *to, int type, uint32_t rank, void *address,
                           const uint64_t *extents, const uint64_t *strides, const uint32_t *box,
                           const uint32_t *steps, int interleave, int swizzle, int, int fill) {
  TensorMap map = {};
  if (!fillTensor(map, type, rank, address, extents, strides, steps))
    return invalidValue;
  for (uint32_t i = 0; i < rank; ++i) {
    if (box[i] < 1 || box[i] > 256)
      return invalidValue;
    map.box[i] = box[i];
  }
  return store(to, map, interleave, swizzle, fill);
}

int cuTensorMapEncodeIm2col(void *to, int type, uint32_t rank, void *address,
                            const uint64_t *extents, const uint64_t *strides, const int *lower,
                            const int *upper, uint32_t channels, uint32_t pixels,
                            const uint32_t *steps, int interleave, int swizzle, int, int fill) {
  TensorMap map = {};
  // Of ranks 3 to 5 only images are simulated.
  if (rank != 4 || !fillTensor(map, type, rank, address, extents, strides, steps) || channels < 1 ||
      channels > 256 || pixels < 1 || pixels > 1024)
    return invalidValue;
  for (int i = 0; i < 2; ++i) {
    if (lower[i] < -128 || lower[i] > 127 || upper[i] < -128 || upper[i] > 127)
      return invalidValue;
    map.lower[i] = lower[i];
    map.upper[i] = upper[i];
  }
  map.isIm2col = true;
  map.channels = channels;
  map.pixels = pixels;
  return store(to, map, interleave, swizzle, fill);
}
