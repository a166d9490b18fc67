//===- BulkCopies.cpp - copies of parts of arrays by a tensor map -------------===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"
#include "test/simulator/Memory.h"
#include "test/simulator/TensorMap.h"

#include <algorithm>
#include <cstring>

using namespace dlc::simulator;

static constexpr int pieceBytes = 16, swizzledRowBytes = 128;

/// Where 16 bytes go: the places of a row of 128 bytes change with the row's number, by eight.
static char *place(char *to, bool isSwizzled, size_t offset) {
  uintptr_t address = reinterpret_cast<uintptr_t>(to) + offset;
  return reinterpret_cast<char *>(isSwizzled ? address ^ (address / swizzledRowBytes % 8 * 16)
                                             : address);
}

static void copyRow(char *to, const TensorMap &map, size_t offset, const char *from, size_t bytes) {
  for (size_t i = 0; i < bytes; i += pieceBytes) {
    char *target = place(to, map.isSwizzled, offset + i);
    if (from)
      memcpy(target, from + i, pieceBytes);
    else
      memset(target, 0, pieceBytes);
  }
}

/// The elements of one row that lie inside, and zeros; null: none does.
static const char *findRow(const TensorMap &map, const int64_t *at) {
  const char *address = map.address + at[0] * map.elementBytes;
  for (int d = 1; d < map.rank; ++d) {
    if (at[d] < 0 || at[d] >= map.extents[d])
      return nullptr;
    address += at[d] * map.strides[d];
  }
  return address;
}

/// Of the inner dimension only whole pieces may lie outside: what kernels here do.
/// The driver's type TFLOAT32: a copy rounds what it copies.
static void copyElement(char *to, const TensorMap &map, const char *from) {
  memcpy(to, from, map.elementBytes);
  if (!map.roundsToTf32)
    return;
  float value;
  memcpy(&value, from, sizeof(value));
  int32_t rounded = dlc_sim_round_tf32(value);
  memcpy(to, &rounded, sizeof(rounded));
}

static void copyInner(char *to, const TensorMap &map, size_t offset, const int64_t *at,
                      int elements) {
  const char *row = findRow(map, at);
  int perPiece = pieceBytes / map.elementBytes;
  for (int i = 0; i < elements; i += perPiece) {
    char piece[pieceBytes] = {};
    for (int e = 0; e < perPiece; ++e)
      if (row && at[0] + i + e >= 0 && at[0] + i + e < map.extents[0])
        copyElement(piece + e * map.elementBytes, map, row + (i + e) * map.elementBytes);
    copyRow(to, map, offset + i * map.elementBytes, piece, pieceBytes);
  }
}

static void copyTile(char *to, const TensorMap &map, std::array<int32_t, 5> start) {
  size_t rows = 1, rowBytes = size_t(map.box[0]) * map.elementBytes;
  for (int d = 1; d < map.rank; ++d)
    rows *= map.box[d];
  for (size_t row = 0; row < rows; ++row) {
    int64_t at[TensorMap::maxRank] = {start[0]};
    size_t rest = row;
    for (int d = 1; d < map.rank; ++d) {
      at[d] = start[d] + int64_t(rest % map.box[d]);
      rest /= map.box[d];
    }
    copyInner(to, map, row * rowBytes, at, map.box[0]);
  }
}

/// A pixel after another: those of windows' corners between `lower` and the extent less `upper`,
/// then the next row or image. Windows that start inside may reach outside, where there are zeros.
static void copyPixels(char *to, const TensorMap &map, std::array<int32_t, 5> start,
                       std::array<int16_t, 3> offsets) {
  int spatial = map.rank - 2;
  for (int pixel = 0; pixel < map.pixels; ++pixel) {
    int64_t at[TensorMap::maxRank] = {start[0]};
    for (int d = 1; d < map.rank; ++d)
      at[d] = start[d] + (d <= spatial ? offsets[d - 1] : 0);
    copyInner(to, map, size_t(pixel) * map.channels * map.elementBytes, at, map.channels);
    for (int d = 1; d < map.rank; ++d) {
      start[d] += std::max<int>(map.steps[d], 1);
      if (d > spatial || start[d] < int64_t(map.extents[d]) + map.upper[d - 1])
        break;
      start[d] = map.lower[d - 1];
    }
  }
}

static size_t copiedBytes(const TensorMap &map) {
  if (map.isIm2col)
    return size_t(map.channels) * map.pixels * map.elementBytes;
  size_t bytes = map.elementBytes;
  for (int d = 0; d < map.rank; ++d)
    bytes *= map.box[d];
  return bytes;
}

void dlc_sim_bulk_load(const char *site, void *to, const void *tensorMap, void *mbarrier,
                       int32_t rank, const int32_t *coordinates, int32_t numOffsets,
                       const int16_t *offsets) {
  TensorMap map;
  memcpy(&map, tensorMap, sizeof(map));
  if (map.magic != TensorMap::expectedMagic || map.rank != rank ||
      map.isIm2col != (numOffsets > 0) || (map.isIm2col && numOffsets != rank - 2))
    running->fail(site, "a tensor map that is none, or of another kind");
  size_t bytes = copiedBytes(map);
  if (reinterpret_cast<uintptr_t>(to) % (map.isSwizzled ? 1024 : 128) != 0)
    running->fail(site, "a misaligned bulk copy");
  if (!isShared(to, bytes))
    running->fail(site, "a bulk copy out of bounds: to " + describeAddress(to));
  std::array<int32_t, 5> start = {};
  std::copy(coordinates, coordinates + rank, start.begin());
  std::array<int16_t, 3> ahead = {};
  std::copy(offsets, offsets + numOffsets, ahead.begin());
  memset(to, poison, bytes);
  char *target = static_cast<char *>(to);
  startBulkCopy(site, mbarrier, {to, int64_t(bytes), [=] {
                                   if (map.isIm2col)
                                     copyPixels(target, map, start, ahead);
                                   else
                                     copyTile(target, map, start);
                                 }});
}
