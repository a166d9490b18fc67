//===-- Driver.h - The CUDA driver, found at run time -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_CUDA_DRIVER_H
#define DLC_RUNTIME_CUDA_DRIVER_H

#include "runtime/Message.h"

#include <stddef.h>

namespace dlc::rt::cuda {

using Result = int;       ///< CUresult
using Address = uint64_t; ///< CUdeviceptr
struct Context;           ///< CUcontext points to one, and so on
struct Module;
struct Function;
struct Stream;
struct Graph;
struct Executable; ///< CUgraphExec

// Values of the driver's enumerations, as cuda.h gives them.
constexpr Result kSuccess = 0, kOutOfMemory = 2, kNoDevice = 100;
constexpr int kMajorCapability = 75, kMinorCapability = 76; ///< CUdevice_attribute
constexpr int kErrorLog = 5, kErrorLogBytes = 6;            ///< CUjit_option
constexpr int kDynamicSharedBytes = 8;                      ///< CUfunction_attribute
constexpr int kMemoryType = 2;                              ///< CUpointer_attribute
constexpr unsigned kHostMemory = 1;                         ///< CUmemorytype
constexpr unsigned kNonBlocking = 1;                        ///< CUstream_flags
constexpr int kRelaxedCapture = 2;                          ///< CUstreamCaptureMode

/// The oldest driver: CUDA 12.0, whose compiler knows every chip that dlc does.
constexpr int kOldestDriver = 12000;

/// All that is called of the driver: X(symbol, parameters). Those that name errors
/// come first, so that they are there when the others fail.
#define DLC_CUDA_FUNCTIONS(X)                                                                      \
  X(cuGetErrorName, (Result, const char **))                                                       \
  X(cuGetErrorString, (Result, const char **))                                                     \
  X(cuDriverGetVersion, (int *))                                                                   \
  X(cuInit, (unsigned))                                                                            \
  X(cuDeviceGetCount, (int *))                                                                     \
  X(cuDeviceGet, (int *, int))                                                                     \
  X(cuDeviceGetName, (char *, int, int))                                                           \
  X(cuDeviceGetAttribute, (int *, int, int))                                                       \
  X(cuDevicePrimaryCtxRetain, (Context **, int))                                                   \
  X(cuDevicePrimaryCtxRelease_v2, (int))                                                           \
  X(cuCtxPushCurrent_v2, (Context *))                                                              \
  X(cuCtxPopCurrent_v2, (Context **))                                                              \
  X(cuModuleLoadDataEx, (Module **, const void *, unsigned, int *, void **))                       \
  X(cuModuleUnload, (Module *))                                                                    \
  X(cuModuleGetFunction, (Function **, Module *, const char *))                                    \
  X(cuFuncSetAttribute, (Function *, int, int))                                                    \
  X(cuMemAlloc_v2, (Address *, size_t))                                                            \
  X(cuMemFree_v2, (Address))                                                                       \
  X(cuMemcpyAsync, (Address, Address, size_t, Stream *))                                           \
  X(cuMemsetD8Async, (Address, unsigned char, size_t, Stream *))                                   \
  X(cuPointerGetAttribute, (void *, int, Address))                                                 \
  X(cuStreamCreate, (Stream **, unsigned))                                                         \
  X(cuStreamDestroy_v2, (Stream *))                                                                \
  X(cuStreamSynchronize, (Stream *))                                                               \
  X(cuStreamBeginCapture_v2, (Stream *, int))                                                      \
  X(cuStreamEndCapture, (Stream *, Graph **))                                                      \
  X(cuGraphInstantiateWithFlags, (Executable **, Graph *, unsigned long long))                     \
  X(cuGraphDestroy, (Graph *))                                                                     \
  X(cuGraphExecDestroy, (Executable *))                                                            \
  X(cuGraphLaunch, (Executable *, Stream *))                                                       \
  X(cuTensorMapEncodeTiled, (void *, int, uint32_t, void *, const uint64_t *, const uint64_t *,    \
                             const uint32_t *, const uint32_t *, int, int, int, int))              \
  X(cuTensorMapEncodeIm2col,                                                                       \
    (void *, int, uint32_t, void *, const uint64_t *, const uint64_t *, const int *, const int *,  \
     uint32_t, uint32_t, const uint32_t *, int, int, int, int))                                    \
  X(cuLaunchKernel, (Function *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,       \
                     unsigned, Stream *, void **, void **))

/// The driver's functions by their names. Plain: an instance has a table of its own.
struct Driver {
  void *library;
  int version; ///< 1000 * major + 10 * minor of the CUDA that it is for
#define DLC_CUDA_FUNCTION(name, parameters) Result(*name) parameters;
  DLC_CUDA_FUNCTIONS(DLC_CUDA_FUNCTION)
#undef DLC_CUDA_FUNCTION

  /// Opens libcuda.so.1 and starts it; `model` is for the message. Whatever it
  /// did before a failure, unload() takes back.
  dlc_status load(const char *model, const Message &message);
  void unload();

  /// "CUDA_ERROR_NO_DEVICE (no CUDA-capable device is detected)"
  struct ErrorText {
    char text[256];
  };
  ErrorText describe(Result result) const;
};

} // namespace dlc::rt::cuda

#endif // DLC_RUNTIME_CUDA_DRIVER_H
