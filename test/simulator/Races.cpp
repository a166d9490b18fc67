//===- Races.cpp - accesses that nothing puts in order -------------------------===//

#include "test/simulator/Races.h"
#include "test/simulator/Memory.h"

#include <algorithm>
#include <utility>

using namespace dlc::simulator;

/// Two bytes are the least that threads write side by side.
static constexpr uintptr_t cellBytes = 2, cellsOfPage = 2048;
static constexpr uint32_t maxMbarriers = 64, threadsOfGroup = 128;

struct Races::Page {
  Cell cells[cellsOfPage];
};

Races::Races(uint32_t threads, uint32_t warpgroups)
    : numThreads(threads), numGroups(warpgroups), numActors(threads + warpgroups + maxMbarriers),
      clocks(size_t(threads) * numActors), released(maxMbarriers) {}

Races::~Races() = default;

void Races::beginBlock(uint32_t number) {
  block = number + 1;
  mbarriers.clear();
  std::fill(clocks.begin(), clocks.end(), 0);
  for (uint32_t thread = 0; thread < numThreads; ++thread)
    clocksOf(thread)[thread] = 1;
  for (VectorClock &clock : released)
    clock.assign(numActors, 0);
  generation = 0;
  isMixed = false;
}

Races::Cell &Races::cell(uintptr_t index) {
  uintptr_t number = index / cellsOfPage;
  if (!latest || number != latestNumber) {
    std::unique_ptr<Page> &page = pages[number];
    if (!page)
      page = std::make_unique<Page>();
    latest = page.get();
    latestNumber = number;
  }
  return latest->cells[index % cellsOfPage];
}

template <typename Visit>
std::string Races::forEachCell(const void *address, uint32_t bytes, Visit visit) {
  auto first = reinterpret_cast<uintptr_t>(address);
  const bool isOwn = isOfBlock(address);
  for (uintptr_t i = first / cellBytes; i <= (first + bytes - 1) / cellBytes; ++i) {
    Cell &touched = cell(i);
    // Shared memory of another block is other memory.
    if (isOwn && touched.block != block) {
      touched.write = {};
      touched.isCopied = false;
      touched.reads.clear();
    }
    touched.block = block;
    if (std::string error = visit(touched); !error.empty())
      return error;
  }
  return {};
}

/// Threads forget each other's clocks with each generation; other actors keep theirs.
bool Races::isBefore(const Access &access, const uint32_t *knowledge) const {
  if (access.block != block)
    return false;
  return (access.actor < numThreads && access.generation < generation) ||
         access.clock <= knowledge[access.actor];
}

Races::Access Races::now(uint32_t actor, uint32_t clock, const char *site) const {
  return {block, generation, clock, actor, site};
}

std::string Races::describe(const Access &access, const char *kind) const {
  std::string who = "thread " + std::to_string(access.actor);
  if (access.actor >= numThreads + numGroups)
    who = "a copy that an mbarrier counts";
  else if (access.actor >= numThreads)
    who = "warpgroup " + std::to_string(access.actor - numThreads);
  if (access.block != block)
    who += " of another block";
  return std::string("a race with ") + kind + " by " + who + " at " + access.site;
}

/// The last write lies before what is done now.
std::string Races::checkWrite(const Cell &cell, const uint32_t *knowledge) const {
  if (!cell.write.site)
    return {};
  if (cell.isCopied)
    return describe(cell.write, "a copy that was not waited for,");
  return isBefore(cell.write, knowledge) ? "" : describe(cell.write, "a write");
}

std::string Races::readCell(Cell &cell, const Access &access, const uint32_t *knowledge) {
  if (std::string error = checkWrite(cell, knowledge); !error.empty())
    return error;
  // What comes before this read need not be remembered, and one of other blocks stands for all.
  bool hasOther = false;
  std::erase_if(cell.reads, [&](const Access &read) {
    if (read.block != block)
      return std::exchange(hasOther, true);
    return isBefore(read, knowledge);
  });
  cell.reads.push_back(access);
  return {};
}

std::string Races::writeCell(Cell &cell, const Access &access, const uint32_t *knowledge) {
  if (std::string error = checkWrite(cell, knowledge); !error.empty())
    return error;
  for (const Access &read : cell.reads)
    if (!isBefore(read, knowledge))
      return describe(read, "a read");
  cell.reads.clear();
  cell.write = access;
  cell.isCopied = false;
  return {};
}

std::string Races::read(uint32_t thread, const char *site, const void *address, uint32_t bytes) {
  const uint32_t *knowledge = clocksOf(thread);
  Access access = now(thread, knowledge[thread], site);
  return forEachCell(address, bytes, [&](Cell &cell) { return readCell(cell, access, knowledge); });
}

