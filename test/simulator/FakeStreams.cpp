//===- FakeStreams.cpp - a CUDA driver over the simulator: modules, streams, graphs -===//

#include "test/simulator/FakeDriver.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>

using namespace dlc::fake;

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// Writes to the log that the caller of cuModuleLoadDataEx asks for.
static void writeLog(const std::string &text, unsigned count, const int *options, void **values) {
  constexpr int errorLog = 5, errorLogBytes = 6;
  char *log = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == errorLog)
      log = static_cast<char *>(values[i]);
    if (options[i] == errorLogBytes)
      bytes = reinterpret_cast<size_t>(values[i]);
  }
  if (log && bytes)
    snprintf(log, bytes, "%s", text.c_str());
}

/// success: an image that the simulator runs.
static int checkImage(const void *image, std::string &log) {
  if (memcmp(image, ELFMAG, SELFMAG) != 0) {
    log = "ptxas application ptx input, line 1; fatal: the simulator\ncompiles no PTX";
    return invalidPtx;
  }
  return static_cast<const Elf64_Ehdr *>(image)->e_machine == EM_X86_64 ? success : noBinary;
}

DLC_FAKE_CUDA int cuModuleLoadDataEx(Module **module, const void *image, unsigned count,
                                     int *options, void **values) {
  return call("cuModuleLoadDataEx", NoCapture, [=] {
    std::string log;
    if (int result = checkImage(image, log)) {
      writeLog(log, count, options, values);
      return result;
    }
    void *handle = dlc::simulator::loadImage(image, log);
    if (!handle) {
      writeLog(log, count, options, values);
      return invalidImage;
    }
    *module = new Module{handle, {}};
    driver().modules.insert(*module);
    return success;
  });
}

DLC_FAKE_CUDA int cuModuleUnload(Module *module) {
  return call("cuModuleUnload", NoCapture, [=] {
    if (!driver().modules.erase(module))
      return driver().complain("a module is unloaded that is not there", invalidHandle);
    dlclose(module->handle);
    delete module;
    return success;
  });
}

/// The sizes of a kernel's parameters, which its image tells as `NAME.params`: {count, bytes...}.
static bool readParameters(Function &function, void *handle) {
  auto *sizes = static_cast<const int64_t *>(dlsym(handle, (function.name + ".params").c_str()));
  if (!sizes)
    return false;
  function.paramBytes.assign(sizes + 1, sizes + 1 + sizes[0]);
  return true;
}

DLC_FAKE_CUDA int cuModuleGetFunction(Function **found, Module *module, const char *name) {
  return call("cuModuleGetFunction", Context, [=] {
    Function &function = module->functions[name];
    function.name = name;
    function.run = reinterpret_cast<void (*)(void **)>(dlsym(module->handle, name));
    if (!function.run)
      return notFound;
    if (!readParameters(function, module->handle))
      return driver().complain(function.name + ": its image does not tell its parameters",
                               notFound);
    *found = &function;
    return success;
  });
}

/// Of a block, as the hardware allows.
static uint64_t mostSharedBytes() {
  switch (driver().faults.capability) {
  case 90:
    return 227 << 10;
  case 80:
    return 163 << 10;
  default:
    return 99 << 10;
  }
}

DLC_FAKE_CUDA int cuFuncSetAttribute(Function *function, int attribute, int value) {
  return call("cuFuncSetAttribute", Context, [=] {
    constexpr int dynamicSharedBytes = 8;
    if (attribute != dynamicSharedBytes || value < 0 || uint64_t(value) > mostSharedBytes())
      return invalidValue;
    function->sharedBytes = value;
    return success;
  });
}

//===----------------------------------------------------------------------===//
// Launches
//===----------------------------------------------------------------------===//

/// Parameters of 8 bytes are addresses, which must be of memory that is there.
static int checkAddresses(const Launch &launch) {
  for (const std::vector<char> &value : launch.values) {
    const void *address = nullptr;
    if (value.size() != sizeof address)
      continue;
    memcpy(&address, value.data(), sizeof address);
    if (!dlc::simulator::contains(address, 1))
      return driver().complain(launch.function->name + ": a parameter is no address of the device",
                               illegalAddress);
  }
  return success;
}

int Launch::run() const {
  if (int result = checkAddresses(*this))
    return result;
  std::vector<std::vector<char>> copies = values;
  std::vector<void *> params;
  for (std::vector<char> &value : copies)
    params.push_back(value.data());
  OpenMemory open;
  std::string error = dlc::simulator::run(function->run, geometry, params.data());
  if (error.empty())
    return success;
  bool isAccess = error.find("out of bounds") != std::string::npos;
  return driver().complain(error, isAccess ? illegalAddress : launchFailed);
}

