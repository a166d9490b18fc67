//===- Check.cpp - optimised against naive ------------------------------------------===//

#include "tools/common/Errors.h"
#include "tools/common/OpenModel.h"
#include "tools/common/Trial.h"
#include "tools/dlc-bench/Bench.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

namespace {

struct Difference {
  std::string output;
  int64_t batch;
  int threads;
  double largest = 0;   ///< max |optimised - naive|; infinite where only one is a number
  double scale = 1;     ///< max(1, max |naive|)
  bool sameBits = true; ///< as with the first number of threads

  double relative() const { return largest / scale; }
  bool isFine(double tolerance) const { return sameBits && relative() <= tolerance; }
};

} // namespace

static Expected<std::vector<Array>> compute(const Library &library, int64_t batch, int threads,
                                            StringRef variant) {
  Expected<Trial> trial = Trial::make(library, {batch, threads, variant.str()});
  if (!trial)
    return trial.takeError();
  if (Error error = trial->load(/*weights=*/""))
    return error;
  // Not a number: what is not written shows.
  for (Array &output : trial->outputs)
    std::fill_n(output.begin(), output.bytes().size(), '\xff');
  if (Error error = trial->run())
    return error;
  return std::move(trial->outputs);
}

template <typename T>
static void compare(ArrayRef<char> got, ArrayRef<char> want, Difference &result) {
  auto *a = reinterpret_cast<const T *>(got.data()), *b = reinterpret_cast<const T *>(want.data());
  for (size_t i = 0; i < got.size() / sizeof(T); ++i) {
    double gap = std::abs(double(a[i]) - double(b[i]));
    result.largest = std::max(result.largest, std::isfinite(gap) ? gap : INFINITY);
    result.scale = std::max(result.scale, std::abs(double(b[i])));
  }
}

static void compare(const Array &got, const Array &want, Difference &result) {
  switch (got.dtype) {
  case DLC_UINT8:
    return compare<uint8_t>(got.bytes(), want.bytes(), result);
  case DLC_INT32:
    return compare<int32_t>(got.bytes(), want.bytes(), result);
  case DLC_INT64:
    return compare<int64_t>(got.bytes(), want.bytes(), result);
  }
  compare<float>(got.bytes(), want.bytes(), result);
}

// One batch size and CPU variant, all numbers of threads.
static Error checkBatch(const Library &fast, const Library &naive, StringRef variant, int64_t batch,
                        ArrayRef<int> threads, std::vector<Difference> &results) {
  Expected<std::vector<Array>> want = compute(naive, batch, 1, variant);
  if (!want)
    return want.takeError();
  std::optional<std::vector<Array>> first;
  for (int count : threads) {
    Expected<std::vector<Array>> got = compute(fast, batch, count, variant);
    if (!got)
      return got.takeError();
    for (size_t i = 0; i < got->size(); ++i) {
      Difference result = {(*got)[i].name + " (" + variant.str() + ")", batch, count};
      compare((*got)[i], (*want)[i], result);
      result.sameBits = !first || (*got)[i].bytes() == (*first)[i].bytes();
      results.push_back(result);
    }
    if (!first)
      first = std::move(*got);
  }
  return Error::success();
}

static void print(StringRef name, ArrayRef<Difference> results, double tolerance) {
  for (const Difference &result : results)
    outs() << name << ": " << result.output << ", batch " << result.batch << ", " << result.threads
           << (result.threads == 1 ? " thread: " : " threads: ")
           << format("differs by %.3g of %.3g, relative %.3g (limit %.3g)", result.largest,
                     result.scale, result.relative(), tolerance)
           << (result.sameBits ? "" : "; other bits than with fewer threads")
           << (result.isFine(tolerance) ? ": ok\n" : ": FAILED\n");
}

static void printJson(StringRef name, ArrayRef<Difference> results, double tolerance) {
  json::OStream json(outs(), 2);
  json.array([&] {
    for (const Difference &result : results)
      json.object([&] {
        json.attribute("name", name);
        json.attribute("output", result.output);
        json.attribute("batch", result.batch);
        json.attribute("threads", result.threads);
        json.attribute("difference", std::isfinite(result.largest) ? json::Value(result.largest)
                                                                   : json::Value(nullptr));
        json.attribute("scale", result.scale);
        json.attribute("same_bits", result.sameBits);
        json.attribute("ok", result.isFine(tolerance));
      });
  });
  outs() << "\n";
}

static Error checkAll(BenchArgs &args) {
  Expected<OpenedModel> fast = openModel(args.options);
  if (!fast)
    return fast.takeError();
  args.options.naive = true;
  Expected<OpenedModel> naive = openModel(args.options);
  if (!naive)
    return naive.takeError();
  fast->folder.reset(); // the libraries are in memory, and weights are random
  naive->folder.reset();
  const Library &library = *fast->library;
  if (int64_t only = library.info().static_batch)
    args.batches = {only};
  if (args.batches.empty())
    args.batches = {1, 3};
  if (args.threads.empty())
    args.threads = {1, 2};
  std::vector<Difference> results;
  for (StringRef variant : library.variants())
    for (int64_t batch : args.batches)
      if (Error error = checkBatch(library, *naive->library, variant, batch, args.threads, results))
        return error;
  (args.json ? printJson : print)(library.info().name, results, args.tolerance);
  outs().flush();
  if (!all_of(results, [&](const Difference &d) { return d.isFine(args.tolerance); }))
    return inputError(args.options.model,
                      "the optimised lowering does not agree with the naive one");
  return Error::success();
}

int tools::check(BenchArgs args) { return report(checkAll(args)); }
