//===-- ErrorTest.cpp - What goes wrong on a GPU, and how it is told -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaTest.h"

#include <csignal>

using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::StartsWith;
using toy::Instance;

namespace {

/// What create says under a fault.
struct Failure {
  dlc_status status;
  std::string error;

  explicit Failure(dlc_options options = {}, const dlc_rt_model_desc &desc = gpu::desc()) {
    const Instance instance(options, desc);
    status = instance.status;
    error = instance.error;
    EXPECT_EQ(instance.m, nullptr);
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Machines
//===----------------------------------------------------------------------===//

// Run by CMakeLists.txt with other drivers than the fake one.
TEST(OtherDriver, Missing) {
  if (dlopen("libcuda.so.1", RTLD_NOW))
    GTEST_SKIP() << "there is a driver";
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(failure.error, StartsWith("model \"scale\": the CUDA driver cannot be opened: "
                                        "libcuda.so.1: "));
  EXPECT_THAT(failure.error, HasSubstr("; install NVIDIA's driver, or run a CPU variant"));
}

TEST(OtherDriver, OfAnotherTime) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW);
  if (!library || dlsym(library, "cuGraphLaunch"))
    GTEST_SKIP() << "not that driver";
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_EQ(failure.error, "model \"scale\": the CUDA driver is too old, it has no cuMemcpyAsync; "
                           "install one for CUDA 12.0 or later, or run a CPU variant");
}

TEST_F(Cuda, OldVersion) {
  fake.reset("version=11080");
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_EQ(failure.error, "model \"scale\": the driver is for CUDA 11.8, too old; install one for "
                           "CUDA 12.0 or later, or run a CPU variant");
}

TEST_F(Cuda, NoDevice) {
  fake.reset("no-device");
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_EQ(failure.error, "model \"scale\": this machine has no CUDA device; run a CPU variant");
}

TEST_F(Cuda, BadOrdinal) {
  dlc_options options = {};
  for (int32_t device : {1, -1}) {
    options.device = device;
    const Failure failure(options);
    EXPECT_EQ(failure.status, DLC_ERROR_ARGUMENT);
    EXPECT_EQ(failure.error, "dlc_options.device is " + std::to_string(device) +
                                 "; this machine has 1 CUDA device, counted from 0");
  }
}

TEST_F(Cuda, WrongChip) {
  fake.reset("capability=75");
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_EQ(failure.error, "model \"scale\" has code for sm_80, sm_90a, none of which runs on "
                           "device 0, Simulated GPU, of compute capability 7.5; compile it with "
                           "another --chip");
}

TEST_F(Cuda, DriverThatDoesNotStart) {
  fake.reset("fail=cuInit@1:999");
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_DEVICE);
  EXPECT_EQ(failure.error, "model \"scale\": the CUDA driver does not start: CUDA_ERROR_UNKNOWN "
                           "(unknown error); see whether nvidia-smi works");
}

//===----------------------------------------------------------------------===//
// Images
//===----------------------------------------------------------------------===//

TEST_F(Cuda, PtxThatDoesNotCompile) {
  fake.reset("capability=100,version=12080"); // sm_80's PTX alone may run there
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_EQ(failure.error,
            "model \"scale\": the driver, for CUDA 12.8, does not take the code of variant "
            "\"sm_80\" for device 0, Simulated GPU: CUDA_ERROR_INVALID_PTX (a PTX JIT compilation "
            "failed): ptxas application ptx input, line 1; fatal: the simulator compiles no PTX; "
            "install a newer driver, or compile the model again");
}

