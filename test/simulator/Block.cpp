//===- Block.cpp - the block of threads that is being run ---------------------------===//

#include "test/simulator/Block.h"
#include "test/simulator/Device.h"
#include "test/simulator/Memory.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <utility>

using namespace dlc::simulator;

Block *dlc::simulator::running = nullptr;

static StackPool stacks;

Block::Block(void (*kernel)(void **params), const Launch &launch, void **params)
    : warpgroups(maxThreads / warpgroupSize), kernel(kernel), launch(launch), params(params),
      threads(launch.threads[0] * launch.threads[1] * launch.threads[2]),
      warps((threads.size() + warpSize - 1) / warpSize), runnable(warps.size()),
      barriers(numBarriers), random(settings().seed) {
  for (uint32_t i = 0; i < threads.size(); ++i)
    threads[i].index = i;
  if (settings().findsRaces)
    races = std::make_unique<Races>(threads.size(), threads.size() / warpgroupSize);
}

uint32_t Block::threadId(uint32_t dimension) const {
  uint32_t index = current->index;
  for (uint32_t d = 0; d < dimension; ++d)
    index /= launch.threads[d];
  return index % launch.threads[dimension];
}

/// Threads of a block that failed leave their stacks behind.
void Block::collectStacks() {
  for (Thread &thread : threads)
    if (char *stack = std::exchange(thread.stack, nullptr))
      stacks.giveBack(stack);
}

Block::~Block() { collectStacks(); }

void Block::reset() {
  collectStacks();
  for (Thread &thread : threads) {
    thread.state = Thread::Fresh;
    thread.openCopies.clear();
    thread.copyGroups.clear();
    runnable[thread.warp()] |= 1u << thread.lane();
  }
  for (std::vector<Waiters> *groups : {&warps, &barriers})
    for (Waiters &waiters : *groups)
      waiters.clear();
  mbarriers.clear();
  warpgroups.assign(warpgroups.size(), Warpgroup());
  numEnded = 0;
  currentWarp = warps.size();
  stepsLeft = settings().steps;
  const uint32_t *n = launch.blocks;
  if (races)
    races->beginBlock((blockId[2] * n[1] + blockId[1]) * n[0] + blockId[0]);
}

/// The position of one of the bits of `mask`, which has one: the first, the last or another.
static uint32_t pickBit(uint32_t mask, uint64_t seed, std::mt19937_64 &random) {
  if (seed == 0)
    return std::countr_zero(mask);
  if (seed == 1)
    return 31 - std::countl_zero(mask);
  uint32_t turn = random() % 32;
  return (std::countr_zero(std::rotr(mask, turn)) + turn) % 32;
}

/// The thread to go on, of the same warp as the last one as long as that has any; null: none can.
Thread *Block::choose() {
  uint64_t seed = settings().seed;
  if (currentWarp == warps.size() || !runnable[currentWarp]) {
    uint32_t candidates = 0;
    for (uint32_t i = 0; i < warps.size(); ++i)
      candidates |= uint32_t(runnable[i] != 0) << i;
    if (!candidates)
      return nullptr;
    currentWarp = pickBit(candidates, seed, random);
  }
  return &threads[currentWarp * warpSize + pickBit(runnable[currentWarp], seed, random)];
}

void Block::enterThread() {
  running->kernel(running->params);
  Thread &thread = *running->current;
  thread.state = Thread::Ended;
  running->runnable[thread.warp()] &= ~(1u << thread.lane());
  ++running->numEnded;
  // Another thread may have it as soon as this one has left it for good.
  stacks.giveBack(thread.stack);
  thread.stack = nullptr;
  running->suspend();
}

void Block::suspend() { dlc_sim_switch(&current->context, scheduler); }

void Block::resume(Thread &thread) {
  if (thread.state == Thread::Fresh) {
    thread.stack = stacks.take();
    if (!thread.stack) {
      error = "no memory for the stacks of " + std::to_string(threads.size()) + " threads";
      return;
    }
    thread.context = makeContext(thread.stack, enterThread);
    thread.state = Thread::Ready;
  }
  current = &thread;
  dlc_sim_switch(&scheduler, thread.context);
  current = nullptr;
}

