//===- FakeDriver.cpp - a CUDA driver over the simulator: devices and contexts ------===//

#include "test/simulator/FakeDriver.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace dlc::fake;

//===----------------------------------------------------------------------===//
// State
//===----------------------------------------------------------------------===//

static void parseWord(Faults &faults, const std::string &word) {
  size_t equals = word.find('=');
  std::string key = word.substr(0, equals);
  std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
  if (key == "no-device")
    faults.devices = 0;
  else if (key == "devices")
    faults.devices = std::stoi(value);
  else if (key == "capability")
    faults.capability = std::stoi(value);
  else if (key == "version")
    faults.version = std::stoi(value);
  else if (key == "memory")
    faults.memory = std::stoull(value);
  else if (key == "fail") {
    size_t at = value.find('@'), colon = value.find(':');
    faults.function = value.substr(0, std::min(at, colon));
    faults.call = at == std::string::npos ? 1 : std::stoull(value.substr(at + 1));
    faults.result = colon == std::string::npos ? unknown : std::stoi(value.substr(colon + 1));
  } else if (!key.empty()) {
    fprintf(stderr, "fake CUDA: DLC_FAKE_CUDA knows no \"%s\"\n", key.c_str());
    _Exit(2);
  }
}

static Faults parseFaults(const char *words) {
  Faults faults;
  std::string text = words ? words : "";
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(',', begin), text.size());
    parseWord(faults, text.substr(begin, end - begin));
    begin = end + 1;
  }
  return faults;
}

Driver &dlc::fake::driver() {
  static Driver *state = [] {
    auto *made = new Driver; // never freed: programs may end in the midst of a call
    made->faults = parseFaults(getenv("DLC_FAKE_CUDA"));
    return made;
  }();
  return *state;
}

int Driver::complain(const std::string &what, int result) {
  fprintf(stderr, "fake CUDA: %s\n", what.c_str());
  complaints += what + "\n";
  return result;
}

/// The context goes with all that is in it.
void Driver::loseAll() {
  for (auto [start, bytes] : allocations)
    simulator::release(start);
  for (Stream *stream : streams)
    delete stream;
  for (Module *module : modules)
    delete module;
  allocations.clear();
  streams.clear();
  modules.clear();
  allocatedBytes = 0;
  lost = success;
}

Stream *Driver::capturing() const {
  for (Stream *stream : streams)
    if (stream->captured && stream->capturer == std::this_thread::get_id())
      return stream;
  return nullptr;
}

std::vector<int> &dlc::fake::contextStack() {
  static thread_local std::vector<int> stack;
  return stack;
}

int dlc::fake::call(const char *name, Need need, const std::function<int()> &body) {
  Driver &d = driver();
  std::lock_guard lock(d.mutex);
  uint64_t number = ++d.calls[name];
  if (d.faults.function == name && d.faults.call == number) {
    if (d.faults.result >= illegalAddress && d.faults.result <= launchFailed)
      d.lost = d.faults.result;
    return d.faults.result;
  }
  if (need >= Started && !d.isStarted)
    return d.complain(std::string(name) + " before cuInit", notInitialized);
  if (need >= Context && contextStack().empty())
    return d.complain(std::string(name) + " without a context", invalidContext);
  if (need >= Context && d.lost)
    return d.lost;
  if (Stream *stream = need >= NoCapture ? d.capturing() : nullptr) {
    stream->isInvalid = true;
    return d.complain(std::string(name) + " while a stream is captured", captureUnsupported);
  }
  return body();
}

//===----------------------------------------------------------------------===//
// For tests
//===----------------------------------------------------------------------===//

void dlc_fake_cuda_reset(const char *words) {
  Driver &d = driver();
  std::lock_guard lock(d.mutex);
  d.faults = parseFaults(words);
  d.calls.clear();
  d.complaints.clear();
  d.lost = success;
}

uint64_t dlc_fake_cuda_calls(const char *function) {
  Driver &d = driver();
  std::lock_guard lock(d.mutex);
  return d.calls[function];
}

