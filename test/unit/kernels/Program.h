//===- Program.h - kernels of an .mlir text, run in the simulator --------*- C++ -*-===//
#ifndef DLC_TEST_UNIT_KERNELS_PROGRAM_H
#define DLC_TEST_UNIT_KERNELS_PROGRAM_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "test/simulator/Simulator.h"

#include <functional>
#include <vector>

namespace dlc::test {

/// An array in the simulator's device memory, at first NaN.
class Array {
public:
  explicit Array(size_t size)
      : size(size), data(static_cast<float *>(simulator::allocate(size * sizeof(float)))) {}
  /// Of numbers between -1 and 1.
  static Array random(size_t size, unsigned seed);
  Array(Array &&other) : size(other.size), data(std::exchange(other.data, nullptr)) {}
  ~Array() { simulator::release(data); }

  float &operator[](size_t index) { return data[index]; }
  float operator[](size_t index) const { return data[index]; }
  void poison();

  /// As many numbers in bfloat16, rounded to nearest even, in half the space; and back.
  static Array narrow(const Array &wide);
  void widenFrom(const Array &narrow);

  const size_t size;
  float *data;
};

/// Changes the kernels before they are made into an image.
using Mutation = std::function<void(mlir::gpu::GPUModuleOp)>;

/// A module whose function @run launches kernels on its arguments.
class Program {
public:
  /// `pipeline` leaves gpu.launch_func in @run, and the kernels in the LLVM and NVVM dialects.
  /// Null: the error was printed.
  static std::unique_ptr<Program> make(llvm::StringRef text, llvm::StringRef pipeline,
                                       int batch = 0);
  ~Program();

  /// Makes the image anew, of changed kernels.
  bool assemble(const Mutation &mutation = nullptr);

  /// Launches one kernel; as simulator::run.
  std::string launch(const std::string &name, const simulator::Launch &geometry, void **params);

  /// How many kernels @run launches.
  int launches();

  /// Launches all kernels of @run on buffers; as simulator::run.
  std::string run(llvm::ArrayRef<Array *> buffers);

private:
  void fixBatch(int batch);
  std::string launch(mlir::gpu::LaunchFuncOp op, llvm::ArrayRef<Array *> buffers);

  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  void *image = nullptr;
  int batch = 0;
};

} // namespace dlc::test

#endif // DLC_TEST_UNIT_KERNELS_PROGRAM_H
