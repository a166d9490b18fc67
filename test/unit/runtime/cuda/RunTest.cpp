//===-- RunTest.cpp - Forward on a GPU -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaTest.h"

using testing::ElementsAreArray;
using testing::HasSubstr;
using toy::Instance;

namespace {

dlc_options batches(int64_t most) {
  dlc_options options = {};
  options.max_batch = most;
  return options;
}

dlc_status forward(dlc_model *m, const float *x, float *out, int64_t batch = 3) {
  const dlc_in in = {x, DLC_FLOAT32};
  const dlc_out to = {out, DLC_FLOAT32};
  return dlc_rt_forward(m, batch, &in, &to);
}

} // namespace

TEST_F(Cuda, Forward) {
  Instance instance(batches(3), gpu::desc());
  ASSERT_EQ(instance.status, DLC_OK) << instance.error;
  EXPECT_STREQ(dlc_rt_variant_name(instance.m), "sm_90a");
  gpu::Samples samples;
  EXPECT_EQ(samples.forward(instance.m), DLC_ERROR_NOT_READY);
  ASSERT_EQ(instance.load(gpu::weights()), DLC_OK) << dlc_rt_error(instance.m);
  ASSERT_EQ(samples.forward(instance.m), DLC_OK) << dlc_rt_error(instance.m);
  EXPECT_THAT(samples.out, ElementsAreArray(gpu::expected(samples.x)));
}

TEST_F(Cuda, GraphsAreRecordedOncePerBatch) {
  Instance instance(batches(3), gpu::desc());
  instance.load(gpu::weights());
  gpu::Samples samples;
  for (int64_t batch : {3, 2, 3, 2, 3})
    EXPECT_EQ(samples.forward(instance.m, batch), DLC_OK);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 2u);
  EXPECT_EQ(fake.calls("cuGraphLaunch"), 5u);
  ASSERT_EQ(dlc_rt_warm(instance.m, 1), DLC_OK);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 3u);
  EXPECT_EQ(fake.calls("cuGraphLaunch"), 5u);
  EXPECT_EQ(samples.forward(instance.m, 1), DLC_OK);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 3u);
}

TEST_F(Cuda, OldGraphsMakePlace) {
  Instance instance(batches(100), gpu::desc());
  instance.load(gpu::weights());
  const std::vector<float> x(400, 2);
  std::vector<float> out(400);
  for (int64_t batch = 1; batch <= 100; ++batch)
    ASSERT_EQ(forward(instance.m, x.data(), out.data(), batch), DLC_OK);
  EXPECT_THAT(out, ElementsAreArray(gpu::expected(x)));
  forward(instance.m, x.data(), out.data(), 100);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 100u);
  forward(instance.m, x.data(), out.data(), 1);
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 101u);
}

TEST_F(Cuda, LoadRenewsWeightsAndGraphs) {
  Instance instance(batches(3), gpu::desc());
  gpu::Samples samples;
  instance.load(toy::file(R"({"s/kernel":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},)"
                          R"("s/bias":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}})",
                          toy::bytes({0, 0, 0, 0, 7, 7, 7, 7})));
  ASSERT_EQ(samples.forward(instance.m), DLC_OK);
  EXPECT_THAT(samples.out, testing::Each(7));
  instance.load(gpu::weights());
  ASSERT_EQ(samples.forward(instance.m), DLC_OK);
  EXPECT_THAT(samples.out, ElementsAreArray(gpu::expected(samples.x)));
  // A load that fails leaves them.
  EXPECT_EQ(instance.load("nonsense"), DLC_ERROR_FORMAT);
  ASSERT_EQ(samples.forward(instance.m), DLC_OK);
  EXPECT_THAT(samples.out, ElementsAreArray(gpu::expected(samples.x)));
}