std::string Races::write(uint32_t thread, const char *site, const void *address, uint32_t bytes) {
  const uint32_t *knowledge = clocksOf(thread);
  Access access = now(thread, knowledge[thread], site);
  return forEachCell(address, bytes,
                     [&](Cell &cell) { return writeCell(cell, access, knowledge); });
}

std::string Races::beginCopy(uint32_t thread, const char *site, const void *to, uint32_t bytes) {
  std::string error = write(thread, site, to, bytes);
  forEachCell(to, bytes, [](Cell &cell) {
    cell.isCopied = true;
    return std::string();
  });
  return error;
}

void Races::endCopy(uint32_t thread, const void *to, uint32_t bytes) {
  uint32_t clock = clocksOf(thread)[thread];
  forEachCell(to, bytes, [&](Cell &cell) {
    cell.write = now(thread, clock, cell.write.site);
    cell.isCopied = false;
    return std::string();
  });
}

void Races::endCopy(const void *mbarrier, const void *to, uint32_t bytes) {
  uint32_t actor = actorOf(mbarrier);
  uint32_t clock = ++released[actor - numThreads - numGroups][actor];
  forEachCell(to, bytes, [&](Cell &cell) {
    cell.write = now(actor, clock, cell.write.site);
    cell.isCopied = false;
    return std::string();
  });
}

void Races::beginProduct(uint32_t group, uint32_t product) {
  productKnowledge.assign(numActors, UINT32_MAX);
  for (uint32_t i = 0; i < threadsOfGroup; ++i) {
    const uint32_t *knowledge = clocksOf(group * threadsOfGroup + i);
    for (uint32_t actor = 0; actor < numActors; ++actor)
      productKnowledge[actor] = std::min(productKnowledge[actor], knowledge[actor]);
  }
  productAccess = now(numThreads + group, product, nullptr);
}

std::string Races::readByProduct(const char *site, const void *address, uint32_t bytes) {
  productAccess.site = site;
  return forEachCell(address, bytes, [&](Cell &cell) {
    return readCell(cell, productAccess, productKnowledge.data());
  });
}

void Races::endProducts(uint32_t group, uint32_t product) {
  for (uint32_t i = 0; i < threadsOfGroup; ++i)
    clocksOf(group * threadsOfGroup + i)[numThreads + group] = product;
}

/// `known` of all actors that are no threads is known by all.
void Races::beginGeneration(const VectorClock &known) {
  ++generation;
  for (uint32_t thread = 0; thread < numThreads; ++thread) {
    uint32_t *knowledge = clocksOf(thread);
    if (isMixed)
      std::fill(knowledge, knowledge + numThreads, 0);
    knowledge[thread] = 1;
    std::copy(known.begin() + numThreads, known.end(), knowledge + numThreads);
  }
  // Arrivals of earlier generations tell nothing new.
  for (VectorClock &clock : released)
    std::fill(clock.begin(), clock.begin() + numThreads, 0);
  isMixed = false;
}

void Races::join(const std::vector<uint32_t> &participants) {
  bool isWholeBlock = participants.size() == numThreads;
  uint32_t first = isWholeBlock ? numThreads : 0;
  VectorClock known(numActors, 0);
  for (uint32_t thread : participants) {
    const uint32_t *knowledge = clocksOf(thread);
    for (uint32_t actor = first; actor < numActors; ++actor)
      known[actor] = std::max(known[actor], knowledge[actor]);
  }
  if (isWholeBlock)
    return beginGeneration(known);
  isMixed = true;
  for (uint32_t thread : participants) {
    std::copy(known.begin(), known.end(), clocksOf(thread));
    ++clocksOf(thread)[thread];
  }
}

uint32_t Races::actorOf(const void *mbarrier) {
  auto [place, isNew] = mbarriers.try_emplace(mbarrier, mbarriers.size() % maxMbarriers);
  return numThreads + numGroups + place->second;
}

void Races::arrive(uint32_t thread, const void *mbarrier) {
  VectorClock &clock = released[actorOf(mbarrier) - numThreads - numGroups];
  uint32_t *knowledge = clocksOf(thread);
  for (uint32_t actor = 0; actor < numActors; ++actor)
    clock[actor] = std::max(clock[actor], knowledge[actor]);
  ++knowledge[thread];
}

void Races::passed(uint32_t thread, const void *mbarrier) {
  const VectorClock &clock = released[actorOf(mbarrier) - numThreads - numGroups];
  uint32_t *knowledge = clocksOf(thread);
  for (uint32_t actor = 0; actor < numActors; ++actor)
    knowledge[actor] = std::max(knowledge[actor], clock[actor]);
  isMixed = true;
}
