//===- Mbarriers.cpp - barriers in shared memory that count arrivals and bytes ===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"
#include "test/simulator/Memory.h"

using namespace dlc::simulator;

static constexpr uint32_t mbarrierBytes = 8;

/// The barrier at this address, which was made.
static Mbarrier &find(Site site, const void *address) {
  auto it = running->mbarriers.find(address);
  if (it == running->mbarriers.end())
    running->fail(site, "no mbarrier was made at " + describeAddress(address));
  // What it does to the barrier is atomic; only making one is not.
  running->access(site, address, mbarrierBytes, /*isWrite=*/false);
  return it->second;
}

/// Ends the phase where all have arrived and all bytes with them.
static void advance(Mbarrier &barrier) {
  if (barrier.pending > 0 || barrier.bytes != 0)
    return;
  ++barrier.phase;
  barrier.pending = barrier.count;
  running->wake(barrier.waiters);
}

void dlc::simulator::landBulkCopies(Mbarrier &barrier) {
  std::vector<BulkCopy> copies = std::move(barrier.copies);
  barrier.copies.clear();
  for (BulkCopy &copy : copies) {
    copy.land();
    if (running->races)
      running->races->endCopy(&barrier, copy.to, copy.bytes);
    barrier.bytes -= copy.bytes;
  }
  if (!copies.empty())
    advance(barrier);
}

void dlc::simulator::startBulkCopy(Site site, const void *address, BulkCopy copy) {
  Mbarrier &barrier = find(site, address);
  if (Races *races = running->races.get())
    running->check(site, copy.to,
                   races->beginCopy(running->thread().index, site, copy.to, copy.bytes));
  barrier.copies.push_back(std::move(copy));
  // Those who wait already would not ask again.
  if (settings().eagerCopies || !barrier.waiters.empty())
    landBulkCopies(barrier);
}

void dlc_sim_mbarrier_init(const char *site, void *address, int32_t count) {
  if (reinterpret_cast<uintptr_t>(address) % mbarrierBytes != 0 ||
      !isShared(address, mbarrierBytes))
    running->fail(site, "a misplaced mbarrier: " + describeAddress(address));
  if (count <= 0)
    running->fail(site, "an mbarrier of " + std::to_string(count) + " arrivals");
  Mbarrier &barrier = running->mbarriers[address];
  if (!barrier.waiters.empty())
    running->fail(site, "an mbarrier that threads wait for is made anew");
  running->access(site, address, mbarrierBytes, /*isWrite=*/true);
  barrier = Mbarrier();
  barrier.count = barrier.pending = count;
}

int64_t dlc_sim_mbarrier_arrive(const char *site, void *address, int32_t count, int32_t bytes) {
  Mbarrier &barrier = find(site, address);
  if (uint32_t(count) > barrier.pending)
    running->fail(site, "more arrivals than the mbarrier counts, " + std::to_string(barrier.count));
  int64_t state = barrier.phase;
  barrier.bytes += bytes;
  barrier.pending -= count;
  if (running->races)
    running->races->arrive(running->thread().index, &barrier);
  advance(barrier);
  return state;
}

void dlc_sim_mbarrier_expect(const char *site, void *address, int32_t bytes) {
  find(site, address).bytes += bytes;
}

void dlc_sim_mbarrier_wait(const char *site, void *address, int32_t parity) {
  // Copies land as late as they may.
  landBulkCopies(find(site, address));
  while (true) {
    Mbarrier &barrier = find(site, address);
    if ((barrier.phase & 1) != (uint32_t(parity) & 1)) {
      if (running->races)
        running->races->passed(running->thread().index, &barrier);
      return;
    }
    running->wait(barrier.waiters, site);
  }
}