TEST_F(Cuda, WarmNeedsWeights) {
  Instance instance(batches(3), gpu::desc());
  EXPECT_EQ(dlc_rt_warm(instance.m, 1), DLC_ERROR_NOT_READY);
  EXPECT_THAT(dlc_rt_error(instance.m), HasSubstr("warm before its weights were loaded"));
  instance.load(gpu::weights());
  EXPECT_EQ(dlc_rt_warm(instance.m, 4), DLC_ERROR_ARGUMENT);
  EXPECT_EQ(dlc_rt_warm(instance.m, 3), DLC_OK);
}

TEST_F(Cuda, TwoInstances) {
  Instance one(batches(3), gpu::desc()), two(batches(2), gpu::desc());
  one.load(gpu::weights());
  two.load(gpu::weights());
  gpu::Samples a, b;
  EXPECT_EQ(a.forward(one.m), DLC_OK);
  EXPECT_EQ(b.forward(two.m, 2), DLC_OK);
  EXPECT_THAT(a.out, ElementsAreArray(gpu::expected(a.x)));
  b.x.resize(8);
  b.out.resize(8);
  EXPECT_THAT(b.out, ElementsAreArray(gpu::expected(b.x)));
}

TEST_F(Cuda, DataOnTheDevice) {
  CallersData caller(fake);
  Instance instance(batches(3), gpu::desc());
  instance.load(gpu::weights());
  const gpu::Samples samples;
  const float *x = caller.copy(samples.x);
  float *out = caller.copy(samples.out);
  ASSERT_EQ(forward(instance.m, x, out), DLC_OK) << dlc_rt_error(instance.m);
  EXPECT_THAT(caller.read(out, 12), ElementsAreArray(gpu::expected(samples.x)));
  // Mixed.
  std::vector<float> onHost(12);
  ASSERT_EQ(forward(instance.m, x, onHost.data()), DLC_OK);
  EXPECT_THAT(onHost, ElementsAreArray(gpu::expected(samples.x)));
}

TEST_F(Cuda, OverlapOnTheDevice) {
  CallersData caller(fake);
  Instance instance(batches(3), gpu::desc());
  instance.load(gpu::weights());
  float *x = caller.copy(gpu::Samples().x);
  EXPECT_EQ(forward(instance.m, x, x), DLC_ERROR_ARGUMENT);
}

TEST_F(Cuda, CallersStreamIsNotWaitedFor) {
  CallersData caller(fake);
  dlc_options options = batches(3);
  options.stream = caller.stream;
  Instance instance(options, gpu::desc());
  instance.load(gpu::weights());
  const gpu::Samples samples;
  const float *x = caller.copy(samples.x);
  float *out = caller.copy(samples.out);
  const uint64_t waits = fake.calls("cuStreamSynchronize");
  ASSERT_EQ(forward(instance.m, x, out), DLC_OK);
  EXPECT_EQ(fake.calls("cuStreamSynchronize"), waits);
  caller.wait();
  EXPECT_THAT(caller.read(out, 12), ElementsAreArray(gpu::expected(samples.x)));
  // What the host reads or may change is complete.
  std::vector<float> onHost(12);
  ASSERT_EQ(forward(instance.m, x, onHost.data()), DLC_OK);
  EXPECT_THAT(onHost, ElementsAreArray(gpu::expected(samples.x)));
  float *pinned = caller.pin(samples.x);
  ASSERT_EQ(forward(instance.m, pinned, out), DLC_OK);
  std::fill_n(pinned, 12, 1e9f);
  caller.wait();
  EXPECT_THAT(caller.read(out, 12), ElementsAreArray(gpu::expected(samples.x)));
}

TEST_F(Cuda, LargeBatchesInSteps) {
  gpu::OneImage one(gpu::image(), DLC_RT_CUBIN, 90);
  one.variant.batch_step = 2;
  Instance instance(batches(5), one.desc);
  instance.load(gpu::weights());
  std::vector<float> x(20), out(20);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(i);
  ASSERT_EQ(dlc_rt_warm(instance.m, 5), DLC_OK);
  ASSERT_EQ(forward(instance.m, x.data(), out.data(), 5), DLC_OK);
  EXPECT_THAT(out, ElementsAreArray(gpu::expected(x)));
  EXPECT_EQ(fake.calls("cuStreamBeginCapture_v2"), 2u);
  EXPECT_EQ(fake.calls("cuGraphLaunch"), 3u);
}

