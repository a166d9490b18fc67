//===- Products.cpp - matrix products of images, for tests --------------------===//

#include "Products.h"

#include "llvm/Support/FormatVariadic.h"

#include <bit>
#include <cmath>

using namespace dlc;
using namespace dlc::test;
using llvm::formatv;

static constexpr const char *pipeline = "dlc-gpu-phase,dlc-device-phase";

static size_t imageSize(const Convolution &s) { return size_t(s.n) * s.oh() * s.ow() * s.o; }
static size_t kernelSize(const Convolution &s) { return size_t(s.kh) * s.kw * s.c * s.o; }

Product::Product(const Convolution &convolution, const Tile &tile, const std::string &math,
                 bool isWeights, Storage storage)
    : s(convolution), isWeights(isWeights), storage(storage),
      input(Array::random(size_t(s.n) * s.h * s.w * s.c, 1)),
      right(Array::random(isWeights ? imageSize(s) : kernelSize(s), 2)),
      bias(Array::random(s.o, 3)), residual(Array::random(imageSize(s), 4)),
      out((isWeights ? kernelSize(s) : imageSize(s)) * s.parts), inputStored(Array::narrow(input)),
      rightStored(Array::narrow(right)), residualStored(Array::narrow(residual)),
      outStored((out.size + 1) / 2) {
  if (isNarrow())
    residual.widenFrom(residualStored);
  program = Program::make(writeText(tile, math), pipeline, s.n);
  addUp(math);
}

std::string Product::writeOp(const std::string &attributes) const {
  if (isWeights)
    return formatv("kernel.implicit_gemm_weights ins(%x, %r : !input, !right) "
                   "outs(%out : !out) {{{0}}",
                   attributes);
  if (s.parts > 1)
    return formatv("kernel.implicit_gemm ins(%x, %r : !input, !right) outs(%out : !out) "
                   "attributes {{{0}} epilogue {{\n  ^bb0(%a: f32):\n    kernel.yield %a "
                   ": f32\n  }",
                   attributes);
  return formatv("kernel.implicit_gemm ins(%x, %r, %bias, %residual : !input, "
                 "!right, !bias, !image) "
                 "outs(%out : !out) attributes {{{0}} epilogue {{\n"
                 "  ^bb0(%a: f32, %b: f32, %c: f32):\n"
                 "    %zero = arith.constant 0.0 : f32\n"
                 "    %d = arith.addf %a, %b : f32\n"
                 "    %e = arith.addf %d, %c : f32\n"
                 "    %f = arith.maximumf %e, %zero : f32\n"
                 "    kernel.yield %f : f32\n  }",
                 attributes);
}

std::string Product::writeText(const Tile &tile, const std::string &math) const {
  auto type = [](bool narrow) { return narrow ? "bf16" : "f32"; };
  std::string image = formatv("?x{0}x{1}x{2}x", s.oh(), s.ow(), s.o);
  std::string kernel = formatv("{0}x{1}x{2}x{3}x", s.kh, s.kw, s.c, s.o);
  std::string out = isWeights ? kernel : image;
  if (s.parts > 1)
    out.insert(0, std::to_string(s.parts) + "x");
  bool narrowRight = storage != Storage::Wide;
  std::string attributes =
      formatv("strides = array<i64: {0}, {0}>, padding = array<i64: {1}, {1}, {1}, "
              "{1}>, "
              "dilations = array<i64: {2}, {2}>, cta = #kernel.cta<m = {3}, n = {4}, k "
              "= {5}, "
              "warps_m = {6}, warps_n = {7}, stages = {8}>, math = #kernel.math<{9}>",
              s.stride, s.padding, s.dilation, tile.m, tile.n, math == "simt" ? 16 : tile.k,
              tile.warpsM, tile.warpsN, tile.stages, math);
  return formatv("!input = memref<?x{0}x{1}x{2}x{3}>\n!right = memref<{4}{5}>\n"
                 "!bias = memref<{6}xf32>\n!image = memref<{7}{3}>\n!out = memref<{8}{9}>\n"
                 "func.func @run(%batch: index {{nn.batch}, %x: !input, %r: !right, %bias: !bias, "
                 "%residual: !image, %out: !out) {{\n  {10}\n  return\n}\n",
                 s.h, s.w, s.c, type(isNarrow()), isWeights ? image : kernel, type(narrowRight),
                 s.o, image, out, type(isResultNarrow()), writeOp(attributes));
}

std::string Product::run() {
  Array &result = isResultNarrow() ? outStored : out;
  result.poison();
  std::string error = program->run({isNarrow() ? &inputStored : &input,
                                    storage == Storage::Wide ? &right : &rightStored, &bias,
                                    isNarrow() ? &residualStored : &residual, &result});
  if (isResultNarrow())
    out.widenFrom(outStored);
  return error;
}

/// Calls visit(pixel of the output, input's index, kernel's index) for each product of the
/// convolution; the last two without their channels of the output.
template <typename Visit> void Product::visitTerms(Visit visit) const {
  for (int n = 0; n < s.n; ++n)
    for (int y = 0; y < s.oh(); ++y)
      for (int x = 0; x < s.ow(); ++x)
        for (int i = 0; i < s.kh; ++i)
          for (int j = 0; j < s.kw; ++j) {
            int row = y * s.stride + i * s.dilation - s.padding;
            int column = x * s.stride + j * s.dilation - s.padding;
            if (row < 0 || row >= s.h || column < 0 || column >= s.w)
              continue;
            for (int c = 0; c < s.c; ++c)
              visit((size_t(n) * s.oh() + y) * s.ow() + x,
                    ((size_t(n) * s.h + row) * s.w + column) * s.c + c,
                    (size_t(i) * s.kw + j) * s.c + c);
          }
}

/// As the kernel rounds operands on their way into registers: to nearest, ties away from zero or to
/// even.
static double roundOperand(float value, const std::string &math) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (math == "tf32")
    bits = (bits + 0x1000) & 0xffffe000;
  if (math == "bf16")
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000;
  return std::bit_cast<float>(bits);
}

void Product::addUp(const std::string &math) {
  size_t size = out.size / s.parts;
  expected.assign(size, 0);
  // Where all terms are zero the sum is, too.
  magnitudes.assign(size, 1e-30);
  auto add = [&](size_t index, double term) {
    expected[index] += term;
    magnitudes[index] += std::abs(term);
  };
  visitTerms([&](size_t pixel, size_t in, size_t tap) {
    double left = roundOperand(input[in], math);
    for (int o = 0; o < s.o; ++o) {
      size_t other = (isWeights ? pixel : tap) * s.o + o;
      add((isWeights ? tap : pixel) * s.o + o, left * roundOperand(right[other], math));
    }
  });
  if (isWeights || s.parts > 1)
    return;
  for (size_t i = 0; i < size; ++i) {
    add(i, bias[i % s.o]);
    add(i, residual[i]);
    expected[i] = std::max(expected[i], 0.0);
  }
}

double Product::findError() const {
  size_t size = out.size / s.parts;
  double largest = 0;
  for (size_t i = 0; i < size; ++i) {
    double sum = 0;
    for (int part = 0; part < s.parts; ++part)
      sum += out[part * size + i];
    double error = std::abs(sum - expected[i]);
    // To bfloat16 the result is rounded to 8 bits.
    if (isResultNarrow())
      error -= std::min(error, std::abs(expected[i]) / 256);
    error /= magnitudes[i];
    // Not a number is no smaller than anything.
    if (!(error <= largest))
      largest = std::isnan(error) ? INFINITY : error;
  }
  return largest;
}
