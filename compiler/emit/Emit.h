//===-- Emit.h - From LLVM modules to a native library ------------*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the LLVM modules of a model, one per CPU variant, and writes what a
// user of the model gets: lib<name>.so, lib<name>.a, <name>.h, dlc_runtime.h.
// Nothing of the user's machine is needed but the folder of dlc's resources.
//
//===----------------------------------------------------------------------===//

#ifndef DLC_COMPILER_EMIT_EMIT_H
#define DLC_COMPILER_EMIT_EMIT_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace dlc::emit {

/// An input, output or parameter.
struct TensorInfo {
  std::string name;
  int32_t dtype = 1; ///< a dlc_dtype of dlc_runtime.h; 1 is float32
  /// At most 8 extents. The first of an input or output is the batch: -1.
  llvm::SmallVector<int64_t, 4> shape;
};

/// How a tensor's first values are made; see dlc_rt_initializer of
/// runtime/ModelDesc.h.
struct Initializer {
  int32_t kind = 0;
  double a = 0, b = 0;
};

/// A tensor of the state block.
struct StateTensor {
  TensorInfo tensor;  ///< a gradient has the name of its parameter
  int64_t offset = 0; ///< in bytes, a multiple of 64
  int32_t role = 0;   ///< a dlc_rt_role
  Initializer initializer;
};

/// A learning rate and its schedule, as dlc_schedule of dlc_runtime.h.
struct Schedule {
  double learningRate = 0;
  int64_t kind = 0; ///< a dlc_schedule_kind
  double gamma = 0, power = 0, minimum = 0, period = 0;
  int64_t warmupSteps = 0;
};

/// What an output should be: labels below `classes`, or any numbers
/// where that is 0. Has the name of its output.
struct TargetTensor {
  TensorInfo tensor;
  int64_t classes = 0;
};

/// What a model that was compiled with --train has besides.
struct Training {
  std::vector<TargetTensor> targets; ///< in the order of the loss's arguments
  std::vector<std::string> metrics;  ///< their names; the first is the loss
  int64_t stateBytes = 0;            ///< a multiple of 64
  std::vector<StateTensor> state;    ///< first one for each of Model::params, in their order
  Schedule schedule;
};

/// One image of a GPU variant's code; see dlc_rt_gpu_image of runtime/ModelDesc.h.
struct GpuImage {
  std::string data; ///< a cubin or the text of PTX
  int64_t capability = 0;
  int32_t kind = 0; ///< a dlc_rt_image_kind
};

/// What a variant for GPUs has besides the code that launches its kernels.
struct GpuCode {
  std::vector<GpuImage> images;     ///< best first
  std::vector<std::string> kernels; ///< names, by their numbers
  int64_t maxBatch = 0;             ///< see dlc_rt_gpu_code
};

/// One compilation of the model for one kind of CPU or GPU.
///
/// The module defines, with C calling convention,
///   void forward(ptr rt, i64 batch, ptr inputs, ptr outputs, ptr prepared, ptr arena)
///   void prepare(ptr rt, ptr prepared, ptr scratch)
/// as runtime/ModelDesc.h documents them (`prepare` may be missing when
/// preparedBytes is 0), and, where the model trains, gradients, backward, update
/// and metrics, with the signature of forward. Everything else that it defines is private to it; it
/// may call what ModelDesc.h offers to generated code and what libc and libm hold. Names of
/// different variants may be equal.
struct Variant {
  std::string name;       ///< as users see it, such as "x86-64-v4"
  std::string targetCpu;  ///< LLVM's target-cpu, such as "x86-64-v4"
  std::string tuneCpu;    ///< LLVM's tune-cpu; empty: that of targetCpu
  std::string features;   ///< LLVM's target-features, such as "+avx512vnni"; may be empty
  uint64_t cpuFeatures{}; ///< what `create` must find; see cpuFeatureBit()

  /// Bytes, each a multiple of 64. The arena is const + batch * batch's share
  /// + threads * thread's share, in that order. A thread's share is the scratch
  /// memory of the kernel that needs most of it.
  int64_t preparedBytes = 0, prepareScratchBytes = 0;
  int64_t arenaConstBytes = 0, arenaBatchBytes = 0, arenaThreadBytes = 0;
  /// The same terms for the four functions of training, which share them.
  int64_t trainArenaConstBytes = 0, trainArenaBatchBytes = 0, trainArenaThreadBytes = 0;
  int64_t batchStep = 0; ///< samples of one call of forward; larger batches are split; 0: any

  std::unique_ptr<llvm::Module> module; ///< all variants' in one LLVMContext
  std::optional<GpuCode> gpu;           ///< none: code for CPUs
};

/// A model, with its tensors in the order of model.json.
struct Model {
  std::string name;        ///< as in model.json; C names are made from it
  int64_t staticBatch = 0; ///< the only batch allowed, or 0 for any
  std::vector<TensorInfo> inputs, outputs, params;
  std::optional<Training> training; ///< compiled with --train
  std::vector<Variant> variants;    ///< those for CPUs, best first, then those for GPUs
  bool profiled = false;            ///< the code calls dlc_rt_mark: export what that reports to
};

struct Options {
  std::string outputDir = "."; ///< made when it does not exist
  std::string weights;         ///< copied to <name>.safetensors beside the library; empty: none
  /// Also writes lib<name>.<variant>.prepared for each variant that this machine runs.
  bool prepare = false;
  /// Holds the runtime's bitcode, its header and the stub libraries; empty: the
  /// folder ../lib/dlc of the running executable.
  std::string resourceDir;
  std::string triple = "x86_64-unknown-linux-gnu"; ///< of all variants
};

/// A failure that is no fault of the input but of dlc itself.
class Fault : public llvm::ErrorInfo<Fault> {
public:
  static char ID;
  explicit Fault(std::string message) : message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

private:
  std::string message;
};

/// Paths of what emitLibrary wrote.
struct Library {
  std::string shared, archive, header, runtimeHeader;
  std::string weights;               ///< empty: none
  std::vector<std::string> prepared; ///< with Options::prepare
  std::vector<std::string> warnings; ///< what could not be prepared, and why
};

/// Writes the library's files into options.outputDir: all of them, or none.
/// Files of the same names are replaced.
llvm::Expected<Library> emitLibrary(Model model, const Options &options);

/// Writes the relocatable object that is the archive's only member.
llvm::Error emitObject(Model model, const Options &options, llvm::raw_ostream &os);

/// Writes the optimised code of all variants as assembly, without the runtime.
llvm::Error emitAssembly(Model model, const Options &options, llvm::raw_ostream &os);

/// Writes all variants as LLVM IR before its optimisation, without the runtime.
llvm::Error emitLlvm(Model model, const Options &options, llvm::raw_ostream &os);

/// Checks what can be checked before a model is compiled: its name and its
/// tensors' names must give different C identifiers, ranks and extents must fit.
/// The other functions check it too. Does not look at the variants.
llvm::Error checkModel(const Model &model);

/// The bit of Variant::cpuFeatures for a CPU feature by LLVM's name, or for a
/// level such as "x86-64-v3"; 0 when `create` cannot check for it, so that code
/// must not be compiled with it.
uint64_t cpuFeatureBit(llvm::StringRef name);

} // namespace dlc::emit

#endif // DLC_COMPILER_EMIT_EMIT_H