TEST_F(Cuda, SharedMemoryIsAskedForOnce) {
  gpu::sharedBytes = 100 << 10;
  Instance instance(batches(3), gpu::desc());
  instance.load(gpu::weights());
  gpu::Samples samples;
  EXPECT_EQ(samples.forward(instance.m, 3), DLC_OK) << dlc_rt_error(instance.m);
  EXPECT_EQ(samples.forward(instance.m, 2), DLC_OK);
  EXPECT_EQ(fake.calls("cuFuncSetAttribute"), 1u);
}

TEST_F(Cuda, BestImageForTheDevice) {
  const struct {
    const char *device;
    const char *variant;
  } cases[] = {{"capability=90", "sm_90a"}, {"capability=80", "sm_80"}, {"capability=86", "sm_80"}};
  for (const auto &c : cases) {
    fake.reset(c.device);
    Instance instance({}, gpu::desc());
    ASSERT_EQ(instance.status, DLC_OK) << instance.error;
    EXPECT_STREQ(dlc_rt_variant_name(instance.m), c.variant) << c.device;
  }
}

TEST_F(Cuda, SecondDevice) {
  fake.reset("devices=2");
  dlc_options options = {};
  options.device = 1;
  EXPECT_EQ(Instance(options, gpu::desc()).status, DLC_OK);
}

TEST_F(Cuda, Target) {
  const Instance ambiguous({}, gpu::bothDesc());
  EXPECT_EQ(ambiguous.status, DLC_ERROR_ARGUMENT);
  EXPECT_STREQ(ambiguous.error, "model \"scale\" was compiled for the CPU and for CUDA; set "
                                "dlc_options.target to DLC_TARGET_CPU or DLC_TARGET_CUDA");
  dlc_options options = {};
  options.target = DLC_TARGET_CPU;
  EXPECT_STREQ(dlc_rt_variant_name(Instance(options, gpu::bothDesc()).m), "cpu");
  const Instance none(options, gpu::desc());
  EXPECT_EQ(none.status, DLC_ERROR_UNSUPPORTED);
  EXPECT_STREQ(none.error,
               "model \"scale\" was compiled for CUDA alone; compile it with --target cpu,cuda");
  options.target = DLC_TARGET_CUDA;
  EXPECT_STREQ(dlc_rt_variant_name(Instance(options, gpu::bothDesc()).m), "sm_90a");
  options.cpu_variant = "cpu";
  EXPECT_EQ(Instance(options, gpu::bothDesc()).status, DLC_ERROR_ARGUMENT);
}

TEST_F(Cuda, PreparedFilesAreForCpus) {
  Instance instance({}, gpu::desc());
  instance.load(gpu::weights());
  EXPECT_EQ(dlc_rt_save_prepared(instance.m, "/tmp/never"), DLC_ERROR_UNSUPPORTED);
  EXPECT_STREQ(
      dlc_rt_error(instance.m),
      "model \"scale\": weights prepared for \"sm_90a\" lie on a device and are kept in no "
      "file; load the safetensors file");
  EXPECT_EQ(instance.load("dlcprep\n and more"), DLC_ERROR_UNSUPPORTED);
  EXPECT_THAT(dlc_rt_error(instance.m), HasSubstr("prepared weights are for CPUs"));
}

TEST_F(Cuda, ImagesAreNotConfused) {
  const gpu::OneImage other(gpu::readFile(DLC_TEST_OTHER_IMAGE), DLC_RT_CUBIN, 90);
  const Instance one({}, gpu::desc()), two({}, other.desc);
  EXPECT_EQ(one.status, DLC_OK);
  EXPECT_THAT(two.error, HasSubstr("finding kernel \"negate\" failed"));
}
