//===- Fiber.h - threads of control that take turns ----------------------*- C++ -*-===//
#ifndef DLC_TEST_SIMULATOR_FIBER_H
#define DLC_TEST_SIMULATOR_FIBER_H

#include <vector>

namespace dlc::simulator {

/// Stacks of one size, each above a page that faults; given back ones are given out first, so that
/// threads that never wait share one.
class StackPool {
public:
  /// The highest address of a stack; null where there is no memory.
  char *take();
  void giveBack(char *top) { spare.push_back(top); }

private:
  std::vector<char *> spare;
};

/// The saved state of a thread of control: its stack pointer, all else lies on its stack.
using Context = void *;

/// A context that, switched to, calls `entry`, which must not return.
Context makeContext(char *stackTop, void (*entry)());

/// Leaves the running context in `from` and goes on in `to`.
extern "C" void dlc_sim_switch(Context *from, Context to);

} // namespace dlc::simulator

#endif // DLC_TEST_SIMULATOR_FIBER_H
