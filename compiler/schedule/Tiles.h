//===- Tiles.h - register tiles -----------------------------------------*- C++ -*-===//
#ifndef DLC_COMPILER_SCHEDULE_TILES_H
#define DLC_COMPILER_SCHEDULE_TILES_H

#include "compiler/schedule/Target.h"
#include "dialects/kernel/Kernel.h"
#include <array>

namespace dlc::schedule {

/// Rows of pixels by columns of vectors of output channels.
struct TileShape {
  int64_t rows, cols;
};

/// The register tile of a convolution whose output rows are `width` pixels and whose groups have
/// `blocks` blocks of output channels; `dividing` asks for columns that divide the blocks.
TileShape chooseTileShape(const TargetFacts &facts, int64_t width, int64_t blocks, bool dividing);
kernel::TileAttr chooseTile(mlir::MLIRContext *context, const TargetFacts &facts, int64_t width,
                            int64_t blocks, bool dividing);

/// Time of one step of the reduction with a tile, in half cycles (see CostTable).
int64_t stepCost(TileShape tile);

/// The register tile of a matrix product with `blocks` blocks of columns and any number of rows.
kernel::TileAttr chooseGemmTile(mlir::MLIRContext *context, const TargetFacts &facts,
                                int64_t blocks);

/// The tile of a depthwise convolution: outputs of a row that stay in registers beside a row of
/// `taps` weights.
kernel::TileAttr chooseDepthwiseTile(mlir::MLIRContext *context, const TargetFacts &facts,
                                     int64_t width, int64_t taps);

/// The tile of the gradient of a convolution's kernel: rows of its channels, of which `channels`
/// are neighbours, or of all of them for each of `taps` taps, by vectors of filters, of which there
/// are `blocks`; `dividing` as above.
struct WeightsTile {
  kernel::TileAttr tile;
  bool wholeRows; ///< it spans the taps
};
WeightsTile chooseWeightsTile(mlir::MLIRContext *context, const TargetFacts &facts,
                              int64_t channels, int64_t taps, int64_t blocks, bool dividing);

/// Of the gradient of a depthwise kernel: rows of taps whose sums stay in registers, one or all,
/// and pixels of the gradient beside them.
struct TapsTile {
  int64_t tapRows, pixels;
};
TapsTile chooseTapsTile(const TargetFacts &facts, int64_t rows, int64_t columns);

/// Windows over an image of `middle` rows and columns.
struct WindowsShape {
  std::array<int64_t, 2> middle, out, window, strides;
};

/// How what they give is computed while the convolution before it makes that image.
struct Steps {
  int64_t rows, columns; ///< outputs computed together
  int64_t band;          ///< the least rows that one thread computes
};

/// `pixelBytes` are those of a pixel of a group of channels.
Steps chooseSteps(const kernel::RowMaker &maker, int64_t pixelBytes, const WindowsShape &shape);

} // namespace dlc::schedule

#endif // DLC_COMPILER_SCHEDULE_TILES_H
