//===- Threads.cpp - who a thread is, and how it waits for others -------------------===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"

using namespace dlc::simulator;

int32_t dlc_sim_thread_id(int32_t dimension) { return running->threadId(dimension); }
int32_t dlc_sim_block_id(int32_t dimension) { return running->coordinates()[dimension]; }
int32_t dlc_sim_block_dim(int32_t dimension) {
  return running->launchGeometry().threads[dimension];
}
int32_t dlc_sim_grid_dim(int32_t dimension) { return running->launchGeometry().blocks[dimension]; }
int32_t dlc_sim_lane_id() { return running->thread().lane(); }

void dlc_sim_barrier(const char *site, int32_t id, int32_t threads) {
  uint32_t count = threads == 0 ? running->numThreads() : threads;
  if (uint32_t(id) >= Block::numBarriers)
    running->fail(site, "there is no barrier " + std::to_string(id));
  if (threads % warpSize != 0 || count > running->numThreads())
    running->fail(site, "a barrier of " + std::to_string(threads) + " threads");
  Waiters &waiters = running->barrier(id);
  running->meet(waiters, count, site, [&] { running->order(waiters); });
}

void dlc_sim_warp_barrier(const char *site, int32_t mask) {
  running->meetWarp(mask, site, nullptr, nullptr, [] { running->order(running->warp()); });
}
