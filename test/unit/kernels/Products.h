//===- Products.h - matrix products of images, for tests -----------------*- C++ -*-===//
#ifndef DLC_TEST_UNIT_KERNELS_PRODUCTS_H
#define DLC_TEST_UNIT_KERNELS_PRODUCTS_H

#include "Program.h"

namespace dlc::test {

struct Convolution {
  int n, h, w, c, kh, kw, o;
  int stride = 1, dilation = 1, padding = 0;
  int parts = 1;
  int oh() const { return (h + 2 * padding - dilation * (kh - 1) - 1) / stride + 1; }
  int ow() const { return (w + 2 * padding - dilation * (kw - 1) - 1) / stride + 1; }
};

/// A #kernel.cta.
struct Tile {
  int m, n, k, warpsM, warpsN, stages;
};

/// How a product's operands lie in memory: as float32; as bfloat16, the result as well unless it is
/// of parts or a gradient, but not the bias; or the right one alone.
enum class Storage { Wide, Narrow, NarrowRight };

/// One kernel.implicit_gemm with bias, residual and ReLU (of one part), or its kernel's gradient.
class Product {
public:
  Product(const Convolution &convolution, const Tile &tile, const std::string &math, bool isWeights,
          Storage storage = Storage::Wide);

  /// As simulator::run.
  std::string run();
  /// Of what the last run computed, relative to sums of magnitudes.
  double findError() const;

  std::unique_ptr<Program> program;

private:
  std::string writeText(const Tile &tile, const std::string &math) const;
  std::string writeOp(const std::string &attributes) const;
  void addUp(const std::string &math);
  template <typename Visit> void visitTerms(Visit visit) const;
  bool isNarrow() const { return storage == Storage::Narrow; }
  bool isResultNarrow() const { return isNarrow() && !isWeights && s.parts == 1; }

  Convolution s;
  bool isWeights;
  Storage storage;
  Array input, right, bias, residual, out;
  /// What the kernel gets of these.
  Array inputStored, rightStored, residualStored, outStored;
  std::vector<double> expected, magnitudes;
};

} // namespace dlc::test

#endif // DLC_TEST_UNIT_KERNELS_PRODUCTS_H
