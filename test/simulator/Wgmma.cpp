//===- Wgmma.cpp - products of a warpgroup, from shared memory ----------------===//
//
// A product is computed when it is issued, from what is in shared memory then; the hardware reads
// it at any time until the group retires. So what it read is read again then: a difference is a
// race.
//
//===---------------------------------------------------------------------------------===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"
#include "test/simulator/Memory.h"

#include <bit>
#include <cstring>

using namespace dlc::simulator;

static constexpr int rowsOfA = 64, bytesOfK = 32;

namespace {

/// A matrix descriptor: rows of 128 bytes, swizzled, eight at a time. Where rows lie across K,
/// those of the next 64 columns are `leadingBytes` further.
struct Descriptor {
  uint32_t start, leadingBytes, groupBytes, swizzle;
  explicit Descriptor(uint64_t bits)
      : start((bits & 0x3fff) << 4), leadingBytes((bits >> 16 & 0x3fff) << 4),
        groupBytes((bits >> 32 & 0x3fff) << 4), swizzle(bits >> 62) {}
};

struct Wgmma {
  const float *c;
};

} // namespace

/// `size` bytes at `offset` from where the matrix begins; `isNew`: by the product that is issued.
static void readPiece(Site site, const Descriptor &matrix, uint32_t offset, char *to, int size,
                      bool isNew) {
  constexpr uint32_t window = 1 << 18, swizzle128 = 1;
  if (matrix.swizzle != swizzle128)
    running->fail(site, "a matrix that is not swizzled by 128 bytes");
  uint32_t base = reinterpret_cast<uintptr_t>(dlc_sim_shared) % window;
  offset += (matrix.start - base) % window;
  offset ^= offset / 128 % 8 * 16;
  if (offset + size > running->launchGeometry().sharedBytes)
    running->fail(site,
                  "a matrix out of bounds: byte " + std::to_string(offset) + " of shared memory");
  const char *from = dlc_sim_shared + offset;
  if (isNew && running->races)
    running->check(site, from, running->races->readByProduct(site, from, size));
  memcpy(to, from, size);
}

/// The 32 bytes of each row of a matrix, one after the other; `isTransposed`: of 16 elements from
/// as many rows.
static std::vector<char> readRows(Site site, uint64_t bits, int rows, bool isTransposed,
                                  bool isNew) {
  Descriptor matrix(bits);
  std::vector<char> bytes(rows * bytesOfK);
  for (int row = 0; row < rows; ++row)
    for (int k = 0; k < (isTransposed ? bytesOfK / 2 : 0); ++k)
      readPiece(site, matrix,
                row / 64 * matrix.leadingBytes + k / 8 * matrix.groupBytes + k % 8 * 128 +
                    row % 64 * 2,
                &bytes[row * bytesOfK + 2 * k], 2, isNew);
  for (int row = 0; row < (isTransposed ? 0 : rows); ++row)
    for (int piece = 0; piece < bytesOfK; piece += 16)
      readPiece(site, matrix, row / 8 * matrix.groupBytes + row % 8 * 128 + piece,
                &bytes[row * bytesOfK + piece], 16, isNew);
  return bytes;
}

static std::vector<float> convert(const std::vector<char> &bytes, bool isBf16) {
  std::vector<float> values;
  for (size_t i = 0; i < bytes.size(); i += isBf16 ? 2 : 4) {
    uint32_t word = 0;
    memcpy(&word, &bytes[i], isBf16 ? 2 : 4);
    values.push_back(std::bit_cast<float>(isBf16 ? word << 16 : word & 0xffffe000u));
  }
  return values;
}

/// Lane l of warp w has rows 16 w + l / 4 and 8 below, of each 8 columns the (l % 4)-th pair.
static void multiply(const WgmmaRead &read, uint32_t first, int n, bool isBf16) {
  std::vector<float> a = convert(read.a, isBf16), b = convert(read.b, isBf16);
  int k = isBf16 ? 16 : 8;
  for (uint32_t i = 0; i < warpgroupSize; ++i) {
    Thread &thread = running->thread(first + i);
    const float *c = static_cast<const Wgmma *>(thread.operands)->c;
    for (int x = 0; x < n / 2; ++x) {
      int row = i / 32 * 16 + i % 32 / 4 + 8 * (x / 2 % 2), column = x / 4 * 8 + i % 4 * 2 + x % 2;
      float sum = c ? c[x] : 0;
      for (int j = 0; j < k; ++j)
        sum += a[row * k + j] * b[column * k + j];
      static_cast<float *>(thread.results)[x] = sum;
    }
  }
}

void dlc_sim_wgmma(const char *site, int32_t n, bool isBf16, bool isTransposed, bool isSum,
                   int64_t a, int64_t b, const float *c, float *d) {
  Wgmma wgmma{isSum ? c : nullptr};
  running->meetWarpgroup(site, &wgmma, d, [&] {
    uint32_t group = running->thread().index / warpgroupSize;
    Warpgroup &warpgroup = running->warpgroups[group];
    ++warpgroup.numProducts;
    if (running->races)
      running->races->beginProduct(group, warpgroup.numProducts);
    WgmmaRead read{uint64_t(a), uint64_t(b), isTransposed,
                   readRows(site, a, rowsOfA, false, /*isNew=*/true),
                   readRows(site, b, n, isTransposed, /*isNew=*/true)};
    multiply(read, group * warpgroupSize, n, isBf16);
    warpgroup.open.push_back(std::move(read));
  });
}

void dlc_sim_wgmma_commit(const char *site) {
  running->meetWarpgroup(site, nullptr, nullptr, [] {
    Warpgroup &group = running->warpgroups[running->thread().index / warpgroupSize];
    group.groups.push_back(std::move(group.open));
    group.open.clear();
  });
}

static void checkUnchanged(Site site, const WgmmaRead &read) {
  int columns = read.b.size() / bytesOfK;
  if (read.a != readRows(site, read.descriptorA, rowsOfA, false, /*isNew=*/false) ||
      read.b != readRows(site, read.descriptorB, columns, read.isTransposed, /*isNew=*/false))
    running->fail(site, "a race: shared memory was written while a wgmma was reading it");
}

void dlc_sim_wgmma_wait(const char *site, int32_t groups) {
  running->meetWarpgroup(site, nullptr, nullptr, [&] {
    const uint32_t number = running->thread().index / warpgroupSize;
    Warpgroup &warpgroup = running->warpgroups[number];
    auto &pending = warpgroup.groups;
    if (pending.size() <= size_t(groups))
      return;
    auto end = pending.end() - groups;
    for (auto group = pending.begin(); group != end; ++group) {
      warpgroup.numEnded += group->size();
      for (const WgmmaRead &read : *group)
        checkUnchanged(site, read);
    }
    if (running->races)
      running->races->endProducts(number, warpgroup.numEnded);
    pending.erase(pending.begin(), end);
  });
}