const char *dlc_fake_cuda_report(void) {
  Driver &d = driver();
  std::lock_guard lock(d.mutex);
  d.report = d.complaints;
  auto count = [&](size_t number, const char *what) {
    if (number)
      d.report += "still there: " + std::to_string(number) + " " + what + "\n";
  };
  count(d.allocations.size(), "allocations");
  count(d.pinned.size(), "pinned allocations");
  count(d.streams.size(), "streams");
  count(d.graphs.size(), "graphs");
  count(d.executables.size(), "executable graphs");
  count(d.modules.size(), "modules");
  count(d.contexts.size(), "contexts");
  count(contextStack().size(), "pushed contexts");
  return d.report.c_str();
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

namespace {

struct ErrorText {
  int result;
  const char *name, *sentence;
};

} // namespace

static const ErrorText *findError(int result) {
  static const ErrorText texts[] = {
      {success, "CUDA_SUCCESS", "no error"},
      {invalidValue, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
      {outOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
      {notInitialized, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
      {noDevice, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
      {invalidDevice, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
      {invalidImage, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
      {invalidContext, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
      {noBinary, "CUDA_ERROR_NO_BINARY_FOR_GPU",
       "no kernel image is available for execution on the device"},
      {invalidPtx, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
      {222, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
       "the provided PTX was compiled with an unsupported toolchain."},
      {invalidHandle, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
      {notFound, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
      {illegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
      {launchFailed, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
      {captureUnsupported, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
       "operation not permitted when stream is capturing"},
      {captureInvalidated, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
       "operation failed due to a previous error during capture"},
      {unknown, "CUDA_ERROR_UNKNOWN", "unknown error"}};
  for (const ErrorText &text : texts)
    if (text.result == result)
      return &text;
  return nullptr;
}

DLC_FAKE_CUDA int cuGetErrorName(int result, const char **name) {
  const ErrorText *text = findError(result);
  *name = text ? text->name : nullptr;
  return text ? success : invalidValue;
}

DLC_FAKE_CUDA int cuGetErrorString(int result, const char **sentence) {
  const ErrorText *text = findError(result);
  *sentence = text ? text->sentence : nullptr;
  return text ? success : invalidValue;
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

DLC_FAKE_CUDA int cuDriverGetVersion(int *version) {
  return call("cuDriverGetVersion", Nothing, [=] {
    *version = driver().faults.version;
    return success;
  });
}

DLC_FAKE_CUDA int cuInit(unsigned flags) {
  return call("cuInit", Nothing, [=] {
    if (flags)
      return invalidValue;
    driver().isStarted = true;
    return driver().faults.devices ? success : noDevice;
  });
}

DLC_FAKE_CUDA int cuDeviceGetCount(int *count) {
  return call("cuDeviceGetCount", Started, [=] {
    *count = driver().faults.devices;
    return success;
  });
}

DLC_FAKE_CUDA int cuDeviceGet(int *device, int ordinal) {
  return call("cuDeviceGet", Started, [=] {
    *device = ordinal;
    return ordinal >= 0 && ordinal < driver().faults.devices ? success : invalidDevice;
  });
}

DLC_FAKE_CUDA int cuDeviceGetName(char *name, int bytes, int) {
  return call("cuDeviceGetName", Started, [=] {
    snprintf(name, bytes, "Simulated GPU");
    return success;
  });
}

DLC_FAKE_CUDA int cuDeviceGetAttribute(int *value, int attribute, int) {
  return call("cuDeviceGetAttribute", Started, [=] {
    constexpr int major = 75, minor = 76;
    if (attribute != major && attribute != minor)
      return driver().complain(
          "the fake driver knows no device attribute " + std::to_string(attribute), invalidValue);
    int capability = driver().faults.capability;
    *value = attribute == major ? capability / 10 : capability % 10;
    return success;
  });
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

/// The handle of a device's context.
static void *contextOf(int device) { return reinterpret_cast<void *>(0x1000 + intptr_t(device)); }

DLC_FAKE_CUDA int cuDevicePrimaryCtxRetain(void **context, int device) {
  return call("cuDevicePrimaryCtxRetain", Started, [=] {
    ++driver().contexts[device];
    *context = contextOf(device);
    return success;
  });
}

DLC_FAKE_CUDA int cuDevicePrimaryCtxRelease_v2(int device) {
  return call("cuDevicePrimaryCtxRelease_v2", Started, [=] {
    Driver &d = driver();
    auto it = d.contexts.find(device);
    if (it == d.contexts.end())
      return d.complain("a context is released that was not retained", invalidContext);
    if (--it->second == 0)
      d.contexts.erase(it);
    if (d.contexts.empty()) {
      if (d.lost)
        d.loseAll();
      if (!d.allocations.empty() || !d.streams.empty() || !d.modules.empty())
        d.complain("memory, streams or modules outlive their context", success);
    }
    return success;
  });
}

DLC_FAKE_CUDA int cuCtxPushCurrent_v2(void *context) {
  return call("cuCtxPushCurrent_v2", Started, [=] {
    auto device = static_cast<int>(reinterpret_cast<intptr_t>(context) - 0x1000);
    if (!driver().contexts.count(device))
      return driver().complain("a context is pushed that is not retained", invalidContext);
    contextStack().push_back(device);
    return success;
  });
}

DLC_FAKE_CUDA int cuCtxPopCurrent_v2(void **context) {
  return call("cuCtxPopCurrent_v2", Started, [=] {
    if (contextStack().empty())
      return driver().complain("a context is popped where none was pushed", invalidContext);
    *context = contextOf(contextStack().back());
    contextStack().pop_back();
    return success;
  });
}