TEST_F(Cuda, ImageOfAnotherMachine) {
  std::string damaged = gpu::image();
  damaged[18] = char(190); // e_machine: EM_CUDA
  damaged[19] = 0;
  const gpu::OneImage one(damaged, DLC_RT_CUBIN_EXACT, 90);
  const Failure failure({}, one.desc);
  EXPECT_EQ(failure.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(failure.error, HasSubstr("CUDA_ERROR_NO_BINARY_FOR_GPU"));
}

TEST_F(Cuda, ExactImagesRunOnTheirChipAlone) {
  const gpu::OneImage one(gpu::image(), DLC_RT_CUBIN_EXACT, 90);
  const gpu::OneImage text("not compiled", DLC_RT_PTX_EXACT, 90);
  for (const char *device : {"capability=103", "capability=80"}) {
    fake.reset(device);
    EXPECT_THAT(Failure({}, one.desc).error, HasSubstr("none of which runs on device 0"));
    EXPECT_THAT(Failure({}, text.desc).error, HasSubstr("none of which runs on device 0"));
  }
  fake.reset(nullptr);
  EXPECT_THAT(Failure({}, text.desc).error, HasSubstr("CUDA_ERROR_INVALID_PTX"));
}

TEST_F(Cuda, KernelThatIsNotInTheImage) {
  gpu::OneImage one(gpu::image(), DLC_RT_CUBIN, 90);
  const char *const names[] = {"negate", "multiply", "mutliply"};
  one.code.kernels = names;
  one.code.num_kernels = 3;
  const Failure failure({}, one.desc);
  EXPECT_EQ(failure.status, DLC_ERROR_DEVICE);
  EXPECT_THAT(failure.error, HasSubstr("finding kernel \"mutliply\" failed on device 0, Simulated "
                                       "GPU: CUDA_ERROR_NOT_FOUND (named symbol not found)"));
}

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

TEST_F(Cuda, BatchBeyond32Bits) {
  dlc_options options = {};
  options.max_batch = 1001;
  const Failure failure(options);
  EXPECT_EQ(failure.status, DLC_ERROR_ARGUMENT);
  EXPECT_EQ(failure.error, "dlc_options.max_batch is 1001; variant \"sm_90a\" of model \"scale\" "
                           "counts in 32 bits and takes batches of up to 1000");
}

TEST_F(Cuda, CallersArena) {
  alignas(64) char memory[256];
  dlc_options options = {};
  options.memory = memory;
  options.memory_size = sizeof memory;
  const Failure failure(options);
  EXPECT_EQ(failure.status, DLC_ERROR_ARGUMENT);
  EXPECT_THAT(failure.error, HasSubstr("dlc_options.memory is memory of the CPU"));
}

//===----------------------------------------------------------------------===//
// Faults
//===----------------------------------------------------------------------===//

TEST_F(Cuda, OutOfDeviceMemory) {
  fake.reset("memory=1");
  const Failure failure;
  EXPECT_EQ(failure.status, DLC_ERROR_RESOURCE);
  EXPECT_EQ(failure.error,
            "model \"scale\": allocating 128 bytes of device memory for inputs and outputs failed "
            "on device 0, Simulated GPU: CUDA_ERROR_OUT_OF_MEMORY (out of memory); free memory of "
            "the device, or create the instance with a smaller max_batch");
}

/// Whatever call fails, whatever was there before is taken back.
TEST_F(Cuda, EveryCallOfCreateMayFail) {
  const char *const functions[] = {"cuDriverGetVersion",   "cuInit",
                                   "cuDeviceGetCount",     "cuDeviceGet",
                                   "cuDeviceGetAttribute", "cuDevicePrimaryCtxRetain",
                                   "cuModuleLoadDataEx",   "cuModuleGetFunction",
                                   "cuStreamCreate",       "cuMemAlloc_v2",
                                   "cuMemcpyAsync",        "cuMemsetD8Async",
                                   "cuStreamSynchronize"};
  for (const char *function : functions) {
    fake.reset(nullptr);
    {
      const Instance sound(gpu::training(), gpu::desc());
    }
    const uint64_t calls = fake.calls(function);
    EXPECT_GT(calls, 0u) << function;
    for (uint64_t call = 1; call <= calls; ++call) {
      const std::string words = "fail=" + std::string(function) + "@" + std::to_string(call) + ":2";
      fake.reset(words.c_str());
      const Instance instance(gpu::training(), gpu::desc());
      // The last ones are of destroy.
      if (instance.status)
        EXPECT_NE(std::string(instance.error), "") << words;
      else
        EXPECT_STREQ(function, "cuStreamSynchronize") << words;
    }
    EXPECT_EQ(fake.report(), "") << function;
  }
}

TEST_F(Cuda, EveryAllocationOfTheHostMayFail) {
  for (int64_t failAt = 0;; ++failAt) {
    toy::CountingAllocator allocator;
    allocator.failAt = failAt;
    dlc_options options = gpu::training();
    allocator.install(options);
    dlc_status status;
    {
      const Instance instance(options, gpu::desc());
      status = instance.status;
      EXPECT_TRUE(!status || strstr(instance.error, "no memory")) << instance.error;
    }
    EXPECT_EQ(allocator.live, 0);
    if (!status)
      break;
    EXPECT_EQ(status, DLC_ERROR_RESOURCE);
  }
}

/// After a failure the instance goes on.
TEST_F(Cuda, EveryCallOfForwardMayFail) {
  gpu::Samples samples;
  const std::vector<float> due = gpu::expected({samples.x.begin(), samples.x.begin() + 4});
  const struct {
    const char *words, *said;
  } cases[] = {
      {"fail=cuStreamBeginCapture_v2@1:1", "beginning to record a graph failed"},
      {"fail=cuLaunchKernel@2:1",
       "launching kernel \"subtract\" with 1 x 1 x 1 blocks of 32 threads and 0 bytes of shared "
       "memory failed on device 0, Simulated GPU: CUDA_ERROR_INVALID_VALUE (invalid argument); "},
      {"fail=cuStreamEndCapture@1:901", "recording a graph failed"},
      {"fail=cuGraphInstantiateWithFlags@1:1", "making a graph failed"},
      {"fail=cuMemcpyAsync@1:1", "copying an input failed"},
      {"fail=cuGraphLaunch@1:1", "launching a graph failed"},
      {"fail=cuMemcpyAsync@2:1", "copying an output failed"},
      {"fail=cuStreamSynchronize@1:1", "running the model failed"}};
  for (const auto &c : cases) {
    Instance instance({}, gpu::desc());
    instance.load(gpu::weights());
    fake.reset(c.words);
    EXPECT_EQ(samples.forward(instance.m, 1), DLC_ERROR_DEVICE) << c.words;
    EXPECT_THAT(dlc_rt_error(instance.m), HasSubstr(c.said));
    fake.reset(nullptr);
    ASSERT_EQ(samples.forward(instance.m, 1), DLC_OK) << dlc_rt_error(instance.m);
    EXPECT_THAT(std::vector<float>(samples.out.begin(), samples.out.begin() + 4),
                ElementsAreArray(due));
  }
}

TEST_F(Cuda, FailedLoadLeavesTheWeights) {
  Instance instance({}, gpu::desc());
  instance.load(gpu::weights());
  gpu::Samples samples;
  for (const char *words :
       {"fail=cuMemAlloc_v2@1:2", "fail=cuMemAlloc_v2@2:2", "fail=cuMemsetD8Async@1:1",
        "fail=cuMemcpyAsync@1:1", "fail=cuMemcpyAsync@3:1", "fail=cuLaunchKernel@1:1"}) {
    fake.reset(words);
    EXPECT_NE(instance.load(gpu::weights()), DLC_OK) << words;
    EXPECT_THAT(dlc_rt_error(instance.m), StartsWith("model \"scale\": ")) << words;
    fake.reset(nullptr);
    EXPECT_EQ(samples.forward(instance.m, 1), DLC_OK);
    EXPECT_EQ(samples.out[0], gpu::expected(samples.x)[0]);
  }
}

TEST_F(Cuda, TooMuchSharedMemory) {
  gpu::sharedBytes = 300 << 10;
  Instance instance({}, gpu::desc());
  instance.load(gpu::weights());
  gpu::Samples samples;
  EXPECT_EQ(samples.forward(instance.m, 1), DLC_ERROR_DEVICE);
  EXPECT_THAT(dlc_rt_error(instance.m), HasSubstr("and 307200 bytes of shared memory failed"));
}

TEST_F(Cuda, LostDevice) {
  {
    Instance instance({}, gpu::desc());
    instance.load(gpu::weights());
    gpu::Samples samples;
    fake.reset("fail=cuStreamSynchronize@1:700");
    EXPECT_EQ(samples.forward(instance.m, 1), DLC_ERROR_DEVICE);
    EXPECT_STREQ(dlc_rt_error(instance.m),
                 "model \"scale\": running the model failed on device 0, Simulated GPU: "
                 "CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered); the "
                 "device is lost to this process: destroy its instances and start the process "
                 "again");
    EXPECT_EQ(samples.forward(instance.m, 1), DLC_ERROR_DEVICE); // and stays so
    EXPECT_THAT(dlc_rt_error(instance.m), HasSubstr("the device is lost"));
    EXPECT_EQ(instance.load(gpu::weights()), DLC_ERROR_DEVICE);
  }
  EXPECT_EQ(Instance({}, gpu::desc()).status, DLC_OK);
}

/// A kernel that reads where nothing is.
TEST_F(Cuda, KernelThatFails) {
  {
    Instance instance({}, gpu::desc());
    instance.load(gpu::weights());
    gpu::Samples samples;
    gpu::duringForward = [&] {
      float *nowhere = nullptr;
      int32_t count = 4;
      void *params[] = {&nowhere, &nowhere, &count};
      const int64_t geometry[] = {1, 1, 1, 32, 0};
      dlc_rt_launch(instance.m, 0, geometry, params);
    };
    EXPECT_EQ(samples.forward(instance.m, 1), DLC_ERROR_DEVICE);
    EXPECT_THAT(dlc_rt_error(instance.m), HasSubstr("CUDA_ERROR_ILLEGAL_ADDRESS"));
    EXPECT_THAT(fake.report(), HasSubstr("negate: a parameter is no address of the device"));
  }
  fake.reset(nullptr);
}

/// Code of a variant that reads behind the addresses that it gets ends as on a real machine.
TEST_F(Cuda, HostCodeCannotReadDeviceMemory) {
  CallersData caller(fake);
  const float *onDevice = caller.copy<float>({1, 2, 3});
  EXPECT_EXIT(
      {
        volatile float value = *onDevice;
        (void)value;
      },
      testing::KilledBySignal(SIGSEGV), "");
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

TEST_F(Cuda, EveryCallOfAStepMayFail) {
  Instance instance(gpu::training(), gpu::desc());
  gpu::Samples samples;
  for (const char *words :
       {"fail=cuStreamBeginCapture_v2@1:1", "fail=cuMemcpyAsync@1:1", "fail=cuGraphLaunch@1:1",
        "fail=cuStreamSynchronize@1:1"}) {
    fake.reset(words);
    EXPECT_EQ(samples.step(instance.m), DLC_ERROR_DEVICE) << words;
    EXPECT_EQ(dlc_rt_step(instance.m), 0);
  }
  fake.reset(nullptr);
  EXPECT_EQ(samples.step(instance.m), DLC_OK) << dlc_rt_error(instance.m);
  EXPECT_EQ(dlc_rt_step(instance.m), 1);
}

TEST_F(Cuda, SaveThatFails) {
  Instance instance(gpu::training(), gpu::desc());
  fake.reset("fail=cuMemcpyAsync@1:1");
  EXPECT_EQ(dlc_rt_save_weights(instance.m, (testing::TempDir() + "never").c_str()),
            DLC_ERROR_DEVICE);
  EXPECT_THAT(dlc_rt_error(instance.m), HasSubstr("a copy failed"));
}
