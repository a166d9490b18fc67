//===- Memory.h - device and shared memory -------------------------------*- C++ -*-===//
#ifndef DLC_TEST_SIMULATOR_MEMORY_H
#define DLC_TEST_SIMULATOR_MEMORY_H

#include <cstdint>
#include <string>

namespace dlc::simulator {

/// Makes `bytes` of shared memory accessible, and faults what lies behind them to the next page.
void openSharedMemory(uint64_t bytes);
/// Fills them, and what lies behind them in their page, with poison.
void poisonSharedMemory(uint64_t bytes);
/// What was written behind them.
std::string checkSharedMemory(uint64_t bytes);

/// Whether all these bytes lie in what the running block asked for.
bool isShared(const void *address, uint64_t bytes);

/// Whether an address is of shared memory, which each block has for itself.
bool isOfBlock(const void *address);

/// What lies near an address that faulted.
std::string describeAddress(const void *address);

} // namespace dlc::simulator

#endif // DLC_TEST_SIMULATOR_MEMORY_H
