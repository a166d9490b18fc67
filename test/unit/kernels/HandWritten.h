//===- HandWritten.h - kernels written by hand ---------------------------*- C++ -*-===//
#ifndef DLC_TEST_UNIT_KERNELS_HANDWRITTEN_H
#define DLC_TEST_UNIT_KERNELS_HANDWRITTEN_H

#include <string>

namespace dlc::test {

/// Lowers the rest of these modules to the LLVM and NVVM dialects.
extern const char *const handWrittenPipeline;

/// Of a matrix of 70 x 45 by tiles of 32 x 32, in rows of 33 floats, each by 32 x 8 threads.
extern const char *const transposition;
/// 256 threads add up 1000 numbers: their own, a warp's by shuffles, the warps' by one warp.
extern const char *const reduction;
/// out[16, 8] = a[16, 32] b[8, 32]^T of tf32 by one warp, in four steps of K, each copied
/// asynchronously while the one before is computed: two stages of 16 x 8 of a (rows of 32 bytes),
/// then 8 x 8 of b.
extern const char *const product;

/// See Hopper.cpp.
std::string writeHopperProduct();

} // namespace dlc::test

#endif // DLC_TEST_UNIT_KERNELS_HANDWRITTEN_H
