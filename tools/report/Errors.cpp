//===- Errors.cpp - float32 results beside float64 arithmetic -----------------------===//
//
// Two libraries of one model: in the first each layer's result is an output; the second takes these
// results as inputs, so that each layer computes in float64 from what it was given in the first.
//
//===------------------------------------------------------------------------------===//

#include "tools/common/OpenModel.h"
#include "tools/common/Random.h"
#include "tools/report/Measure.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

static void addInputs(MutableArrayRef<Array> arrays, SmallVectorImpl<dlc_in> &inputs) {
  for (Array &array : arrays)
    inputs.push_back({array.begin(), array.dtype});
}

// The outputs of one call.
static Expected<std::vector<Array>> run(const OpenedModel &opened, ArrayRef<dlc_in> inputs) {
  const Library &library = *opened.library;
  int64_t batch = std::max<int64_t>(library.info().static_batch, 1);
  Expected<Instance> instance = Instance::create(library, {batch});
  if (!instance)
    return instance.takeError();
  if (Error error = opened.weights.empty() ? loadRandomWeights(library, *instance)
                                           : instance->load(opened.weights))
    return std::move(error);
  Expected<std::vector<Array>> outputs = makeArrays(library.outputs(), batch);
  if (!outputs)
    return outputs.takeError();
  SmallVector<dlc_out> to;
  for (Array &array : *outputs)
    to.push_back({array.begin(), array.dtype});
  if (Error error = instance->forward(batch, inputs, to))
    return std::move(error);
  return outputs;
}

static LayerError compare(const Array &array, const Array &reference,
                          const std::vector<std::string> &layers) {
  auto values = [](const Array &from) {
    return ArrayRef(reinterpret_cast<const float *>(from.bytes().data()),
                    from.bytes().size() / sizeof(float));
  };
  LayerError error{layers};
  double distance = 0, norm = 0;
  for (auto [value, exact] : zip_equal(values(array), values(reference))) {
    double difference = std::fabs(double(value) - exact);
    distance += difference * difference;
    norm += double(exact) * exact;
    error.largest = std::max(error.largest, difference);
    error.scale = std::max(error.scale, double(std::fabs(exact)));
  }
  error.relative = norm > 0 ? std::sqrt(distance / norm) : 0;
  return error;
}

Expected<std::vector<LayerError>> tools::measureErrors(Options options) {
  options.prepare = false;
  options.probe = Probe::Layers;
  Expected<OpenedModel> model = openModel(options);
  if (!model)
    return model.takeError();
  options.probe = Probe::Exact;
  Expected<OpenedModel> exact = openModel(options);
  if (!exact)
    return exact.takeError();
  int64_t batch = std::max<int64_t>(model->library->info().static_batch, 1);
  Expected<std::vector<Array>> arrays = randomInputs(*model->library, batch);
  if (!arrays)
    return arrays.takeError();
  SmallVector<dlc_in> inputs;
  addInputs(*arrays, inputs);
  Expected<std::vector<Array>> results = run(*model, inputs);
  if (!results)
    return results.takeError();
  addInputs(*results, inputs);
  Expected<std::vector<Array>> references = run(*exact, inputs);
  if (!references)
    return references.takeError();
  std::vector<LayerError> errors;
  for (auto [result, reference, layers] : zip_equal(*results, *references, model->artifacts.probes))
    errors.push_back(compare(result, reference, layers));
  return errors;
}