static int launch(Function *function, const dlc::simulator::Launch &geometry, Stream *stream,
                  void **params) {
  const uint64_t threads =
      uint64_t(geometry.threads[0]) * geometry.threads[1] * geometry.threads[2];
  if (threads == 0 || threads > 1024 || geometry.sharedBytes > function->sharedBytes ||
      std::count(geometry.blocks, geometry.blocks + 3, 0u) ||
      std::max(geometry.blocks[1], geometry.blocks[2]) > 65535)
    return invalidValue;
  Launch launch{function, geometry, {}};
  for (size_t i = 0; i < function->paramBytes.size(); ++i) {
    auto *value = static_cast<const char *>(params[i]);
    launch.values.emplace_back(value, value + function->paramBytes[i]);
  }
  if (stream->captured)
    stream->captured->launches.push_back(std::move(launch));
  else
    stream->queue.push_back([launch = std::move(launch)] { return launch.run(); });
  return success;
}

DLC_FAKE_CUDA int cuLaunchKernel(Function *function, unsigned blocksX, unsigned blocksY,
                                 unsigned blocksZ, unsigned threadsX, unsigned threadsY,
                                 unsigned threadsZ, unsigned sharedBytes, Stream *stream,
                                 void **params, void **) {
  return call("cuLaunchKernel", Context, [=] {
    return launch(function,
                  {{blocksX, blocksY, blocksZ}, {threadsX, threadsY, threadsZ}, sharedBytes},
                  stream, params);
  });
}

//===----------------------------------------------------------------------===//
// Streams
//===----------------------------------------------------------------------===//

int Stream::drain() {
  while (!queue.empty() && !driver().lost) {
    Work work = std::move(queue.front());
    queue.pop_front();
    driver().lost = work();
  }
  queue.clear();
  return driver().lost;
}

static bool isStream(Stream *stream) { return driver().streams.count(stream); }

DLC_FAKE_CUDA int cuStreamCreate(Stream **stream, unsigned) {
  return call("cuStreamCreate", NoCapture, [=] {
    *stream = *driver().streams.insert(new Stream).first;
    return success;
  });
}

DLC_FAKE_CUDA int cuStreamDestroy_v2(Stream *stream) {
  return call("cuStreamDestroy_v2", Started, [=] {
    if (!isStream(stream))
      return driver().complain("a stream is destroyed that is not there", invalidHandle);
    int result = stream->drain();
    driver().streams.erase(stream);
    delete stream;
    return result;
  });
}

DLC_FAKE_CUDA int cuStreamSynchronize(Stream *stream) {
  return call("cuStreamSynchronize", Context, [=] {
    if (!isStream(stream))
      return driver().complain("a stream that is not there", invalidHandle);
    if (!stream->captured)
      return stream->drain();
    stream->isInvalid = true;
    return driver().complain("cuStreamSynchronize of a stream that is captured",
                             captureUnsupported);
  });
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

DLC_FAKE_CUDA int cuStreamBeginCapture_v2(Stream *stream, int) {
  return call("cuStreamBeginCapture_v2", NoCapture, [=] {
    stream->captured = std::make_unique<Graph>();
    stream->capturer = std::this_thread::get_id();
    stream->isInvalid = false;
    return success;
  });
}

DLC_FAKE_CUDA int cuStreamEndCapture(Stream *stream, Graph **graph) {
  *graph = nullptr;
  auto end = [=] {
    std::unique_ptr<Graph> captured = std::move(stream->captured);
    if (!captured)
      return driver().complain("a capture ends that was not begun", invalidValue);
    if (stream->isInvalid)
      return captureInvalidated;
    driver().graphs.insert(*graph = captured.release());
    return success;
  };
  int result = call("cuStreamEndCapture", Context, end);
  stream->captured.reset(); // a capture that fails ends too
  return result;
}

DLC_FAKE_CUDA int cuGraphInstantiateWithFlags(Graph **executable, Graph *graph,
                                              unsigned long long) {
  return call("cuGraphInstantiateWithFlags", NoCapture, [=] {
    if (!driver().graphs.count(graph))
      return driver().complain("a graph that is not there", invalidHandle);
    *executable = *driver().executables.insert(new Graph(*graph)).first;
    return success;
  });
}

static int destroyGraph(std::set<Graph *> &graphs, Graph *graph) {
  if (!graphs.erase(graph))
    return driver().complain("a graph is destroyed that is not there", invalidHandle);
  delete graph;
  return success;
}

DLC_FAKE_CUDA int cuGraphDestroy(Graph *graph) {
  return call("cuGraphDestroy", Started, [=] { return destroyGraph(driver().graphs, graph); });
}

DLC_FAKE_CUDA int cuGraphExecDestroy(Graph *executable) {
  return call("cuGraphExecDestroy", Started,
              [=] { return destroyGraph(driver().executables, executable); });
}

DLC_FAKE_CUDA int cuGraphLaunch(Graph *executable, Stream *stream) {
  return call("cuGraphLaunch", NoCapture, [=] {
    if (!driver().executables.count(executable) || !isStream(stream))
      return driver().complain("a graph or a stream that is not there", invalidHandle);
    stream->queue.push_back([executable] {
      if (!driver().executables.count(executable))
        return driver().complain("a graph is destroyed before it has run", illegalAddress);
      for (const Launch &launch : executable->launches)
        if (int result = launch.run())
          return result;
      return success;
    });
    return success;
  });
}
