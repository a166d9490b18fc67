//===- FakeDriver.h - a CUDA driver over the simulator -------------------*- C++ -*-===//
//
// The functions of the CUDA driver that dlc's runtime calls, for devices that are the simulator.
// Work is queued in its stream and runs when something waits for it, so that a runtime that waits
// too little reads what was there before. What a real driver would refuse is refused; what it would
// let pass at the program's peril (memory that is still allocated when the context goes) is
// complained about: on stderr, and in dlc_fake_cuda_report(). Host code that reads device memory
// faults, as it would.
//
// The environment asks for devices and faults, or dlc_fake_cuda_reset() does, in words with commas:
//   DLC_FAKE_CUDA="devices=2,capability=80,version=12020,memory=1000000,fail=cuMemAlloc_v2@3:2"
// (the third call of cuMemAlloc_v2 from now on gives CUresult 2).
//
//===-------------------------------------------------------------------------------===//
#ifndef DLC_TEST_SIMULATOR_FAKEDRIVER_H
#define DLC_TEST_SIMULATOR_FAKEDRIVER_H

#include "test/simulator/Simulator.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#define DLC_FAKE_CUDA extern "C" [[gnu::visibility("default")]]

/// The words above from now on, with nothing called yet; null: none.
DLC_FAKE_CUDA void dlc_fake_cuda_reset(const char *words);
/// How often a function was called since.
DLC_FAKE_CUDA uint64_t dlc_fake_cuda_calls(const char *function);
/// What is still allocated, and the complaints since; empty: all is well. Valid until the next
/// call.
DLC_FAKE_CUDA const char *dlc_fake_cuda_report(void);

namespace dlc::fake {

// CUresults.
constexpr int success = 0, invalidValue = 1, outOfMemory = 2, notInitialized = 3, noDevice = 100,
              invalidDevice = 101, invalidImage = 200, invalidContext = 201, noBinary = 209,
              invalidPtx = 218, invalidHandle = 400, notFound = 500, illegalAddress = 700,
              launchFailed = 719, captureUnsupported = 900, captureInvalidated = 901, unknown = 999;

struct Function {
  std::string name;
  void (*run)(void **params);
  std::vector<int64_t> paramBytes;
  uint64_t sharedBytes = 48 << 10; ///< that a launch may ask for
};

struct Module {
  void *handle;
  std::map<std::string, Function> functions;
};

/// A launch with the values that its parameters had.
struct Launch {
  const Function *function;
  simulator::Launch geometry;
  std::vector<std::vector<char>> values;

  int run() const;
};

struct Graph {
  std::vector<Launch> launches;
};

/// Work that gives a CUresult.
using Work = std::function<int()>;

struct Stream {
  std::deque<Work> queue;
  std::unique_ptr<Graph> captured; ///< while it is captured
  bool isInvalid = false;          ///< that capture has failed
  std::thread::id capturer;        ///< who began it; relaxed captures leave other threads alone

  int drain();
};

struct Faults {
  int devices = 1, capability = 90, version = 13000;
  uint64_t memory = UINT64_MAX;
  std::string function; ///< whose call number `call` gives `result`
  uint64_t call = 0;
  int result = 0;
};

/// All that the process has of the driver; its lock is held during a call.
struct Driver {
  std::recursive_mutex mutex;
  bool isStarted = false;
  Faults faults;
  std::map<std::string, uint64_t> calls;
  std::string complaints, report;
  int lost = success; ///< what every call gives since a kernel failed

  std::map<int, int> contexts; ///< device -> how often its primary context is retained
  std::map<void *, uint64_t> allocations, pinned;
  std::set<Stream *> streams;
  std::set<Graph *> graphs, executables;
  std::set<Module *> modules;
  uint64_t allocatedBytes = 0;

  int complain(const std::string &what, int result);
  void loseAll();
  Stream *capturing() const; ///< by the calling thread
};

Driver &driver();

/// Device memory can be read and written while one of these lives.
class OpenMemory {
public:
  OpenMemory();
  ~OpenMemory();
};

/// Contexts that the calling thread has pushed.
std::vector<int> &contextStack();

/// What a function needs before it may run.
enum Need { Nothing, Started, Context, NoCapture };

/// Runs a driver's function: counts it, injects the fault that is due, checks what it needs.
int call(const char *name, Need need, const std::function<int()> &body);

} // namespace dlc::fake

#endif // DLC_TEST_SIMULATOR_FAKEDRIVER_H
