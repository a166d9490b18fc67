"""The lit tests: one .mlir file a pass, a dialect or an operator family.

Substitutions beside dlc's tools, FileCheck and mlir-opt by name:
  %jit     reads linalg on tensors and runs its @main() with upstream's plainest pipeline, so that
           a lowering is checked by numbers and not by dlc's own back end
  %models  the folder of the zoo's networks
  %ptxas   NVIDIA's assembler (feature "ptxas")
  %shared  the folder beside the checkout with golden references (feature "shared")
Feature "ptxas": NVIDIA's assembler is on PATH, under CUDA_HOME, CUDA_ROOT or /usr/local/cuda.
Feature "aarch64": the build had the C library's headers for AArch64, so dlc makes libraries for it.
"""

import os
import shutil

import lit.formats

config.name = "dlc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["unit", "e2e", "bench"]
config.test_source_root = os.path.join(config.dlc_source, "test")
config.test_exec_root = os.path.join(config.dlc_build, "test")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.dlc_build, "bin"), config.llvm_tools, config.environment.get("PATH", "")]
)

jit_passes = [
    '--one-shot-bufferize="bufferize-function-boundaries'
    ' function-boundary-type-conversion=identity-layout-map"',
    "--convert-linalg-to-loops",
    "--convert-scf-to-cf",
    "--expand-strided-metadata",
    "--lower-affine",
    "--convert-math-to-libm",
    "--convert-to-llvm",
    "--reconcile-unrealized-casts",
]
runner_libraries = ",".join(
    os.path.join(config.llvm_libs, name)
    for name in ("libmlir_runner_utils.so", "libmlir_c_runner_utils.so")
)
jit = "mlir-opt {} | mlir-runner -e main --entry-point-result=void --shared-libs={}".format(
    " ".join(jit_passes), runner_libraries
)

shared = os.path.join(os.path.dirname(config.dlc_source), "shared")
if os.path.isdir(shared):
    config.available_features.add("shared")

cuda = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_ROOT"), "/usr/local/cuda"]
cuda_path = os.pathsep.join([os.environ.get("PATH", "")] + [root + "/bin" for root in cuda if root])
ptxas = shutil.which("ptxas", path=cuda_path)
if ptxas:
    config.available_features.add("ptxas")
    config.substitutions.append(("%ptxas", ptxas))
    for name in ("CUDA_HOME", "CUDA_ROOT"):
        if name in os.environ:
            config.environment[name] = os.environ[name]

if os.path.exists(os.path.join(config.dlc_build, "lib", "dlc", "runtime-aarch64.bc")):
    config.available_features.add("aarch64")

config.substitutions += [
    ("%jit", jit),
    ("%models", os.path.join(config.dlc_source, "models")),
    ("%shared", shared),
    ("%python", config.python + " -B"),
]
