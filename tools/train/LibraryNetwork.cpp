//===- LibraryNetwork.cpp - a compiled model as a network that learns ---------------===//

#include "tools/train/LibraryNetwork.h"
#include "tools/common/Errors.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

Expected<std::unique_ptr<train::LibraryNetwork>>
train::LibraryNetwork::create(const Library &library, const InstanceOptions &options) {
  if (!library.isTrainable())
    return inputError(library.path, "compiled for inference; compile it with --train, or train "
                                    "the model file");
  if (int64_t fixed = library.info().static_batch; fixed && fixed != options.maxBatch)
    return inputError(library.path, "compiled for batches of " + Twine(fixed) +
                                        " samples only; train the model file, or compile it "
                                        "without --batch");
  Expected<Instance> instance = Instance::create(library, options);
  if (!instance)
    return instance.takeError();
  return std::unique_ptr<LibraryNetwork>(new LibraryNetwork(library, std::move(*instance)));
}
