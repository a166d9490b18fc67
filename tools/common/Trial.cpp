//===- Trial.cpp - a model ready to run on random numbers ---------------------------===//

#include "tools/common/Trial.h"
#include "tools/common/Random.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

Expected<Trial> Trial::make(const Library &library, const InstanceOptions &options) {
  int64_t batch = options.maxBatch;
  Expected<Instance> instance = Instance::create(library, options);
  if (!instance)
    return instance.takeError();
  Expected<std::vector<Array>> inputs = randomInputs(library, batch);
  if (!inputs)
    return inputs.takeError();
  Expected<std::vector<Array>> outputs = makeArrays(library.outputs(), batch);
  if (!outputs)
    return outputs.takeError();
  return Trial{library, std::move(*instance), batch, std::move(*inputs), std::move(*outputs)};
}

Error Trial::load(StringRef weights) {
  return weights.empty() ? loadRandomWeights(library, instance) : instance.load(weights);
}
