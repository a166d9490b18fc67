//===- CommandInspect.cpp - dlc inspect ---------------------------------------------===//

#include "compiler/Compile.h"
#include "runtime/Message.h"
#include "tools/common/Errors.h"
#include "tools/common/OpenModel.h"
#include "tools/dlc/Commands.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

static int64_t totalElements(ArrayRef<dlc_tensor_info> infos) {
  int64_t total = 0;
  for (const dlc_tensor_info &info : infos) {
    int64_t count = 1;
    for (int32_t i = 0; i < info.rank; ++i)
      count *= info.shape[i];
    total += count;
  }
  return total;
}

static ArrayRef<int64_t> shapeOf(const dlc_tensor_info &info) {
  return {info.shape, size_t(info.rank)};
}

static void printText(const Library &library) {
  const dlc_model_info &info = library.info();
  outs() << "model \"" << info.name << "\", batch ";
  info.static_batch ? outs() << info.static_batch : outs() << "any";
  outs() << ", for ";
  interleaveComma(library.variants(), outs());
  outs() << "\n\n";
  auto print = [](StringRef kind, ArrayRef<dlc_tensor_info> infos) {
    for (const dlc_tensor_info &tensor : infos)
      outs() << left_justify(kind, 8) << left_justify(tensor.name, 32) << " "
             << left_justify(rt::dtypeName(tensor.dtype), 8) << " " << spell(shapeOf(tensor))
             << "\n";
  };
  print("input", library.inputs());
  print("output", library.outputs());
  print("target", library.targets());
  print("weights", library.params());
  outs() << "\n"
         << totalElements(library.params()) << " weights in " << info.num_params << " tensors\n"
         << "memory of a call, at most " << info.arena_const_bytes << " + batch * "
         << info.arena_batch_bytes << " + threads * " << info.arena_thread_bytes << " bytes\n";
  if (library.isTrainable()) {
    outs() << "memory of a training step, at most " << info.train_arena_const_bytes << " + batch * "
           << info.train_arena_batch_bytes << " + threads * " << info.train_arena_thread_bytes
           << " bytes\nevaluate measures ";
    interleaveComma(library.metrics(), outs());
    outs() << "\n";
  }
  for (const std::string &path : preparedBeside(library))
    outs() << "prepared weights in " << path << "\n";
}

static void printJson(const Library &library) {
  const dlc_model_info &info = library.info();
  json::OStream json(outs(), 2);
  auto print = [&](StringRef key, ArrayRef<dlc_tensor_info> infos) {
    json.attributeArray(key, [&] {
      for (const dlc_tensor_info &tensor : infos)
        json.object([&] {
          json.attribute("name", tensor.name);
          json.attribute("dtype", rt::dtypeName(tensor.dtype));
          json.attribute("shape", json::Array(shapeOf(tensor)));
        });
    });
  };
  json.object([&] {
    json.attribute("name", info.name);
    json.attribute("static_batch", info.static_batch);
    json.attribute("variants", json::Array(library.variants()));
    print("inputs", library.inputs());
    print("outputs", library.outputs());
    print("targets", library.targets());
    print("params", library.params());
    json.attribute("parameters", totalElements(library.params()));
    json.attribute("arena_const_bytes", info.arena_const_bytes);
    json.attribute("arena_batch_bytes", info.arena_batch_bytes);
    json.attribute("arena_thread_bytes", info.arena_thread_bytes);
    json.attribute("trainable", library.isTrainable());
    json.attribute("metrics", json::Array(library.metrics()));
    json.attribute("train_arena_const_bytes", info.train_arena_const_bytes);
    json.attribute("train_arena_batch_bytes", info.train_arena_batch_bytes);
    json.attribute("train_arena_thread_bytes", info.train_arena_thread_bytes);
    json.attribute("prepared", json::Array(preparedBeside(library)));
  });
  outs() << "\n";
}

int tools::inspectCommand(InspectArgs args) {
  if (!isLibrary(args.options.model))
    return report(fromOutcome(inspect(args.options, args.json, outs())));
  Expected<std::unique_ptr<Library>> library = Library::open(args.options.model);
  if (!library)
    return report(library.takeError());
  args.json ? printJson(**library) : printText(**library);
  return 0;
}
