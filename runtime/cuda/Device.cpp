//===-- Device.cpp - Beginning and end of an instance on a GPU -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/cuda/Device.h"

#include <stdio.h>
#include <string.h>

using namespace dlc::rt;
using namespace dlc::rt::cuda;

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

/// After these the context of the device is of no more use; CUresult.
static bool isFatal(Result result) {
  switch (result) {
  case 46:  // DEVICE_UNAVAILABLE
  case 214: // ECC_UNCORRECTABLE
  case 220: // NVLINK_UNCORRECTABLE
  case 700: // ILLEGAL_ADDRESS
  case 702: // LAUNCH_TIMEOUT
  case 709: // CONTEXT_IS_DESTROYED
  case 710: // ASSERT
  case 714: // HARDWARE_STACK_ERROR
  case 715: // ILLEGAL_INSTRUCTION
  case 716: // MISALIGNED_ADDRESS
  case 717: // INVALID_ADDRESS_SPACE
  case 718: // INVALID_PC
  case 719: // LAUNCH_FAILED
    return true;
  }
  return false;
}

dlc_status dlc::rt::cuda::fail(dlc_model &m, Result result, const char *call) {
  const Device &d = deviceOf(m);
  const char *cure = "see whether nvidia-smi finds the device sound";
  dlc_status status = DLC_ERROR_DEVICE;
  if (result == kOutOfMemory) {
    cure = "free memory of the device, or create the instance with a smaller max_batch";
    status = DLC_ERROR_RESOURCE;
  } else if (isFatal(result)) {
    cure = "the device is lost to this process: destroy its instances and start the process again";
  }
  return m.message().set(status, "model \"%s\": %s failed on device %d, %s: %s; %s",
                         m.desc->info.name, call, d.ordinal, d.name, d.driver.describe(result).text,
                         cure);
}

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

/// Device, and the arrays whose sizes the model tells.
static dlc_status allocateSelf(dlc_model &m) {
  const dlc_model_info &info = m.desc->info;
  int64_t numKernels = 0; // the most of a variant
  for (int32_t i = 0; i < info.num_variants; ++i)
    if (const dlc_rt_gpu_code *code = m.desc->variants[i].gpu)
      numKernels = numKernels > code->num_kernels ? numKernels : code->num_kernels;
  const auto kernels = static_cast<uint64_t>(numKernels);
  // Inputs and their gradients, outputs, targets; random, hyper, loss, metrics, verdict, parts.
  const uint64_t slots = 2 * static_cast<uint64_t>(info.num_inputs) +
                         static_cast<uint64_t>(info.num_outputs) +
                         static_cast<uint64_t>(info.num_targets) + 6;
  const uint64_t bytes =
      sizeof(Device) + kernels * sizeof(Kernel) + slots * (sizeof(Slot) + 2 * sizeof(void *));
  Block block;
  if (!block.allocate(m.self.allocator, bytes))
    return m.message().set(DLC_ERROR_RESOURCE,
                           "model \"%s\": no memory for its part of the device (%llu bytes)",
                           info.name, (unsigned long long)bytes);
  memset(block.data, 0, bytes);
  auto *device = reinterpret_cast<Device *>(block.data);
  device->self = block;
  device->kernels = reinterpret_cast<Kernel *>(device + 1);
  device->slots = reinterpret_cast<Slot *>(device->kernels + kernels);
  device->inputs = reinterpret_cast<const void **>(device->slots + slots);
  device->outputs = const_cast<void **>(device->inputs + slots);
  m.device = device;
  return DLC_OK;
}

