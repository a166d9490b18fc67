//===- Block.h - the block of threads that is being run ------------------*- C++ -*-===//
#ifndef DLC_TEST_SIMULATOR_BLOCK_H
#define DLC_TEST_SIMULATOR_BLOCK_H

#include "test/simulator/Fiber.h"
#include "test/simulator/Races.h"
#include "test/simulator/Simulator.h"

#include <functional>
#include <map>
#include <random>

namespace dlc::simulator {

constexpr uint32_t warpSize = 32, maxThreads = 1024, warpgroupSize = 128;
/// More than any chip's blocks may have.
constexpr uint64_t maxSharedBytes = 256 << 10;
/// Four bytes of it are a NaN, two of them too (as bf16).
constexpr int poison = 0xff;

/// The place of an operation in a kernel: a text of the image, the same for all threads that are
/// there.
using Site = const char *;

/// An asynchronous copy that has not landed: `bytes` from `from`, then `zeros` zeros.
struct PendingCopy {
  char *to;
  const char *from;
  uint32_t bytes, zeros;
};

struct Thread {
  enum State { Fresh, Ready, Waiting, Ended };
  State state = Fresh;
  uint32_t index = 0;
  Context context = nullptr;
  char *stack = nullptr;
  /// Where it waits, and with what: of use to those that it waits for.
  Site site = nullptr;
  const void *operands = nullptr;
  void *results = nullptr;
  std::vector<PendingCopy> openCopies;
  std::vector<std::vector<PendingCopy>> copyGroups;

  uint32_t warp() const { return index / warpSize; }
  uint32_t lane() const { return index % warpSize; }
};

/// Threads that wait until something happens.
using Waiters = std::vector<Thread *>;

/// A copy of many bytes that an mbarrier counts.
struct BulkCopy {
  void *to;
  int64_t bytes;
  std::function<void()> land;
};

/// A barrier in shared memory, whose phases end when all have arrived and all bytes with them.
struct Mbarrier {
  uint32_t count = 0, pending = 0, phase = 0;
  int64_t bytes = 0;
  Waiters waiters;
  std::vector<BulkCopy> copies;
};
void startBulkCopy(Site site, const void *mbarrier, BulkCopy copy);
void landBulkCopies(Mbarrier &barrier);

/// What a product of a warpgroup read, to be compared when it retires.
struct WgmmaRead {
  uint64_t descriptorA, descriptorB;
  bool isTransposed; ///< b
  std::vector<char> a, b;
};

struct Warpgroup {
  Waiters waiters;
  uint32_t numProducts = 0, numEnded = 0;
  std::vector<WgmmaRead> open;
  std::vector<std::vector<WgmmaRead>> groups;
};

/// Runs the blocks of one launch. There is one at a time: the operations of kernels find it by
/// `running`.
class Block {
public:
  Block(void (*kernel)(void **params), const Launch &launch, void **params);
  ~Block();

  /// Runs the block of these coordinates; empty, or what went wrong.
  std::string run(uint32_t x, uint32_t y, uint32_t z);

  bool isThreadRunning() const { return current; }
  Thread &thread() { return *current; }
  Thread &thread(uint32_t index) { return threads[index]; }
  uint32_t numThreads() const { return threads.size(); }
  const Launch &launchGeometry() const { return launch; }
  const uint32_t *coordinates() const { return blockId; }
  /// Of a lane, in x, y and z.
  uint32_t threadId(uint32_t dimension) const;

  /// Suspends the running thread at `site` until wake() is called for the waiters that it joins.
  void wait(Waiters &waiters, Site site);
  void wake(Waiters &waiters);

  /// Waits until `count` threads are in `waiters`; the last one calls `act` first.
  void meet(Waiters &waiters, uint32_t count, Site site, const std::function<void()> &act);
  /// The same for all lanes of the running thread's warp in `mask`, which must come from one site;
  /// `operands` and `results` are kept in each Thread for `act`.
  void meetWarp(uint32_t mask, Site site, const void *operands, void *results,
                const std::function<void()> &act);

  /// The same for the running thread's warpgroup.
  void meetWarpgroup(Site site, const void *operands, void *results,
                     const std::function<void()> &act);

  /// All that those who meet here did comes before what they do next: of what `act` of meet() may
  /// do.
  void order(const Waiters &waiters);
  Waiters &warp() { return warps[current->warp()]; }

  /// Counts a round of a loop.
  void step(Site site);
  /// Of the running thread.
  void access(Site site, const void *address, uint32_t bytes, bool isWrite);

  /// Ends the block with an error: does not return.
  [[noreturn]] void fail(Site site, const std::string &message);

  /// Of named barrier `id`.
  Waiters &barrier(uint32_t id) { return barriers[id]; }
  static constexpr uint32_t numBarriers = 16;

  /// By address.
  std::map<const void *, Mbarrier> mbarriers;
  std::vector<Warpgroup> warpgroups;

  /// Null where nobody asks for them.
  std::unique_ptr<Races> races;
  /// Ends the block where `race` names one, of an access to this place.
  void check(Site site, const void *address, const std::string &race);

private:
  static void enterThread();
  Thread *choose();
  void resume(Thread &thread);
  void suspend();
  std::string describe(const Thread &thread) const;
  std::string describeDeadlock() const;
  void reset();
  void collectStacks();

  void (*kernel)(void **);
  Launch launch;
  void **params;
  uint32_t blockId[3] = {};
  std::vector<Thread> threads;
  std::vector<Waiters> warps;
  /// The lanes of each warp that can go on.
  std::vector<uint32_t> runnable;
  std::vector<Waiters> barriers;
  Thread *current = nullptr;
  Context scheduler = nullptr;
  std::string error;
  std::mt19937_64 random;
  uint32_t numEnded = 0, currentWarp = 0;
  uint64_t stepsLeft = 0;
};

extern Block *running;

/// Of the running block; what lies behind the bytes that it asked for faults.
extern "C" char dlc_sim_shared[];

} // namespace dlc::simulator

#endif // DLC_TEST_SIMULATOR_BLOCK_H
