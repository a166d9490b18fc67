//===- Copies.cpp - asynchronous copies of single threads ---------------------------===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"
#include "test/simulator/Memory.h"

#include <cstring>

using namespace dlc::simulator;

static void land(const PendingCopy &copy) {
  if (running->races)
    running->races->endCopy(running->thread().index, copy.to, copy.bytes + copy.zeros);
  memcpy(copy.to, copy.from, copy.bytes);
  memset(copy.to + copy.bytes, 0, copy.zeros);
}

void dlc_sim_copy_async(const char *site, void *to, const void *from, int32_t bytes, int32_t used) {
  auto isAligned = [&](const void *address) {
    return reinterpret_cast<uintptr_t>(address) % bytes == 0;
  };
  if (used < 0 || used > bytes)
    running->fail(site,
                  "a copy of " + std::to_string(used) + " bytes out of " + std::to_string(bytes));
  if (!isAligned(to) || (used > 0 && !isAligned(from)))
    running->fail(site, "a misaligned copy of " + std::to_string(bytes) + " bytes");
  if (!isShared(to, bytes))
    running->fail(site, "a copy out of bounds: to " + describeAddress(to));
  PendingCopy copy{static_cast<char *>(to), static_cast<const char *>(from), uint32_t(used),
                   uint32_t(bytes - used)};
  if (Races *races = running->races.get()) {
    running->access(site, from, used, /*isWrite=*/false);
    running->check(site, to, races->beginCopy(running->thread().index, site, to, bytes));
  }
  if (settings().eagerCopies)
    return land(copy);
  memset(to, poison, bytes);
  running->thread().openCopies.push_back(copy);
}

void dlc_sim_copy_commit() {
  Thread &thread = running->thread();
  thread.copyGroups.push_back(std::move(thread.openCopies));
  thread.openCopies.clear();
}

void dlc_sim_copy_wait(int32_t groups) {
  auto &pending = running->thread().copyGroups;
  if (pending.size() <= size_t(groups))
    return;
  auto end = pending.end() - groups;
  for (auto group = pending.begin(); group != end; ++group)
    for (const PendingCopy &copy : *group)
      land(copy);
  pending.erase(pending.begin(), end);
}

void dlc_sim_copy_wait_all() {
  dlc_sim_copy_commit();
  dlc_sim_copy_wait(0);
}