static dlc_status findDevice(dlc_model &m) {
  Device &d = deviceOf(m);
  int count = 0, major = 0, minor = 0;
  if (Result result = d.driver.cuDeviceGetCount(&count))
    return fail(m, result, "counting devices");
  if (count == 0)
    return m.message().set(DLC_ERROR_UNSUPPORTED,
                           "model \"%s\": this machine has no CUDA device; run a CPU variant",
                           m.desc->info.name);
  if (d.ordinal < 0 || d.ordinal >= count)
    return m.message().set(DLC_ERROR_ARGUMENT,
                           "dlc_options.device is %d; this machine has %d CUDA device%s, counted "
                           "from 0",
                           d.ordinal, count, count == 1 ? "" : "s");
  if (Result result = d.driver.cuDeviceGet(&d.device, d.ordinal))
    return fail(m, result, "finding the device");
  d.driver.cuDeviceGetName(d.name, sizeof d.name - 1, d.device); // for messages only
  Result result = d.driver.cuDeviceGetAttribute(&major, kMajorCapability, d.device);
  if (!result)
    result = d.driver.cuDeviceGetAttribute(&minor, kMinorCapability, d.device);
  if (result)
    return fail(m, result, "asking for the compute capability");
  d.capability = 10 * major + minor;
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// Its code
//===----------------------------------------------------------------------===//

static bool canRun(const Device &d, const dlc_rt_gpu_image &image) {
  switch (image.kind) {
  case DLC_RT_CUBIN:
    return image.capability / 10 == d.capability / 10 && image.capability <= d.capability;
  case DLC_RT_CUBIN_EXACT:
  case DLC_RT_PTX_EXACT:
    return image.capability == d.capability;
  default:
    return image.capability <= d.capability;
  }
}

/// Made for more of the device first, then what is compiled already, then for it alone.
static int32_t rank(const dlc_rt_gpu_image &image) {
  const bool isCompiled = image.kind == DLC_RT_CUBIN || image.kind == DLC_RT_CUBIN_EXACT;
  const bool isExact = image.kind == DLC_RT_CUBIN_EXACT || image.kind == DLC_RT_PTX_EXACT;
  return 4 * image.capability + 2 * isCompiled + isExact;
}

dlc_status dlc::rt::cuda::chooseImage(dlc_model &m, const dlc_rt_gpu_image *&image) {
  const Device &d = deviceOf(m);
  const dlc_model_info &info = m.desc->info;
  char names[256] = "";
  image = nullptr;
  for (int32_t i = 0; i < info.num_variants; ++i) {
    const dlc_rt_variant &variant = m.desc->variants[i];
    if (!variant.gpu)
      continue;
    const size_t used = strlen(names);
    snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", variant.name);
    for (int64_t k = 0; k < variant.gpu->num_images; ++k) {
      const dlc_rt_gpu_image &candidate = variant.gpu->images[k];
      if (!canRun(d, candidate) || (image && rank(candidate) <= rank(*image)))
        continue;
      image = &candidate;
      m.variant = &variant;
    }
  }
  if (image)
    return DLC_OK;
  return m.message().set(DLC_ERROR_UNSUPPORTED,
                         "model \"%s\" has code for %s, none of which runs on device %d, %s, of "
                         "compute capability %d.%d; compile it with another --chip",
                         info.name, names, d.ordinal, d.name, d.capability / 10, d.capability % 10);
}

/// CUresults that say that the image does not suit the driver.
static bool isUnsuitable(Result result) {
  return result == 200 ||                  // INVALID_IMAGE
         result == 209 ||                  // NO_BINARY_FOR_GPU
         result == 218 ||                  // INVALID_PTX
         (result >= 221 && result <= 223); // no compiler, or one too old for this PTX
}

static dlc_status loadModule(dlc_model &m, const dlc_rt_gpu_image &image) {
  Device &d = deviceOf(m);
  char log[600] = "";
  int options[] = {kErrorLog, kErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log - 1)};
  const Result result = d.driver.cuModuleLoadDataEx(&d.module, image.data, 2, options, values);
  if (!result)
    return DLC_OK;
  if (!isUnsuitable(result))
    return fail(m, result, "loading its code");
  for (char *c = log; *c; ++c)
    *c = *c == '\n' ? ' ' : *c;
  return m.message().set(DLC_ERROR_UNSUPPORTED,
                         "model \"%s\": the driver, for CUDA %d.%d, does not take the code of "
                         "variant \"%s\" for device %d, %s: %s%s%s; install a newer driver, or "
                         "compile the model again",
                         m.desc->info.name, d.driver.version / 1000, d.driver.version % 1000 / 10,
                         m.variant->name, d.ordinal, d.name, d.driver.describe(result).text,
                         *log ? ": " : "", log);
}

