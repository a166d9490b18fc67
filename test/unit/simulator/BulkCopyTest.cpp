//===- BulkCopyTest.cpp - windows of images by tensor maps ---------------------------===//
//
// The pixels that a copy takes of each tap's windows against those that a convolution reads: at the
// corners of images, with padding, strides and dilations, across lines and images.
//
//===---------------------------------------------------------------------------------===//

#include "test/simulator/Device.h"
#include "test/simulator/Simulator.h"
#include "test/simulator/TensorMap.h"

#include "gmock/gmock.h"

#include <cmath>
#include <vector>

using namespace dlc::simulator;
using testing::IsEmpty;

extern "C" char dlc_sim_shared[];

namespace {

constexpr int kBfloat16 = 9, kFloat32 = 7, kSwizzle128 = 3, kRowBytes = 128, kPixels = 16;

/// Windows of k x k over images [n, h, w, c].
struct Windows {
  const char *name;
  int n, h, w, c, k, stride, before, after, dilation;
  bool isHalf; ///< elements of 16 bits

  int count(int extent) const {
    return (extent + before + after - (k - 1) * dilation - 1) / stride + 1;
  }
  int elementBytes() const { return isHalf ? 2 : 4; }
  int channels() const { return kRowBytes / elementBytes(); }
  /// The number of an element of the image, from 1 on; 0 outside.
  int element(int image, int y, int x, int channel) const {
    bool inside = image < n && y >= 0 && y < h && x >= 0 && x < w && channel < c;
    return inside ? ((image * h + y) * w + x) * c + channel + 1 : 0;
  }
};

/// One copy, whose result goes to `out`.
struct Copy {
  alignas(64) TensorMap map;
  int32_t coordinates[4];
  int16_t offsets[2];
  char out[kPixels * kRowBytes];
};

void copyPixels(void **params) {
  Copy &copy = **static_cast<Copy **>(params[0]);
  char *barrier = dlc_sim_shared + sizeof copy.out;
  dlc_sim_mbarrier_init("init", barrier, 1);
  dlc_sim_mbarrier_arrive("arrive", barrier, 1, sizeof copy.out);
  dlc_sim_bulk_load("load", dlc_sim_shared, &copy.map, barrier, 4, copy.coordinates, 2,
                    copy.offsets);
  dlc_sim_mbarrier_wait("wait", barrier, 0);
  memcpy(copy.out, dlc_sim_shared, sizeof copy.out);
}

class BulkCopyTest : public testing::TestWithParam<Windows> {
protected:
  /// Elements are their own numbers.
  std::vector<char> makeImage(const Windows &s) {
    int size = s.n * s.h * s.w * s.c;
    std::vector<char> image(size * s.elementBytes());
    for (int i = 0; i < size; ++i) {
      int number = i + 1;
      memcpy(&image[i * s.elementBytes()], &number, s.elementBytes());
    }
    return image;
  }

  void describe(const Windows &s, void *image, TensorMap &map) {
    uint64_t bytes = s.elementBytes(), c = s.c, w = s.w, h = s.h;
    uint64_t extents[] = {c, w, h, uint64_t(s.n)},
             strides[] = {bytes * c, bytes * c * w, bytes * c * w * h};
    uint32_t step = s.stride, steps[] = {1, step, step, 1};
    int lower[] = {-s.before, -s.before};
    int upper[] = {s.count(s.w) * s.stride - s.before - s.w,
                   s.count(s.h) * s.stride - s.before - s.h};
    ASSERT_EQ(cuTensorMapEncodeIm2col(&map, s.isHalf ? kBfloat16 : kFloat32, 4, image, extents,
                                      strides, lower, upper, s.channels(), kPixels, steps, 0,
                                      kSwizzle128, 0, 0),
              0);
  }

  /// Pixel `pixel` of the copy, without the exchange of its groups of 16 bytes.
  int read(const Windows &s, const Copy &copy, int pixel, int channel) {
    int byte = channel * s.elementBytes(), group = byte / 16 ^ pixel % 8, number = 0;
    memcpy(&number, copy.out + pixel * kRowBytes + group * 16 + byte % 16, s.elementBytes());
    return number;
  }

  /// The windows from output pixel `first` on, tap (down, right), channels from `channel` on.
  void check(const Windows &s, Copy &copy, int first, int down, int right, int channel) {
    int ow = s.count(s.w), oh = s.count(s.h);
    auto place = [&](int pixel) {
      return std::array{pixel / ow / oh, pixel / ow % oh * s.stride - s.before,
                        pixel % ow * s.stride - s.before};
    };
    auto [image, y, x] = place(first);
    int32_t coordinates[] = {channel, x, y, image};
    std::copy_n(coordinates, 4, copy.coordinates);
    copy.offsets[0] = right * s.dilation;
    copy.offsets[1] = down * s.dilation;
    Copy *pointer = &copy;
    void *params[] = {&pointer};
    ASSERT_THAT(run(copyPixels, {{1, 1, 1}, {1, 1, 1}, sizeof copy.out + 8}, params), IsEmpty());
    for (int pixel = 0; pixel < kPixels; ++pixel)
      for (int i = 0; i < s.channels(); ++i) {
        auto [n, top, left] = place(first + pixel);
        int due = s.element(n, top + down * s.dilation, left + right * s.dilation, channel + i);
        ASSERT_EQ(read(s, copy, pixel, i), due) << "pixel " << first + pixel << ", tap " << down
                                                << ", " << right << ", channel " << channel + i;
      }
  }
};

constexpr Windows windows[] = {
    {"Plain", 2, 5, 7, 32, 1, 1, 0, 0, 1, false},
    {"Padding", 2, 5, 7, 32, 3, 1, 1, 1, 1, false},
    {"OddPadding", 2, 6, 5, 8, 4, 1, 1, 2, 1, true},
    {"Strides", 3, 7, 6, 36, 3, 2, 0, 1, 1, false},
    {"Dilations", 2, 7, 9, 64, 3, 1, 2, 2, 2, true},
    {"All", 2, 9, 8, 24, 3, 2, 3, 2, 2, true},
    {"PastTheImage", 1, 3, 3, 8, 5, 3, 4, 4, 1, false},
};

INSTANTIATE_TEST_SUITE_P(Windows, BulkCopyTest, testing::ValuesIn(windows),
                         [](const auto &info) { return info.param.name; });

TEST_P(BulkCopyTest, TakesWhatAConvolutionReads) {
  const Windows &s = GetParam();
  std::vector<char> image = makeImage(s);
  Copy copy;
  describe(s, image.data(), copy.map);
  // The last copy ends past the last image.
  for (int first = 0; first < s.n * s.count(s.h) * s.count(s.w); first += kPixels)
    for (int tap = 0; tap < s.k * s.k; ++tap)
      for (int channel = 0; channel < s.c; channel += s.channels())
        check(s, copy, first, tap / s.k, tap % s.k, channel);
}

} // namespace
