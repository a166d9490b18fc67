//===- Random.cpp - random inputs and weights ---------------------------------------===//

#include "tools/common/Random.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

namespace {

/// SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014).
class Generator {
public:
  Generator(StringRef name, uint64_t seed) : state(xxh3_64bits(name) ^ seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  float uniform(float low, float high) { return low + (high - low) * (next() >> 40) * 0x1p-24f; }

private:
  uint64_t state;
};

struct Range {
  float low, high;
};

} // namespace

// Inputs of one output element of a kernel: all extents but the last, which are the outputs. A
// depthwise kernel [height, width, channels, 1] reads one channel.
static int64_t fanIn(const dlc_tensor_info &info) {
  int64_t count = 1;
  for (int32_t i = 0; i + 1 < info.rank; ++i)
    count *= info.shape[i];
  if (info.rank == 4 && info.shape[3] == 1)
    count /= info.shape[2];
  return std::max<int64_t>(count, 1);
}

static Range rangeOf(const dlc_tensor_info &info) {
  StringRef name = info.name;
  if (name.ends_with("variance") || name.ends_with("gamma") || name.ends_with("scale"))
    return {0.5f, 1.5f};
  if (info.rank < 2)
    return {-0.1f, 0.1f};
  float bound = std::sqrt(6.0f / fanIn(info));
  return {-bound, bound};
}

static void fill(char *to, int32_t dtype, int64_t count, Range range, Generator generator) {
  switch (dtype) {
  case DLC_FLOAT32:
    std::generate_n(reinterpret_cast<float *>(to), count,
                    [&] { return generator.uniform(range.low, range.high); });
    break;
  case DLC_UINT8:
    std::generate_n(reinterpret_cast<uint8_t *>(to), count,
                    [&] { return generator.next() & 0xff; });
    break;
  case DLC_INT32:
    std::generate_n(reinterpret_cast<int32_t *>(to), count, [&] { return generator.next() % 10; });
    break;
  case DLC_INT64:
    std::generate_n(reinterpret_cast<int64_t *>(to), count, [&] { return generator.next() % 10; });
    break;
  }
}

Expected<std::vector<Array>> tools::randomInputs(const Library &library, int64_t batch,
                                                 uint64_t seed) {
  Expected<std::vector<Array>> arrays = makeArrays(library.inputs(), batch);
  if (!arrays)
    return arrays.takeError();
  for (auto [array, info] : zip(*arrays, library.inputs()))
    fill(array.begin(), array.dtype, batch * elementsPerSample(info), {-1, 1},
         Generator(info.name, seed));
  return arrays;
}

static int64_t countOf(const dlc_tensor_info &info) {
  int64_t count = 1;
  for (int32_t i = 0; i < info.rank; ++i)
    count *= info.shape[i];
  return count;
}

static StringRef safetensorsType(int32_t dtype) {
  switch (dtype) {
  case DLC_UINT8:
    return "U8";
  case DLC_INT32:
    return "I32";
  case DLC_INT64:
    return "I64";
  }
  return "F32";
}

// The JSON header, padded so that the data begin at a multiple of 8 bytes; `bytes` gets their size.
static std::string headerOf(const Library &library, int64_t &bytes) {
  std::string text;
  raw_string_ostream stream(text);
  json::OStream json(stream);
  bytes = 0;
  json.object([&] {
    for (const dlc_tensor_info &info : library.params()) {
      int64_t end = bytes + countOf(info) * dlc_dtype_bytes(info.dtype);
      json.attributeObject(info.name, [&] {
        json.attribute("dtype", safetensorsType(info.dtype));
        json.attributeArray("shape", [&] {
          for (int32_t i = 0; i < info.rank; ++i)
            json.value(info.shape[i]);
        });
        json.attributeArray("data_offsets", [&] {
          json.value(bytes);
          json.value(end);
        });
      });
      bytes = end;
    }
  });
  json.flush();
  text.append(offsetToAlignment(text.size(), Align(8)), ' ');
  return text;
}

Expected<std::unique_ptr<WritableMemoryBuffer>> tools::randomWeights(const Library &library,
                                                                     uint64_t seed) {
  int64_t bytes;
  std::string header = headerOf(library, bytes);
  auto image =
      WritableMemoryBuffer::getNewUninitMemBuffer(8 + header.size() + bytes, "", Align(64));
  if (!image)
    return createStringError("no memory for " + Twine(bytes) + " bytes of random weights");
  char *to = image->getBufferStart();
  support::endian::write64le(to, header.size());
  to = llvm::copy(header, to + 8);
  for (const dlc_tensor_info &info : library.params()) {
    fill(to, info.dtype, countOf(info), rangeOf(info), Generator(info.name, seed));
    to += countOf(info) * dlc_dtype_bytes(info.dtype);
  }
  return image;
}

Error tools::loadRandomWeights(const Library &library, Instance &instance) {
  if (library.params().empty())
    return Error::success();
  auto image = randomWeights(library);
  if (!image)
    return image.takeError();
  return instance.loadMemory((*image)->getBuffer());
}
