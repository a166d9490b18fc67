//===-- Cpu.h - What this CPU can do -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef DLC_RUNTIME_CPU_H
#define DLC_RUNTIME_CPU_H

#include "ModelDesc.h"

namespace dlc::rt {

/// Names of the features in `bits`, comma-separated.
struct FeatureText {
  char text[256];
  explicit FeatureText(uint64_t bits);
};

/// Rounds to nearest and keeps denormals while in scope, whatever the calling
/// thread has set: the same bits come out on every thread.
class FloatEnvironment {
public:
#if defined(__x86_64__)
  FloatEnvironment() : saved(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(0x1f80); }
  ~FloatEnvironment() { __builtin_ia32_ldmxcsr(saved); }

private:
  unsigned saved;
#elif defined(__aarch64__)
  FloatEnvironment() {
    asm volatile("mrs %0, fpcr" : "=r"(saved));
    asm volatile("msr fpcr, %0" ::"r"(uint64_t(0)));
  }
  ~FloatEnvironment() { asm volatile("msr fpcr, %0" ::"r"(saved)); }

private:
  uint64_t saved;
#else
#error "dlc's runtime knows x86-64 and AArch64"
#endif

public:
  FloatEnvironment(const FloatEnvironment &) = delete;
  FloatEnvironment &operator=(const FloatEnvironment &) = delete;
};

/// Tells the core that this is a waiting loop.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  asm volatile("yield");
#endif
}

} // namespace dlc::rt

#endif // DLC_RUNTIME_CPU_H
