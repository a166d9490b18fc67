//===- Weights.cpp - the weights file beside a model --------------------------------===//

#include "compiler/Weights.h"
#include "runtime/Safetensors.h"
#include "runtime/dlc_runtime.h"

using namespace dlc;

static dlc_tensor_info tensorInfo(const emit::TensorInfo &tensor) {
  dlc_tensor_info info{};
  info.name = tensor.name.c_str();
  info.dtype = tensor.dtype;
  info.rank = static_cast<int32_t>(tensor.shape.size());
  std::copy(tensor.shape.begin(), tensor.shape.end(), info.shape);
  return info;
}

llvm::Error dlc::checkWeights(llvm::StringRef path, const emit::Model &model) {
  std::vector<dlc_tensor_info> params;
  for (const emit::TensorInfo &param : model.params)
    params.push_back(tensorInfo(param));
  dlc_model_info info{};
  info.name = model.name.c_str();
  info.num_params = static_cast<int32_t>(params.size());
  info.params = params.data();

  char text[1024] = "";
  rt::Message message{text, sizeof text};
  std::string file = path.str();
  rt::Source source;
  rt::Safetensors tensors;
  dlc_status status = source.open(file.c_str(), message);
  if (status == DLC_OK)
    status = tensors.open(source, rt::systemAllocator(), message);
  if (status == DLC_OK)
    status = rt::checkTensors(tensors, file.c_str(), info, message);
  if (status == DLC_OK)
    return llvm::Error::success();
  return llvm::createStringError(llvm::inconvertibleErrorCode(), text);
}
