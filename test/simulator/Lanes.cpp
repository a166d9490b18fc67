//===- Lanes.cpp - what lanes of a warp tell each other -----------------------------===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"

#include <bit>

using namespace dlc::simulator;

namespace {

struct Shuffle {
  Site site;
  int32_t kind;
  uint32_t mask;
  int32_t value;
  uint32_t offset, maskAndClamp;
};

} // namespace

/// The lane to read, and whether it lies in the segment: the rules of PTX's shfl.sync.
static std::pair<uint32_t, bool> sourceLane(const Shuffle &shuffle, uint32_t lane) {
  enum { Butterfly, Up, Down, Index };
  uint32_t offset = shuffle.offset & 31, clamp = shuffle.maskAndClamp & 31;
  uint32_t segment = shuffle.maskAndClamp >> 8 & 31;
  uint32_t first = lane & segment, last = first | (clamp & ~segment);
  uint32_t source = 0;
  switch (shuffle.kind) {
  case Up:
    return {lane - offset, static_cast<int32_t>(lane - offset) >= static_cast<int32_t>(last)};
  case Down:
    source = lane + offset;
    break;
  case Butterfly:
    source = lane ^ offset;
    break;
  case Index:
    source = first | (offset & ~segment);
    break;
  }
  return {source, source <= last};
}

static void shuffleLane(uint32_t warp, uint32_t lane) {
  Thread &thread = running->thread(warp * warpSize + lane);
  const Shuffle &shuffle = *static_cast<const Shuffle *>(thread.operands);
  auto [source, isValid] = sourceLane(shuffle, lane);
  if (!isValid)
    source = lane;
  if (!(shuffle.mask >> source & 1) || warp * warpSize + source >= running->numThreads())
    running->fail(shuffle.site, "lane " + std::to_string(lane) + " reads lane " +
                                    std::to_string(source) + ", which takes no part");
  const Thread &other = running->thread(warp * warpSize + source);
  *static_cast<dlc_sim_shuffled *>(thread.results) = {
      static_cast<const Shuffle *>(other.operands)->value, isValid};
}

void dlc_sim_shuffle(const char *site, int32_t kind, int32_t mask, int32_t value, int32_t offset,
                     int32_t maskAndClamp, dlc_sim_shuffled *result) {
  Shuffle shuffle{site, kind, uint32_t(mask), value, uint32_t(offset), uint32_t(maskAndClamp)};
  running->meetWarp(mask, site, &shuffle, result, [&] {
    uint32_t warp = running->thread().warp();
    for (uint32_t lane = 0; lane < warpSize; ++lane)
      if (uint32_t(mask) >> lane & 1 && warp * warpSize + lane < running->numThreads())
        shuffleLane(warp, lane);
  });
}

bool dlc_sim_elect(const char *site, int32_t mask) {
  running->meetWarp(mask, site, nullptr, nullptr, [] {});
  return running->thread().lane() == uint32_t(std::countr_zero(uint32_t(mask)));
}
