//===-- Cpu.cpp - What this CPU can do -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Reads cpuid itself: __builtin_cpu_supports needs libgcc's tables. Leaf and
// bit numbers are those of the Intel SDM, volume 2A, CPUID; the levels are
// those of the x86-64 psABI.
//
//===----------------------------------------------------------------------===//

#include "Cpu.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace dlc::rt;

#if defined(__x86_64__)
namespace {

enum Register { EAX, EBX, ECX, EDX };

/// The registers of one cpuid leaf; zeros when the CPU has no such leaf.
struct Leaf {
  unsigned words[4] = {0, 0, 0, 0};

  Leaf(unsigned leaf, unsigned subleaf) {
    __get_cpuid_count(leaf, subleaf, &words[EAX], &words[EBX], &words[ECX], &words[EDX]);
  }
  bool has(Register reg, unsigned bit) const { return words[reg] >> bit & 1; }
};

/// Which registers the operating system saves: xgetbv's XCR0.
uint64_t savedState(const Leaf &basic) {
  if (!basic.has(ECX, 27)) // OSXSAVE
    return 0;
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t(high) << 32 | low;
}

constexpr uint64_t kSavesYmm = 0x06; // SSE and AVX state
constexpr uint64_t kSavesZmm = 0xe6; // and opmask, upper halves, zmm16-31

struct CpuLeaves {
  Leaf basic{1, 0}, structured{7, 0}, more{7, 1}, extended{0x80000001, 0};
  uint64_t saved = savedState(basic);

  bool saves(uint64_t state) const { return (saved & state) == state; }

  bool isV2() const {
    return basic.has(ECX, 0) &&  // SSE3
           basic.has(ECX, 9) &&  // SSSE3
           basic.has(ECX, 13) && // CMPXCHG16B
           basic.has(ECX, 19) && // SSE4.1
           basic.has(ECX, 20) && // SSE4.2
           basic.has(ECX, 23) && // POPCNT
           extended.has(ECX, 0); // LAHF in 64-bit mode
  }
  bool isV3() const {
    return isV2() && saves(kSavesYmm) && basic.has(ECX, 28) && // AVX
           basic.has(ECX, 12) &&                               // FMA
           basic.has(ECX, 22) &&                               // MOVBE
           basic.has(ECX, 29) &&                               // F16C
           structured.has(EBX, 5) &&                           // AVX2
           structured.has(EBX, 3) &&                           // BMI1
           structured.has(EBX, 8) &&                           // BMI2
           extended.has(ECX, 5);                               // LZCNT
  }
  bool isV4() const {
    return isV3() && saves(kSavesZmm) && structured.has(EBX, 16) && // F
           structured.has(EBX, 17) &&                               // DQ
           structured.has(EBX, 28) &&                               // CD
           structured.has(EBX, 30) &&                               // BW
           structured.has(EBX, 31);                                 // VL
  }
};

} // namespace

uint64_t dlc_rt_cpu_features(void) {
  const CpuLeaves cpu;
  const bool v2 = cpu.isV2(), v3 = cpu.isV3(), v4 = cpu.isV4();
  const bool present[] = {
      v2,
      v3,
      v4,
      v3 && cpu.more.has(EAX, 4),        // avxvnni
      v4 && cpu.structured.has(EBX, 21), // avx512ifma
      v4 && cpu.structured.has(ECX, 1),  // avx512vbmi
      v4 && cpu.structured.has(ECX, 6),  // avx512vbmi2
      v4 && cpu.structured.has(ECX, 11), // avx512vnni
      v4 && cpu.structured.has(ECX, 12), // avx512bitalg
      v4 && cpu.structured.has(ECX, 14), // avx512vpopcntdq
      v4 && cpu.more.has(EAX, 5),        // avx512bf16
      v4 && cpu.structured.has(EDX, 23), // avx512fp16
      v2 && cpu.structured.has(ECX, 8),  // gfni
      v3 && cpu.structured.has(ECX, 9),  // vaes
      v3 && cpu.structured.has(ECX, 10), // vpclmulqdq
  };
  uint64_t bits = 0;
  for (uint64_t i = 0; i < sizeof present; ++i)
    bits |= uint64_t(present[i]) << i;
  return bits;
}
#else
uint64_t dlc_rt_cpu_features(void) { return 0; }
#endif

uint64_t dlc_rt_cpu_feature(const char *name) {
#define DLC_ROW(bit, text)                                                                         \
  if (strcmp(name, text) == 0)                                                                     \
    return uint64_t(1) << bit;
  DLC_RT_CPU_FEATURES(DLC_ROW)
#undef DLC_ROW
  return 0;
}

FeatureText::FeatureText(uint64_t bits) {
  char *out = text;
  *out = 0;
#define DLC_ROW(bit, name)                                                                         \
  if (bits >> bit & 1) {                                                                           \
    if (out != text)                                                                               \
      out = stpcpy(out, ", ");                                                                     \
    out = stpcpy(out, name);                                                                       \
  }
  DLC_RT_CPU_FEATURES(DLC_ROW)
#undef DLC_ROW
}
