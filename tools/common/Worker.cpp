//===- Worker.cpp - work done beside the caller's ------------------------------------===//

#include "tools/common/Worker.h"

using namespace dlc::tools;

Worker::Worker() {
  auto start = [](void *self) -> void * {
    static_cast<Worker *>(self)->serve();
    return nullptr;
  };
  // std::thread would end the program where the system has no thread to give.
  hasThread = pthread_create(&thread, nullptr, start, this) == 0;
}

Worker::~Worker() {
  if (!hasThread)
    return;
  {
    std::lock_guard lock(mutex);
    ends = true;
  }
  changed.notify_all();
  pthread_join(thread, nullptr);
}

void Worker::serve() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return ends || !given.empty(); });
    if (given.empty())
      return;
    lock.unlock();
    given.front()(); // others only add behind it
    lock.lock();
    given.pop_front();
    changed.notify_all();
  }
}

void Worker::give(Work work) {
  if (!hasThread)
    return work();
  {
    std::lock_guard lock(mutex);
    given.push_back(std::move(work));
  }
  changed.notify_all();
}

void Worker::wait() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return given.empty(); });
}
