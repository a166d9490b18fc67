//===- Races.h - accesses that nothing puts in order ---------------------*- C++ -*-===//
//
// Two accesses to the same bytes, one of which writes, race unless one happens before the other:
// in the same thread, or with a barrier, or an arrival and a wait, in between. Whether they do does
// not depend on the order in which the simulator runs them, so that a race is found in every order.
//
// Each thread has a clock of its own, and knows of every other up to which of its clocks all has
// happened before (a vector clock). What is no thread has a place there too: a barrier in shared
// memory, whose copies land when its phase ends, and a warpgroup, whose products read until they
// are waited for. A barrier of the whole block begins a new generation, in which all that came
// before is over.
//
//===-------------------------------------------------------------------------------===//
#ifndef DLC_TEST_SIMULATOR_RACES_H
#define DLC_TEST_SIMULATOR_RACES_H

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace dlc::simulator {

/// Up to which clock of each all has happened.
using VectorClock = std::vector<uint32_t>;

class Races {
public:
  Races(uint32_t threads, uint32_t warpgroups);
  ~Races();

  /// Of this number in the launch.
  void beginBlock(uint32_t number);

  /// An access by a thread; empty, or the access that it races with.
  std::string read(uint32_t thread, const char *site, const void *address, uint32_t bytes);
  std::string write(uint32_t thread, const char *site, const void *address, uint32_t bytes);

  /// A copy that a thread begins: nobody may touch what it writes until it has landed.
  std::string beginCopy(uint32_t thread, const char *site, const void *to, uint32_t bytes);
  /// The thread has waited for it.
  void endCopy(uint32_t thread, const void *to, uint32_t bytes);
  /// It is one of those that this barrier counts.
  void endCopy(const void *mbarrier, const void *to, uint32_t bytes);

  /// A product of a warpgroup, number `product` counted from 1, reads until it has ended. Asked of
  /// the latest product begun.
  void beginProduct(uint32_t group, uint32_t product);
  std::string readByProduct(const char *site, const void *address, uint32_t bytes);
  void endProducts(uint32_t group, uint32_t product);

  /// All that one of these threads did comes before all that another does from now on.
  void join(const std::vector<uint32_t> &participants);

  /// A thread's past comes before what those do who wait for the mbarrier.
  void arrive(uint32_t thread, const void *mbarrier);
  void passed(uint32_t thread, const void *mbarrier);

private:
  /// An access: its time by the clock of `actor`, a thread or what has a clock besides.
  struct Access {
    uint32_t block = 0, generation = 0, clock = 0, actor = 0;
    const char *site = nullptr;
  };
  /// What has happened to a few bytes.
  struct Cell {
    uint32_t block = 0;    ///< the last one to touch it
    bool isCopied = false; ///< the write has not landed
    Access write;
    std::vector<Access> reads;
  };
  struct Page;

  Cell &cell(uintptr_t index);
  uint32_t *clocksOf(uint32_t thread) { return &clocks[size_t(thread) * numActors]; }
  bool isBefore(const Access &access, const uint32_t *knowledge) const;
  uint32_t actorOf(const void *mbarrier);
  Access now(uint32_t actor, uint32_t clock, const char *site) const;
  std::string checkWrite(const Cell &cell, const uint32_t *knowledge) const;
  std::string readCell(Cell &cell, const Access &access, const uint32_t *knowledge);
  std::string writeCell(Cell &cell, const Access &access, const uint32_t *knowledge);
  std::string describe(const Access &access, const char *kind) const;
  template <typename Visit>
  std::string forEachCell(const void *address, uint32_t bytes, Visit visit);
  void beginGeneration(const VectorClock &known);

  const uint32_t numThreads, numGroups, numActors;
  uint32_t block = 0, generation = 0;
  bool isMixed = false; ///< a thread knows of another's clock in this generation
  std::vector<uint32_t> clocks;
  std::unordered_map<const void *, uint32_t> mbarriers; ///< their places among the actors
  std::vector<VectorClock> released;                    ///< what waiting for each tells
  Access productAccess;                                 ///< of the latest product
  VectorClock productKnowledge;                         ///< what all its threads know
  std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages;
  Page *latest = nullptr;
  uintptr_t latestNumber = 0;
};

} // namespace dlc::simulator

#endif // DLC_TEST_SIMULATOR_RACES_H
