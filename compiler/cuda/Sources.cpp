//===- Sources.cpp - where the tiles of a product come from --------------------------===//
//
// An element (m, k) of a matrix of windows is that of pixel (y s + kh d - p, x s + kw d - p),
// channel c, where m counts (n, y, x) and k counts (kh, kw, c). Both halves of that place are sums,
// one part known from m and one from k. What does not change from step to step is computed before
// the first.
//
//===--------------------------------------------------------------------------------===//

#include "compiler/cuda/Sources.h"

using namespace mlir;
using namespace dlc::cuda;

namespace {

// Rows that lie this far above an image, and taps this far below one, are never inside, together
// neither: images have fewer than 2^29 rows.
constexpr int64_t kAbove = -(int64_t(1) << 29), kBelow = int64_t(1) << 30;

// A part of the place of an element: rows, columns and the offset that they make.
struct Place {
  Int y, x, offset;
};

// The first pixel of the window of output pixel `m`, outside where m is not below `end`.
Place startOfWindow(const Windows &windows, Int m, Int end, bool check) {
  Int x = m % windows.out[1], outer = m / windows.out[1];
  Int y = outer % windows.out[0], n = outer / windows.out[0];
  y = y * windows.strides[0] - windows.padding[0];
  x = x * windows.strides[1] - windows.padding[2];
  ArrayRef<int64_t> strides = windows.image.strides;
  Int offset = n * strides[0] + y * strides[1] + x * strides[2];
  return {check ? y.where(m.below(end), kAbove) : y, x, offset};
}

// Where element `k` of a window lies from its first pixel, outside where k is not below `end`.
Place placeInWindow(const Windows &windows, Int k, Int end, bool check) {
  bool single = windows.kernel[0] * windows.kernel[1] == 1;
  Int channel = single ? k : k % windows.channels();
  Int tap = single ? k.constant(0) : k / windows.channels();
  Int x = tap % windows.kernel[1] * windows.dilations[1];
  Int y = tap / windows.kernel[1] * windows.dilations[0];
  ArrayRef<int64_t> strides = windows.image.strides;
  Int offset = y * strides[1] + x * strides[2] + channel;
  return {check ? y.where(k.below(end), kBelow) : y, x, offset};
}

// Element `offset` + `more`, or any that exists where that is not `inside`.
Piece pieceOf(const GlobalBuffer &buffer, Int offset, int64_t more, Value inside) {
  return {buffer.at(inside ? offset.where(inside, -more) : offset, more), inside};
}

Piece pieceAt(const Windows &windows, Place window, Place element, bool checkRows) {
  ImplicitLocOpBuilder &b = *window.y.builder;
  Value inside;
  if (checkRows || windows.isPadded(0))
    inside = (window.y + element.y).below(windows.image.shape[1]);
  if (windows.isPadded(1))
    inside = both(b, inside, (window.x + element.x).below(windows.image.shape[2]));
  return pieceOf(windows.image, window.offset + element.offset, 0, inside);
}

class WindowLines : public Source {
public:
  WindowLines(const ThreadBlock &block, const Windows &windows, const Share &share)
      : block(block), windows(windows), share(share),
        checkDepth(mayEndInside(block.depth, block.cta.getK())) {
    checkRows = checkDepth || mayEndInside(block.rows, block.cta.getM());
    for (int64_t i = 0; i < share.count; ++i)
      lines.push_back(startOfWindow(windows, block.row + share.line + i * share.distance,
                                    block.rows, mayEndInside(block.rows, block.cta.getM())));
  }
  void beginStep(Int k) override {
    element = placeInWindow(windows, k + share.along, block.depth, checkDepth);
  }
  Piece piece(int64_t index) override {
    return pieceAt(windows, lines[index], *element, checkRows);
  }

private:
  const ThreadBlock &block;
  const Windows &windows;
  Share share;
  bool checkDepth, checkRows;
  SmallVector<Place> lines;
  std::optional<Place> element;
};

class PixelLines : public Source {
public:
  PixelLines(const ThreadBlock &block, const Windows &windows, const Share &share)
      : block(block), windows(windows), share(share),
        checkDepth(mayEndInside(block.depth, block.cta.getK())),
        checkRows(mayEndInside(block.rows, block.cta.getM())),
        element(placeInWindow(windows, block.row + share.along, block.rows, checkRows)) {}
  void beginStep(Int k) override { pixel = k + share.line; }
  Piece piece(int64_t index) override {
    Place window = startOfWindow(windows, *pixel + index * share.distance, block.depth, checkDepth);
    return pieceAt(windows, window, element, checkDepth || checkRows);
  }

private:
  const ThreadBlock &block;
  const Windows &windows;
  Share share;
  bool checkDepth, checkRows;
  Place element;
  std::optional<Int> pixel;
};

class MatrixLines : public Source {
public:
  MatrixLines(const ThreadBlock &block, const GlobalBuffer &matrix, const Share &share)
      : block(block), matrix(matrix), rows(matrix), share(share),
        checkDepth(mayEndInside(block.depth, block.cta.getK())),
        column(block.column + share.along) {
    if (mayEndInside(block.columns, block.cta.getN()))
      inColumns = column.below(block.columns);
  }
  void beginStep(Int k) override {
    line = k + share.line;
    if (rows.step())
      start = *line * *rows.step() + column;
  }
  Piece piece(int64_t index) override {
    Int row = *line + index * share.distance;
    Value inside = checkDepth ? row.below(block.depth) : Value();
    inside = both(block.builder, inside, inColumns);
    if (rows.step())
      return pieceOf(matrix, *start, index * share.distance * *rows.step(), inside);
    return pieceOf(matrix, rows.offset(row) + column, 0, inside);
  }

private:
  const ThreadBlock &block;
  const GlobalBuffer &matrix;
  Rows rows;
  Share share;
  bool checkDepth;
  Int column;
  Value inColumns;
  std::optional<Int> line, start;
};

} // namespace

Share Share::of(const ThreadBlock &block, int64_t lines, int64_t length, int64_t width) {
  // Every thread has a piece.
  width = std::min(width, lines * length / block.cta.getThreads());
  int64_t perLine = length / width, distance = block.cta.getThreads() / perLine;
  return {block.thread / perLine, block.thread % perLine * width, width, distance,
          lines / distance};
}

int64_t dlc::cuda::windowVector(const Windows &windows) {
  return commonVector({windows.channels(), windows.image.alignment});
}

int64_t dlc::cuda::matrixVector(const GlobalBuffer &matrix) {
  return commonVector({matrix.shape.back(), matrix.alignment});
}

std::unique_ptr<Source> dlc::cuda::windowLines(const ThreadBlock &block, const Windows &windows,
                                               const Share &share) {
  return std::make_unique<WindowLines>(block, windows, share);
}

std::unique_ptr<Source> dlc::cuda::pixelLines(const ThreadBlock &block, const Windows &windows,
                                              const Share &share) {
  return std::make_unique<PixelLines>(block, windows, share);
}

std::unique_ptr<Source> dlc::cuda::matrixLines(const ThreadBlock &block, const GlobalBuffer &matrix,
                                               const Share &share) {
  return std::make_unique<MatrixLines>(block, matrix, share);
}
