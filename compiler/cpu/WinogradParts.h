//===- WinogradParts.h - what both schedules of Winograd share ----------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_WINOGRADPARTS_H
#define DLC_COMPILER_CPU_WINOGRADPARTS_H

#include "compiler/cpu/ExpandMac.h"
#include "compiler/cpu/WinogradTransform.h"
#include "dialects/kernel/Kernel.h"

namespace dlc::cpu {

/// A tile of m x m outputs: its image, its row and column of tiles, and where its points are: the
/// image and the slot in V or M.
struct WinogradTile {
  mlir::Value image, row, column, pointsImage, slot;
};

/// Transforms patches of blocked images into points [N, C/L, P, S, L].
class WinogradInputTiles {
public:
  WinogradInputTiles(Emitter &e, mlir::Value in, mlir::Value points,
                     llvm::ArrayRef<int64_t> padding, int64_t tileSize);
  void emit(const WinogradTile &tile, mlir::Value block);
  int64_t columns() const { return horizontal.tiles; }

private:
  // Along one dimension: where the patches of tiles lie in the image.
  struct Line {
    int64_t extent, before, tile, tiles;
    Line(int64_t extent, int64_t before, int64_t after, int64_t tile);
    /// Tiles [first, second) read no padding.
    std::pair<int64_t, int64_t> whole() const;
  };
  // A row or column of the image, and the bits to keep of what is read there; no mask keeps all.
  struct Coordinate {
    mlir::Value at, mask;
  };

  void emitPatch(const WinogradTile &tile, mlir::Value block, bool whole);
  Coordinate coordinate(mlir::Value at, const Line &line, bool whole);
  mlir::Value loadPixel(mlir::ValueRange at, mlir::Value rowMask, mlir::Value columnMask);
  mlir::VectorType maskType();

  Emitter &e;
  mlir::Value in, points;
  int64_t tileSize;
  Line vertical, horizontal;
};

/// Transforms points [N, O/L, P, S, L] to outputs. Of tiles that reach past the image only what
/// lies inside is written.
class WinogradOutputTiles {
public:
  WinogradOutputTiles(Emitter &e, mlir::Value points, mlir::Value out, int64_t tileSize,
                      Epilogue &epilogue);
  /// Block `pointsBlock` of the points becomes block `block` of the image.
  void emit(const WinogradTile &tile, mlir::Value pointsBlock, mlir::Value block, mlir::Value bias);
  int64_t columns() const { return llvm::divideCeil(width, tileSize); }

private:
  void emitStore(mlir::Value value, mlir::ValueRange at);
  void emitWhole(const WinogradTile &tile, mlir::Value block, llvm::ArrayRef<mlir::Value> outputs);
  void emitClipped(const WinogradTile &tile, mlir::Value block,
                   llvm::ArrayRef<mlir::Value> outputs);
  void emitEpilogue(const WinogradTile &tile, mlir::Value block);

  Emitter &e;
  mlir::Value points, out;
  Epilogue &epilogue;
  int64_t tileSize, height, width;
};

/// Matrix products over the channels: points V [N, C/L, P, S, L] times U [P, O/(nb L), C, nb, L]
/// are points M [N, O/L, P, S, L].
class WinogradProducts {
public:
  WinogradProducts(Emitter &e, mlir::Value v, mlir::Value u, mlir::Value m, int64_t depth,
                   kernel::TileAttr tile);

  struct Place {
    mlir::Value image, point, group, firstBlock; ///< firstBlock: of M
    int64_t cols;
    mlir::Value nextPoint, nextGroup; ///< whose weights come next
  };
  /// All of `rows` slots, in register tiles of nearly equal height: no row is masked.
  void emit(const Place &place, int64_t rows);

private:
  void planPrefetch(const Place &place, int64_t part, int64_t parts);
  void emitTile(const Place &place, mlir::Value row, int64_t rows);
  Emitter::Values emitBlock(const Place &place, mlir::Value row, int64_t rows, mlir::Value inBlock,
                            int64_t channels, mlir::ValueRange sums);

  Emitter &e;
  mlir::Value v, u, m;
  int64_t depth, block;
  kernel::TileAttr tile;
  mlir::Value flatWeights, nextLine; // what to prefetch; no nextLine: nothing
  int64_t linesPerStep = 0;
};

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_WINOGRADPARTS_H
