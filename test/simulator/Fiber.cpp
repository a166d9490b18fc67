//===- Fiber.cpp - threads of control that take turns -------------------------------===//

#include "test/simulator/Fiber.h"

#include <cstddef>
#include <sys/mman.h>

using namespace dlc::simulator;

static constexpr size_t stackBytes = 256 << 10, guardBytes = 4096;

char *StackPool::take() {
  if (!spare.empty()) {
    char *top = spare.back();
    spare.pop_back();
    return top;
  }
  void *pages = mmap(nullptr, guardBytes + stackBytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    return nullptr;
  mprotect(pages, guardBytes, PROT_NONE);
  return static_cast<char *>(pages) + guardBytes + stackBytes;
}

// The registers that the System V calling convention lets a function rely on across a call.
asm(R"(
.globl dlc_sim_switch
.type dlc_sim_switch, @function
dlc_sim_switch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
.size dlc_sim_switch, .-dlc_sim_switch
)");

Context dlc::simulator::makeContext(char *stackTop, void (*entry)()) {
  constexpr int savedRegisters = 6;
  void **stack = reinterpret_cast<void **>(stackTop);
  // A function finds its return address 8 bytes below a multiple of 16: here null, where unwinding
  // ends.
  *--stack = nullptr;
  *--stack = reinterpret_cast<void *>(entry);
  for (int i = 0; i < savedRegisters; ++i)
    *--stack = nullptr;
  return stack;
}
