//===- Batches.cpp - samples, one batch at a time -----------------------------------===//

#include "tools/train/Batches.h"
#include "tools/common/Library.h"
#include "tools/train/Convert.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

// What a generator's key is for: draws of one purpose do not depend on another's.
enum Purpose : uint64_t { kSplit = 1, kOrder = 2, kAugment = 3 };

View train::viewOf(const Samples &samples) {
  View view{&samples, std::vector<int64_t>(samples.count)};
  std::iota(view.order.begin(), view.order.end(), int64_t(0));
  return view;
}

Expected<std::pair<View, View>> train::split(const Samples &samples, double part, uint64_t seed) {
  int64_t apart = std::llround(samples.count * part);
  if (apart < 1 || apart >= samples.count)
    return createStringError("a validation split of " + spellNumber(part) + " leaves " +
                             Twine(samples.count - apart) + " of " + Twine(samples.count) +
                             " samples to train on and " + Twine(apart) +
                             " to validate with; both need at least one");
  View all = viewOf(samples);
  Counter({seed, kSplit}).shuffle(all.order);
  View rest{&samples, {all.order.begin() + apart, all.order.end()}};
  all.order.resize(apart);
  // In the order of the file: what comes out does not depend on more than which samples they are.
  llvm::sort(rest.order);
  llvm::sort(all.order);
  return std::pair(std::move(rest), std::move(all));
}

std::vector<int64_t> train::shuffled(std::vector<int64_t> order, uint64_t seed, uint64_t epoch) {
  Counter({seed, kOrder, epoch}).shuffle(order);
  return order;
}

Expected<Batches> Batches::make(const Signature &signature, int64_t maxBatch) {
  Batches batches;
  for (auto [infos, arrays, pointers] :
       {std::tuple(signature.inputs, &batches.inputArrays, &batches.inputs),
        std::tuple(signature.targets, &batches.targetArrays, &batches.targets)}) {
    Expected<std::vector<Array>> made = makeArrays(infos, maxBatch);
    if (!made)
      return made.takeError();
    *arrays = std::move(*made);
    for (Array &array : *arrays)
      pointers->push_back({array.begin(), array.dtype});
  }
  return batches;
}

// One sample as floats, changed by `random`.
void Batches::render(const Column &column, int64_t sample, const Random *random) {
  int64_t count = column.elements;
  image.resize(count);
  float scale = column.scale;
  bool areBytes = column.data.dtype == DLC_UINT8;
  const char *data = column.data.bytes().data();
  if (areBytes)
    for (int64_t i = 0; i < count; ++i)
      image[i] = scale * float(uint8_t(data[sample * count + i]));
  else
    for (int64_t i = 0; i < count; ++i)
      image[i] = scale * reinterpret_cast<const float *>(data)[sample * count + i];
  if (!random || !column.isImage())
    return;
  double white = areBytes ? 255 * column.scale : std::numeric_limits<double>::infinity();
  random->augment->apply({image.data(), column.height, column.width, column.channels, white},
                         Counter({random->seed, kAugment, random->epoch, uint64_t(sample)}),
                         scratch);
}

// The rendered sample in the model's order and type.
void Batches::store(const Column &column, int64_t index, Array &to) const {
  int64_t pixels = column.height * column.width;
  auto element = [&](int64_t i) {
    return column.isPlanar ? image[i % pixels * column.channels + i / pixels] : image[i];
  };
  if (to.dtype == DLC_FLOAT32)
    for (int64_t i = 0; i < column.elements; ++i)
      reinterpret_cast<float *>(to.begin())[index * column.elements + i] = element(i);
  else
    for (int64_t i = 0; i < column.elements; ++i)
      reinterpret_cast<uint8_t *>(to.begin())[index * column.elements + i] =
          std::lround(std::clamp(element(i), 0.0f, 255.0f));
}

void Batches::fill(const Samples &samples, ArrayRef<int64_t> chosen, const Random *random) {
  auto copy = [&](const Array &from, Array &to, int64_t bytes) {
    for (auto [index, sample] : enumerate(chosen))
      std::copy_n(from.bytes().data() + sample * bytes, bytes, to.begin() + index * bytes);
  };
  for (auto [column, array] : zip_equal(samples.inputs, inputArrays)) {
    bool changes = column.isPlanar || (random && column.isImage());
    if (array.dtype != DLC_FLOAT32 && !changes) {
      copy(column.data, array, column.elements * dlc_dtype_bytes(array.dtype));
      continue;
    }
    for (auto [index, sample] : enumerate(chosen)) {
      render(column, sample, random);
      store(column, index, array);
    }
  }
  for (auto [target, array] : zip_equal(samples.targets, targetArrays))
    copy(target, array, target.bytes().size() / samples.count);
}