std::string Block::run(uint32_t x, uint32_t y, uint32_t z) {
  blockId[0] = x, blockId[1] = y, blockId[2] = z;
  reset();
  while (error.empty())
    if (Thread *thread = choose())
      resume(*thread);
    else
      break;
  if (error.empty() && numEnded < threads.size())
    error = describeDeadlock();
  return error;
}

void Block::wait(Waiters &waiters, Site site) {
  current->state = Thread::Waiting;
  current->site = site;
  runnable[current->warp()] &= ~(1u << current->lane());
  waiters.push_back(current);
  suspend();
}

void Block::wake(Waiters &waiters) {
  for (Thread *thread : waiters) {
    thread->state = Thread::Ready;
    runnable[thread->warp()] |= 1u << thread->lane();
  }
  waiters.clear();
}

void Block::meet(Waiters &waiters, uint32_t count, Site site, const std::function<void()> &act) {
  // Lanes of a warp that wait at different places would wait for each other for ever on some chips.
  for (const Thread *other : waiters)
    if (other->warp() == current->warp() && other->site != site)
      fail(site, std::string("divergent: lane ") + std::to_string(other->lane()) +
                     " of the same warp waits at " + other->site);
  if (waiters.size() + 1 < count)
    return wait(waiters, site);
  act();
  wake(waiters);
}

void Block::meetWarp(uint32_t mask, Site site, const void *operands, void *results,
                     const std::function<void()> &act) {
  if (!(mask >> current->lane() & 1))
    fail(site, "the mask leaves out the lane itself");
  uint32_t lanes = std::min<uint32_t>(warpSize, numThreads() - current->warp() * warpSize);
  if (lanes < warpSize)
    mask &= (1u << lanes) - 1;
  current->operands = operands;
  current->results = results;
  meet(warps[current->warp()], std::popcount(mask), site, act);
}

void Block::meetWarpgroup(Site site, const void *operands, void *results,
                          const std::function<void()> &act) {
  uint32_t group = current->index / warpgroupSize;
  if ((group + 1) * warpgroupSize > numThreads())
    fail(site, "the last warps of the block are no warpgroup");
  current->operands = operands;
  current->results = results;
  meet(warpgroups[group].waiters, warpgroupSize, site, act);
}

void Block::order(const Waiters &waiters) {
  if (!races)
    return;
  std::vector<uint32_t> participants = {current->index};
  for (const Thread *thread : waiters)
    participants.push_back(thread->index);
  races->join(participants);
}

void Block::step(Site site) {
  if (stepsLeft-- == 0)
    fail(site, "still in a loop after " + std::to_string(settings().steps) +
                   " rounds of the block's loops");
}

void Block::check(Site site, const void *address, const std::string &race) {
  if (!race.empty())
    fail(site, race + ", about " + describeAddress(address));
}

void Block::access(Site site, const void *address, uint32_t bytes, bool isWrite) {
  if (races)
    check(site, address,
          isWrite ? races->write(current->index, site, address, bytes)
                  : races->read(current->index, site, address, bytes));
}

void dlc_sim_step(const char *site) { running->step(site); }

void dlc_sim_read(const char *site, const void *address, int32_t bytes) {
  running->access(site, address, bytes, /*isWrite=*/false);
}

void dlc_sim_write(const char *site, const void *address, int32_t bytes) {
  running->access(site, address, bytes, /*isWrite=*/true);
}

void Block::fail(Site site, const std::string &message) {
  error = describe(*current);
  if (site)
    error += std::string(", ") + site;
  error += ": " + message;
  suspend();
  __builtin_unreachable();
}

static std::string tuple(const uint32_t *values) {
  return "(" + std::to_string(values[0]) + ", " + std::to_string(values[1]) + ", " +
         std::to_string(values[2]) + ")";
}

std::string Block::describe(const Thread &thread) const {
  return "block " + tuple(blockId) + ", thread " + std::to_string(thread.index);
}

std::string Block::describeDeadlock() const {
  std::map<Site, uint32_t> sites;
  for (const Thread &thread : threads)
    if (thread.state == Thread::Waiting)
      ++sites[thread.site];
  std::string text = "block " + tuple(blockId) + ": deadlock:";
  for (auto [site, count] : sites)
    text += " " + std::to_string(count) + " threads wait at " + site + ",";
  return text + " " + std::to_string(numEnded) + " have ended";
}
