//===- Options.h - what a compilation is asked for ----------------------*- C++ -*-===//
#ifndef DLC_COMPILER_OPTIONS_H
#define DLC_COMPILER_OPTIONS_H

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace dlc {

/// How far a compilation goes, and what it then writes.
enum class Stage {
  Json,   ///< the model with defaults filled in and repetitions expanded
  Nn,     ///< what is computed
  Fused,  ///< after the graph rewrites: groups
  Tiled,  ///< kernels with layouts and tiles, and @prepare, on tensors
  Linalg, ///< on buffers in one arena
  Vector, ///< loops and vectors
  Ptx,    ///< the kernels of a GPU as PTX
  Llvm,   ///< LLVM IR before its optimisation
  Asm,    ///< assembly
  Obj,    ///< relocatable object
  Lib     ///< lib<name>.so, lib<name>.a and headers
};

/// Where convolutions take a Winograd form.
enum class Winograd {
  Auto,  ///< where it is expected to be faster
  Never, ///< direct sums only
  F2,    ///< tiles of 2x2 outputs wherever that form exists: for tests and measurements
  F3,    ///< of 3x3 likewise
  F4,    ///< of 4x4 likewise
  F5,    ///< of 5x5 likewise
  F6     ///< of 6x6 likewise
};

/// How the weights of dense layers are kept, and the transformed ones of Winograd convolutions.
enum class WeightPrecision {
  Auto,  ///< in fixed point, where that is expected to be faster
  Exact, ///< as they are
  Fixed  ///< in fixed point wherever that form exists: for tests and measurements
};

/// What a library runs on.
enum class Target { Cpu, Cuda };

/// How GPUs multiply and add. Sums are float32.
enum class Precision {
  Fp32, ///< float32 throughout
  Tf32, ///< factors of matrix products rounded to 10 bits of mantissa
  Bf16  ///< factors of matrix products rounded to 7 bits of mantissa, activations stored so
};

/// What @forward returns, where errors are to be measured.
enum class Probe {
  None,   ///< the model's outputs
  Layers, ///< the result of each layer instead
  Exact   ///< the same, in float64 and from inputs that are the results of the layers before
};

/// Everything that decides a compilation. Filled by the tools and passed down; nothing reads
/// globals.
struct Options {
  std::string model;   ///< path of the model: .json, or .mlir with an nn @forward
  std::string text;    ///< what that file is taken to hold; empty: what it holds
  std::string weights; ///< path of a safetensors file; empty: the model's own, if it names one
  std::string outputDir = "."; ///< where the library goes
  std::string output;          ///< file for stages before Lib; empty or "-": standard output
  std::string resourceDir;     ///< runtime bitcode and stubs; empty: ../lib/dlc of the executable
  std::vector<Target> targets; ///< each once; empty: the CPU
  std::vector<std::string> march = {"native"}; ///< CPU variants, as knownMarch() lists them
  std::vector<std::string>
      chips; ///< GPU variants, as schedule::allChips() lists them; empty: the usual
  Precision precision = Precision::Fp32; ///< of GPUs
  bool simulated = false;                ///< code for the simulator of dlc's tests in place of GPUs
  int64_t batch = 0;                     ///< the only batch, or 0 for any
  bool train = false; ///< a library that trains too: the model's "train" says how
  int64_t activationBytes =
      0;              ///< what activations kept for gradients may take a sample; 0: anything
  bool naive = false; ///< no fusion and no kernels: the reference that kernels are checked against
  Winograd winograd = Winograd::Auto;
  WeightPrecision weightPrecision = WeightPrecision::Auto; ///< a library that trains has exact ones
  std::string tuning; ///< path of a tuning file; empty: the constants that dlc comes with
  Probe probe = Probe::None;
  bool profiled = false; ///< code that reports each launch, for measurements
  bool prepare = false;  ///< with Stage::Lib: prepare the weights now, into files that load maps
  Stage stage = Stage::Lib;

  bool isFor(Target target) const {
    return targets.empty() ? target == Target::Cpu
                           : std::find(targets.begin(), targets.end(), target) != targets.end();
  }
};

} // namespace dlc

#endif // DLC_COMPILER_OPTIONS_H
