//===- Matrix.cpp - matrices spread over the lanes of a warp ------------------------===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"
#include "test/simulator/Memory.h"

#include <bit>
#include <cstring>

using namespace dlc::simulator;

static constexpr uint32_t allLanes = ~0u;
static constexpr int rowBytes = 16;

namespace {

/// Of ldmatrix and stmatrix: lane 8 i + r brings row r of matrix i.
struct MatrixRows {
  char *row;
  int32_t number;
  bool isTransposed;
};

} // namespace

/// The running lane's row, where it has one, lies in shared memory as it should.
static void checkRow(Site site, const void *row, int32_t number) {
  if (running->thread().lane() >= uint32_t(number) * 8)
    return;
  if (reinterpret_cast<uintptr_t>(row) % rowBytes != 0)
    running->fail(site, "a misaligned row of a matrix");
  if (!isShared(row, rowBytes))
    running->fail(site, "a row out of bounds: " + describeAddress(row));
}

/// Where the 16 bits `half` of lane `lane`'s register of matrix `matrix` lie.
static char *findElement(uint32_t warp, uint32_t lane, int matrix, int half) {
  const auto *own = static_cast<const MatrixRows *>(running->thread().operands);
  int row = lane / 4, column = lane % 4 * 2 + half;
  if (own->isTransposed)
    std::swap(row, column);
  const Thread &owner = running->thread(warp * warpSize + matrix * 8 + row);
  return static_cast<const MatrixRows *>(owner.operands)->row + 2 * column;
}

/// Calls act(element, its place in a register) for each 16 bits of each lane, when the warp has
/// met.
template <typename Act>
static void moveMatrices(Site site, const MatrixRows &rows, void *values, Act act) {
  running->meetWarp(allLanes, site, &rows, values, [&] {
    uint32_t warp = running->thread().warp();
    for (uint32_t lane = 0; lane < warpSize; ++lane) {
      char *registers = static_cast<char *>(running->thread(warp * warpSize + lane).results);
      for (int matrix = 0; matrix < rows.number; ++matrix)
        for (int half = 0; half < 2; ++half)
          act(findElement(warp, lane, matrix, half), registers + 4 * matrix + 2 * half);
    }
  });
}

void dlc_sim_load_matrix(const char *site, const void *row, int32_t number, bool isTransposed,
                         uint32_t *result) {
  checkRow(site, row, number);
  if (running->thread().lane() < uint32_t(number) * 8)
    running->access(site, row, rowBytes, /*isWrite=*/false);
  // Each lane reads as early as it may: nothing makes it wait for what other lanes have written.
  char bytes[rowBytes] = {};
  if (running->thread().lane() < uint32_t(number) * 8)
    memcpy(bytes, row, rowBytes);
  moveMatrices(site, {bytes, number, isTransposed}, result,
               [](const char *element, char *value) { memcpy(value, element, 2); });
}

void dlc_sim_store_matrix(const char *site, void *row, int32_t number, bool isTransposed,
                          const uint32_t *values) {
  checkRow(site, row, number);
  if (running->thread().lane() < uint32_t(number) * 8)
    running->access(site, row, rowBytes, /*isWrite=*/true);
  moveMatrices(site, {static_cast<char *>(row), number, isTransposed},
               const_cast<uint32_t *>(values),
               [](char *element, const char *value) { memcpy(element, value, 2); });
}

namespace {

/// One number a register, of which the hardware ignores the last 13 bits.
struct Tf32 {
  static constexpr int perRegister = 1;
  static float get(uint32_t word, int) { return std::bit_cast<float>(word & 0xffffe000u); }
};

/// Two numbers a register.
struct Bf16 {
  static constexpr int perRegister = 2;
  static float get(uint32_t word, int i) {
    return std::bit_cast<float>(i == 0 ? word << 16 : word & 0xffff0000u);
  }
};

struct Mma {
  const uint32_t *a, *b;
  const float *c;
};

} // namespace

/// A lane is the (lane % 4)-th of row (or column) lane / 4. Its registers of `a` hold rows 0-7 and
/// 8-15 of one block of K after another, those of `b` the blocks of K.
template <typename Element> static void multiply(uint32_t warp, int k) {
  constexpr int rows = 16, columns = 8, maxK = 16, perBlock = 4 * Element::perRegister;
  float a[rows][maxK], b[maxK][columns];
  for (uint32_t lane = 0; lane < warpSize; ++lane) {
    const auto *mma = static_cast<const Mma *>(running->thread(warp * warpSize + lane).operands);
    for (int block = 0; block < k / perBlock; ++block)
      for (int i = 0; i < Element::perRegister; ++i) {
        int inner = block * perBlock + lane % 4 * Element::perRegister + i;
        a[lane / 4][inner] = Element::get(mma->a[2 * block], i);
        a[lane / 4 + 8][inner] = Element::get(mma->a[2 * block + 1], i);
        b[inner][lane / 4] = Element::get(mma->b[block], i);
      }
  }
  for (uint32_t lane = 0; lane < warpSize; ++lane) {
    const Thread &thread = running->thread(warp * warpSize + lane);
    for (int i = 0; i < 4; ++i) {
      float sum = static_cast<const Mma *>(thread.operands)->c[i];
      for (int inner = 0; inner < k; ++inner)
        sum += a[lane / 4 + 8 * (i / 2)][inner] * b[inner][lane % 4 * 2 + i % 2];
      static_cast<float *>(thread.results)[i] = sum;
    }
  }
}

void dlc_sim_mma_tf32(const char *site, int32_t k, const uint32_t *a, const uint32_t *b,
                      const float *c, float *d) {
  Mma mma{a, b, c};
  running->meetWarp(allLanes, site, &mma, d, [&] { multiply<Tf32>(running->thread().warp(), k); });
}

void dlc_sim_mma_bf16(const char *site, int32_t k, const uint32_t *a, const uint32_t *b,
                      const float *c, float *d) {
  Mma mma{a, b, c};
  running->meetWarp(allLanes, site, &mma, d, [&] { multiply<Bf16>(running->thread().warp(), k); });
}

int32_t dlc_sim_round_tf32(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (value != value)
    return 0x7fffffff;
  // A half of the last of the 10 bits that stay; infinity is left alone.
  if ((bits & 0x7f800000) != 0x7f800000)
    bits += 0x1000;
  return bits & 0xffffe000u;
}

/// What compilers call where the machine has no instruction for it: to the nearest, ties to even.
extern "C" __bf16 __truncsfbf2(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  constexpr uint32_t quiet = 0x400000;
  bits = value != value ? bits | quiet : bits + 0x7fff + (bits >> 16 & 1);
  return std::bit_cast<__bf16>(static_cast<uint16_t>(bits >> 16));
}
