//===- CommandRun.cpp - dlc run -----------------------------------------------------===//

#include "tools/common/Errors.h"
#include "tools/common/OpenModel.h"
#include "tools/dlc/Commands.h"
#include "tools/dlc/Match.h"
#include "tools/dlc/Summary.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

namespace {

/// Feeds whole arrays through an instance, at most `chunk` samples at a time.
class Feeder {
public:
  Feeder(const Library &library, Instance &instance, int64_t samples, int64_t chunk)
      : library(library), instance(instance), samples(samples), chunk(chunk) {}

  Error run(MutableArrayRef<Array> inputs, MutableArrayRef<Array> outputs);

private:
  Error runPart(MutableArrayRef<Array> inputs, MutableArrayRef<Array> outputs, int64_t first,
                int64_t count);
  Error runPadded(MutableArrayRef<Array> inputs, MutableArrayRef<Array> outputs, int64_t first,
                  int64_t count);

  const Library &library;
  Instance &instance;
  int64_t samples, chunk;
};

} // namespace

static int64_t bytesPerSample(const dlc_tensor_info &info) {
  return elementsPerSample(info) * dlc_dtype_bytes(info.dtype);
}

Error Feeder::runPart(MutableArrayRef<Array> inputs, MutableArrayRef<Array> outputs, int64_t first,
                      int64_t count) {
  SmallVector<dlc_in> from;
  for (auto [array, info] : zip(inputs, library.inputs()))
    from.push_back({array.begin() + first * bytesPerSample(info), array.dtype});
  SmallVector<dlc_out> to;
  for (auto [array, info] : zip(outputs, library.outputs()))
    to.push_back({array.begin() + first * bytesPerSample(info), array.dtype});
  return instance.forward(count, from, to);
}

// A library of a static batch takes nothing less: the last samples are followed by zeros.
Error Feeder::runPadded(MutableArrayRef<Array> inputs, MutableArrayRef<Array> outputs,
                        int64_t first, int64_t count) {
  Expected<std::vector<Array>> from = makeArrays(library.inputs(), chunk);
  if (!from)
    return from.takeError();
  Expected<std::vector<Array>> to = makeArrays(library.outputs(), chunk);
  if (!to)
    return to.takeError();
  for (auto [whole, part, info] : zip(inputs, *from, library.inputs())) {
    std::fill_n(part.begin(), part.bytes().size(), 0);
    std::copy_n(whole.begin() + first * bytesPerSample(info), count * bytesPerSample(info),
                part.begin());
  }
  if (Error error = runPart(*from, *to, 0, chunk))
    return error;
  for (auto [whole, part, info] : zip(outputs, *to, library.outputs()))
    std::copy_n(part.begin(), count * bytesPerSample(info),
                whole.begin() + first * bytesPerSample(info));
  return Error::success();
}

Error Feeder::run(MutableArrayRef<Array> inputs, MutableArrayRef<Array> outputs) {
  bool exact = library.info().static_batch != 0;
  bool progress = errs().is_displayed() && samples > chunk;
  for (int64_t first = 0; first < samples; first += chunk) {
    int64_t count = std::min(chunk, samples - first);
    if (Error error = exact && count < chunk ? runPadded(inputs, outputs, first, count)
                                             : runPart(inputs, outputs, first, count))
      return error;
    if (progress)
      errs() << "\r" << first + count << " of " << samples << " samples";
  }
  if (progress)
    errs() << "\n";
  return Error::success();
}

static Expected<std::vector<Array>> readInputs(ArrayRef<std::string> paths) {
  std::vector<Array> arrays;
  for (const std::string &path : paths) {
    Expected<std::vector<Array>> part = readArrays(path);
    if (!part)
      return part.takeError();
    std::move(part->begin(), part->end(), std::back_inserter(arrays));
  }
  return arrays;
}

// Before anything runs: which outputs go where.
static Error checkOutputs(const Library &library, ArrayRef<std::string> paths) {
  size_t wanted = library.outputs().size();
  if (paths.empty() || paths.size() == wanted)
    return Error::success();
  if (paths.size() == 1 && sys::path::extension(paths[0]) == ".npz")
    return Error::success();
  return createStringError("the model has " + Twine(wanted) + " outputs and --output names " +
                           Twine(paths.size()) +
                           " files; name an .npy file for each, or one .npz for all");
}

static Error writeOutputs(ArrayRef<std::string> paths, ArrayRef<Array> outputs) {
  SmallVector<const Array *> pointers;
  for (const Array &array : outputs)
    pointers.push_back(&array);
  if (paths.size() < outputs.size())
    return writeArrays(paths[0], pointers);
  for (auto [path, array] : zip(paths, pointers))
    if (Error error = writeArrays(path, array))
      return error;
  return Error::success();
}

static Error loadWeights(const OpenedModel &opened, Instance &instance) {
  if (opened.library->params().empty())
    return Error::success();
  std::string weights = opened.weightsFor(instance);
  if (weights.empty())
    return inputError(opened.library->path,
                      "the model \"" + Twine(opened.library->info().name) +
                          "\" needs weights; name a safetensors file with --weights");
  return instance.load(weights);
}

static Error run(RunArgs &args) {
  // Before the compilation, which takes longer.
  Expected<std::vector<Array>> given = readInputs(args.inputs);
  if (!given)
    return given.takeError();
  Expected<OpenedModel> opened = openModel(args.options);
  if (!opened)
    return opened.takeError();
  const Library &library = *opened->library;
  int64_t samples;
  Expected<std::vector<Array>> inputs = matchInputs(std::move(*given), library, samples);
  if (!inputs)
    return inputs.takeError();
  if (Error error = checkOutputs(library, args.outputs))
    return error;
  int64_t fixed = library.info().static_batch;
  int64_t chunk = fixed ? fixed : std::min(samples, args.maxBatch);
  InstanceOptions options{chunk, args.threads, args.variant};
  options.target = targetOf(args.options);
  options.device = args.device;
  Expected<Instance> instance = Instance::create(library, options);
  if (!instance)
    return instance.takeError();
  if (Error error = loadWeights(*opened, *instance))
    return error;
  opened->folder.reset(); // all is in memory; an interrupted run leaves nothing behind
  Expected<std::vector<Array>> outputs = makeArrays(library.outputs(), samples);
  if (!outputs)
    return outputs.takeError();
  if (Error error = Feeder(library, *instance, samples, chunk).run(*inputs, *outputs))
    return error;
  if (!args.outputs.empty())
    return writeOutputs(args.outputs, *outputs);
  for (const Array &output : *outputs)
    printSummary(outs(), output);
  return Error::success();
}

int tools::runCommand(RunArgs args) { return report(run(args)); }
