//===- Library.cpp - a generated library in this process ----------------------------===//

#include "tools/common/Library.h"
#include "compiler/CpuVariant.h"
#include "tools/common/Errors.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include <dlfcn.h>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

Library::~Library() {
  if (handle)
    dlclose(handle);
}

// The loader's own words for a library of another architecture do not say so.
static Error checkArchitecture(StringRef path) {
  Expected<object::OwningBinary<object::ObjectFile>> file =
      object::ObjectFile::createObjectFile(path);
  if (!file)
    return consumeError(file.takeError()), Error::success();
  StringRef arch = Triple::getArchTypeName(file->getBinary()->getArch());
  if (arch == hostArch())
    return Error::success();
  return inputError(path, "compiled for " + arch + ", and this machine is " + hostArch() +
                              "; run it there, or compile the model for this machine");
}

Expected<std::unique_ptr<Library>> Library::open(StringRef path) {
  // dlopen would search the system's folders for a name without a folder.
  SmallString<256> absolute = path;
  if (std::error_code failure = sys::fs::make_absolute(absolute))
    return inputError(path, failure.message());
  if (!sys::fs::is_regular_file(absolute))
    return inputError(path, sys::fs::exists(absolute) ? "not a file" : "no such file");
  if (Error error = checkArchitecture(absolute))
    return std::move(error);
  std::unique_ptr<Library> library(new Library(path));
  library->handle = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library->handle) {
    StringRef reason = dlerror();
    reason.consume_front((absolute + ": ").str());
    return inputError(path, "not a shared library that this machine can load (" + reason +
                                "); 'dlc compile' makes one");
  }
  auto get = reinterpret_cast<dlc_model_entry_fn>(dlsym(library->handle, "dlc_model_entry"));
  if (!get)
    return inputError(path, "not a library of dlc: it exports no dlc_model_entry; 'dlc compile' "
                            "makes one");
  library->entry = get();
  if (library->entry->version != DLC_RUNTIME_VERSION || library->entry->size < sizeof(dlc_entry))
    return inputError(path, "made by another version of dlc (its interface is version " +
                                Twine(library->entry->version) + ", this dlc's is " +
                                Twine(DLC_RUNTIME_VERSION) + "); compile the model again");
  return library;
}

Library::Marker *Library::marker() const {
  return static_cast<Marker *>(dlsym(handle, "dlc_rt_marker"));
}

static MutableArrayRef<float> valuesOf(const dlc_tensor &tensor) {
  size_t size = 1;
  for (int32_t i = 0; i < tensor.info.rank; ++i)
    size *= tensor.info.shape[i];
  return {static_cast<float *>(tensor.data), size};
}

static void tellGradient(void *user, const dlc_tensor *gradient) {
  if (BatchPart *part = *static_cast<BatchPart **>(user))
    part->takeGradient(valuesOf(*gradient));
}

static void joinMeans(void *user, float *data, int64_t count) {
  if (BatchPart *part = *static_cast<BatchPart **>(user))
    part->joinMeans({data, size_t(count)});
}

Expected<Instance> Instance::create(const Library &library, const InstanceOptions &asked) {
  char reason[512] = "";
  dlc_options options = {};
  options.size = sizeof options;
  options.max_batch = asked.maxBatch;
  options.threads = asked.threads;
  options.training = asked.isTraining;
  options.seed = asked.seed;
  options.cpu_variant = asked.variant.empty() ? nullptr : asked.variant.c_str();
  options.target = asked.target;
  options.device = asked.device;
  options.error = reason;
  options.error_size = sizeof reason;
  Instance instance(library);
  if (asked.isPart) {
    instance.part = std::make_unique<BatchPart *>(nullptr);
    options.on_gradient = tellGradient;
    options.joint_mean = joinMeans;
    options.joint_user = instance.part.get();
  }
  dlc_status status = library.entry->create(&options, &instance.model);
  if (status != DLC_OK)
    return inputError(library.path, *reason ? reason : dlc_status_string(status));
  return instance;
}

Instance::~Instance() {
  if (model)
    library.entry->destroy(model);
}

Error Instance::check(dlc_status status) const {
  if (status == DLC_OK)
    return Error::success();
  StringRef reason = library.entry->error(model);
  return createStringError(reason.empty() ? dlc_status_string(status) : reason.str());
}

Error Instance::load(StringRef safetensors) {
  return check(library.entry->load(model, safetensors.str().c_str()));
}

Error Instance::loadMemory(ArrayRef<char> safetensors) {
  return check(library.entry->load_memory(model, safetensors.data(), safetensors.size()));
}

Error Instance::forward(int64_t batch, ArrayRef<dlc_in> inputs, ArrayRef<dlc_out> outputs) {
  return check(library.entry->forward(model, batch, inputs.data(), outputs.data()));
}

Error Instance::forward(int64_t batch, MutableArrayRef<Array> inputs,
                        MutableArrayRef<Array> outputs) {
  SmallVector<dlc_in> from;
  for (Array &array : inputs)
    from.push_back({array.begin(), array.dtype});
  SmallVector<dlc_out> to;
  for (Array &array : outputs)
    to.push_back({array.begin(), array.dtype});
  return forward(batch, from, to);
}

Error Instance::differentiate(int64_t first, int64_t batch, ArrayRef<dlc_in> inputs,
                              ArrayRef<dlc_in> targets, float &loss, BatchPart *of) {
  if (Error error = check(library.entry->set_first_sample(model, first)))
    return error;
  if (part)
    *part = of;
  return check(library.entry->differentiate(model, batch, inputs.data(), targets.data(), &loss));
}

std::vector<MutableArrayRef<float>> Instance::gradients() const {
  int64_t count = 0;
  library.entry->gradients(model, nullptr, &count);
  std::vector<dlc_tensor> tensors(count);
  library.entry->gradients(model, tensors.data(), &count);
  std::vector<MutableArrayRef<float>> lists;
  for (const dlc_tensor &tensor : tensors)
    lists.push_back(valuesOf(tensor));
  return lists;
}

Error Instance::update() { return check(library.entry->update(model)); }

Error Instance::evaluate(int64_t batch, ArrayRef<dlc_in> inputs, ArrayRef<dlc_in> targets,
                         MutableArrayRef<double> metrics) {
  return check(
      library.entry->evaluate(model, batch, inputs.data(), targets.data(), metrics.data()));
}

Error Instance::save(StringRef safetensors) {
  return check(library.entry->save(model, safetensors.str().c_str()));
}

Error Instance::saveState(StringRef path) {
  return check(library.entry->save_state(model, path.str().c_str()));
}

Error Instance::loadState(StringRef path) {
  return check(library.entry->load_state(model, path.str().c_str()));
}

std::vector<int64_t> tools::shapeOf(const dlc_tensor_info &info, int64_t batch) {
  std::vector<int64_t> shape(info.shape, info.shape + info.rank);
  if (!shape.empty())
    shape.front() = batch;
  return shape;
}

int64_t tools::elementsPerSample(const dlc_tensor_info &info) {
  int64_t count = 1;
  for (int32_t i = 1; i < info.rank; ++i)
    count *= info.shape[i];
  return count;
}

Expected<std::vector<Array>> tools::makeArrays(ArrayRef<dlc_tensor_info> infos, int64_t batch) {
  std::vector<Array> arrays;
  for (const dlc_tensor_info &info : infos) {
    Expected<Array> array = makeArray(info.name, info.dtype, shapeOf(info, batch));
    if (!array)
      return array.takeError();
    arrays.push_back(std::move(*array));
  }
  return arrays;
}