static dlc_status findKernels(dlc_model &m) {
  Device &d = deviceOf(m);
  const dlc_rt_gpu_code &code = *m.variant->gpu;
  for (int64_t i = 0; i < code.num_kernels; ++i)
    if (Result result =
            d.driver.cuModuleGetFunction(&d.kernels[i].function, d.module, code.kernels[i])) {
      char call[192];
      snprintf(call, sizeof call, "finding kernel %s", Quoted(code.kernels[i]).text);
      return fail(m, result, call);
    }
  return DLC_OK;
}

//===----------------------------------------------------------------------===//
// open and close
//===----------------------------------------------------------------------===//

static dlc_status checkOptions(dlc_model &m, const dlc_options &options) {
  if (options.memory)
    return m.message().set(DLC_ERROR_ARGUMENT,
                           "dlc_options.memory is memory of the CPU; leave it NULL for CUDA");
  if (options.cpu_variant)
    return m.message().set(DLC_ERROR_ARGUMENT,
                           "dlc_options.cpu_variant chooses among variants for CPUs; leave it NULL "
                           "for CUDA");
  // What tells of them runs when a graph is recorded, not when it is launched.
  if (options.on_gradient || options.joint_mean)
    return m.message().set(DLC_ERROR_UNSUPPORTED,
                           "dlc_options.on_gradient and joint_mean: only CPUs call them; leave "
                           "them NULL, and read gradients() after differentiate");
  return DLC_OK;
}

static dlc_status checkBatch(dlc_model &m) {
  const int64_t most = m.variant->gpu->max_batch;
  if (m.maxBatch <= most)
    return DLC_OK;
  return m.message().set(DLC_ERROR_ARGUMENT,
                         "dlc_options.max_batch is %lld; variant \"%s\" of model \"%s\" counts in "
                         "32 bits and takes batches of up to %lld",
                         (long long)m.maxBatch, m.variant->name, m.desc->info.name,
                         (long long)most);
}

static dlc_status openDevice(dlc_model &m, const dlc_options &options) {
  if (dlc_status status = checkOptions(m, options))
    return status;
  m.threads.count = 1;
  if (dlc_status status = allocateSelf(m))
    return status;
  Device &d = deviceOf(m);
  d.ordinal = options.device;
  if (dlc_status status = d.driver.load(m.desc->info.name, m.message()))
    return status;
  if (dlc_status status = findDevice(m))
    return status;
  const dlc_rt_gpu_image *image;
  if (dlc_status status = chooseImage(m, image))
    return status;
  if (dlc_status status = checkBatch(m))
    return status;
  if (Result result = d.driver.cuDevicePrimaryCtxRetain(&d.context, d.device)) {
    d.context = nullptr;
    return fail(m, result, "taking the device's context");
  }
  const Current current(d);
  if (dlc_status status = loadModule(m, *image))
    return status;
  if (dlc_status status = findKernels(m))
    return status;
  if (Result result = d.driver.cuStreamCreate(&d.own, kNonBlocking)) {
    d.own = nullptr;
    return fail(m, result, "making a stream");
  }
  d.stream = options.stream ? static_cast<Stream *>(options.stream) : d.own;
  return allocateSlots(m, options.training);
}

static void closeDevice(dlc_model &m) {
  if (!m.device)
    return;
  Device &d = deviceOf(m);
  if (d.context) {
    {
      const Current current(d);
      dropRecordings(d);
      d.slotMemory.release();
      if (d.own)
        d.driver.cuStreamDestroy_v2(d.own);
      if (d.module)
        d.driver.cuModuleUnload(d.module);
    }
    d.driver.cuDevicePrimaryCtxRelease_v2(d.device);
  }
  d.driver.unload();
  Block self = d.self;
  m.device = nullptr;
  self.release();
}

const dlc_rt_backend dlc_rt_cuda = {
    /*sharesMemory=*/false, openDevice,     closeDevice, cuda::allocate,
    cuda::transfer,         cuda::transfer, cuda::copy,  cuda::clear,
    cuda::isReadable,       cuda::prepare,  cuda::run,   cuda::warm};
