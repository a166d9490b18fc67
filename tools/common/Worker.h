//===- Worker.h - work done beside the caller's --------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_WORKER_H
#define DLC_TOOLS_COMMON_WORKER_H

#include "llvm/ADT/FunctionExtras.h"
#include <condition_variable>
#include <deque>
#include <mutex>
#include <pthread.h>

namespace dlc::tools {

/// A thread that does what it is given, one after another. Where no thread can be had, who gives
/// work does it.
class Worker {
public:
  using Work = llvm::unique_function<void()>;

  Worker();
  /// Does first what it was given.
  ~Worker();
  Worker(const Worker &) = delete;

  void give(Work work);
  /// Returns once all that was given is done.
  void wait();

private:
  void serve();

  std::mutex mutex; ///< of what follows
  std::condition_variable changed;
  std::deque<Work> given; ///< the first one is being done
  bool ends = false;
  pthread_t thread;
  bool hasThread;
};

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_WORKER_H
