//===- Match.cpp - arrays of files as inputs of a model -----------------------------===//

#include "tools/dlc/Match.h"
#include "runtime/Message.h"
#include "tools/common/Errors.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

static std::string describe(const dlc_tensor_info &info) {
  return (StringRef(rt::dtypeName(info.dtype)) + " " + spell(shapeOf(info, -1))).str();
}

// How to make the array fit, where the mistake is a common one.
static std::string cureOf(const Array &array, const dlc_tensor_info &info) {
  std::vector<int64_t> wanted = shapeOf(info, -1);
  ArrayRef<int64_t> sample = ArrayRef<int64_t>(wanted).drop_front(), shape = array.shape;
  if (shape == sample)
    return "one sample needs a batch dimension too: x[np.newaxis]";
  if (shape.size() == wanted.size() && shape.drop_front() == sample)
    return "convert it with x.astype(np." + std::string(rt::dtypeName(info.dtype)) + ")";
  if (shape.size() == 4 && sample.size() == 3 && shape[1] == sample[2] && shape[2] == sample[0] &&
      shape[3] == sample[1])
    return "the channels come last: np.ascontiguousarray(x.transpose(0, 2, 3, 1))";
  return "n is the number of samples";
}

static Error checkInput(const Array &array, const dlc_tensor_info &info) {
  ArrayRef<int64_t> shape = array.shape;
  std::vector<int64_t> wanted = shapeOf(info, shape.empty() ? 0 : shape.front());
  if (array.dtype != info.dtype || shape != ArrayRef<int64_t>(wanted))
    return inputError(array.file, "it holds " + array.type + " " + spell(shape) + ", but input \"" +
                                      info.name + "\" needs " + describe(info) + "; " +
                                      cureOf(array, info));
  if (shape.front() == 0)
    return inputError(array.file, "it holds no samples; at least one is needed");
  return Error::success();
}

static std::string listInputs(const Library &library) {
  std::string text;
  raw_string_ostream os(text);
  interleaveComma(library.inputs(), os,
                  [&](const dlc_tensor_info &info) { os << "\"" << info.name << "\""; });
  return text;
}

// Takes the array that belongs to an input: the one of its name, or any without a name.
static Expected<Array> take(std::vector<Array> &arrays, const dlc_tensor_info &info,
                            const Library &library) {
  auto found =
      find_if(arrays, [&](const Array &a) { return a.name.empty() || a.name == info.name; });
  // numpy.savez() names arrays arr_0, arr_1, ... when it is given no names.
  if (found == arrays.end() &&
      all_of(arrays, [](const Array &a) { return StringRef(a.name).starts_with("arr_"); }))
    found = arrays.begin();
  if (found == arrays.end())
    return createStringError("no array for input \"" + Twine(info.name) +
                             "\"; the model's inputs are " + listInputs(library) +
                             ": give an .npy file for each with --input, in this order, or an .npz "
                             "with these names");
  Array array = std::move(*found);
  arrays.erase(found);
  return array;
}

Expected<std::vector<Array>> tools::matchInputs(std::vector<Array> arrays, const Library &library,
                                                int64_t &samples) {
  std::vector<Array> matched;
  for (const dlc_tensor_info &info : library.inputs()) {
    Expected<Array> array = take(arrays, info, library);
    if (!array)
      return array.takeError();
    if (Error error = checkInput(*array, info))
      return error;
    matched.push_back(std::move(*array));
    samples = matched.front().shape.front();
    if (matched.back().shape.front() != samples)
      return inputError(matched.back().file, "it holds " + Twine(matched.back().shape.front()) +
                                                 " samples, but " + matched.front().file +
                                                 " holds " + Twine(samples) +
                                                 "; all inputs need as many");
  }
  if (!arrays.empty())
    return inputError(arrays.front().file,
                      "the model has no input for this array; its inputs are " +
                          listInputs(library));
  return matched;
}
