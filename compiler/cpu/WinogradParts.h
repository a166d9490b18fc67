//===- WinogradParts.h - what both schedules of Winograd share ----------*- C++ -*-===//
#ifndef DLC_COMPILER_CPU_WINOGRADPARTS_H
#define DLC_COMPILER_CPU_WINOGRADPARTS_H

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "compiler/cpu/WinogradTransform.h"
#include "dialects/kernel/Kernel.h"
#include "llvm/Support/MathExtras.h"

namespace dlc::cpu {

/// Tiles of m x m outputs, [from, to) of a row of them whose first outputs are in row `top` of an
/// image. The points of tile `from` are in slot `slot` of image `pointsImage` of V or M, those of
/// the others in the slots after it.
struct WinogradRow {
  mlir::Value image, top, from, to, pointsImage, slot;
  bool anywhere = false; ///< `top` need not be a multiple of m

  mlir::Value slotOf(Emitter &e, mlir::Value column) const {
    return e.add(slot, e.sub(column, from));
  }
};

/// A range [first, end) of tiles, or of the rows where tiles begin, of which nothing lies outside
/// the image.
struct WholeRange {
  int64_t first, end;
};

/// Transforms patches of blocked images into points [N, C/L, P, S, L].
class WinogradInputTiles {
public:
  WinogradInputTiles(Emitter &e, mlir::Value in, mlir::Value points,
                     llvm::ArrayRef<int64_t> padding, kernel::WinogradForm form);
  void emit(const WinogradRow &tiles, mlir::Value block);
  int64_t columns() const { return horizontal.tiles; }

private:
  // Along one dimension: where the patches of tiles lie in the image.
  struct Line {
    kernel::WinogradForm form;
    int64_t extent, before, tiles;
    Line(kernel::WinogradForm form, int64_t extent, int64_t before, int64_t after);
    WholeRange whole() const; ///< by their first outputs
    WholeRange wholeTiles() const;
    int64_t last() const { return (tiles - 1) * form.tile; } ///< the first output of the last tile
  };
  // A row or column of the image, and the bits to keep of what is read there; no mask keeps all.
  struct Coordinate {
    mlir::Value at, mask;
  };
  using Coordinates = llvm::SmallVector<Coordinate>;

  int64_t tilesAtOnce() const;
  // Some rows of points of a phase: those of the pixels (down, right) of their squares.
  struct Part {
    int64_t index, down, right;
  };

  mlir::Value topOf(const WinogradRow &tiles);
  mlir::Value leftOf(mlir::Value column);
  void emitParts(const WinogradRow &tiles, mlir::Value block, llvm::ArrayRef<Coordinate> rows);
  void emitWhole(const WinogradRow &tiles, mlir::Value block, Part part);
  void emitPrefetches(const WinogradRow &tiles, mlir::Value column, mlir::Value block, Part part,
                      llvm::ArrayRef<Coordinate> rows);
  void emitEdge(const WinogradRow &tiles, mlir::Value column, mlir::Value block, Part part,
                llvm::ArrayRef<Coordinate> rows);
  Emitter::Values emitColumn(const WinogradRow &tiles, mlir::Value block, Part part,
                             llvm::ArrayRef<Coordinate> rows, const Coordinate &column);
  void emitStores(const WinogradRow &tiles, mlir::Value column, mlir::Value block, Part part,
                  llvm::ArrayRef<Emitter::Values> columns);
  Coordinate coordinate(mlir::Value at, const Line &line);
  mlir::Value loadPixel(mlir::ValueRange at, mlir::Value rowMask, mlir::Value columnMask);
  mlir::VectorType maskType();

  Emitter &e;
  mlir::Value in, points;
  kernel::WinogradForm form;
  Line vertical, horizontal;
};

/// Transforms points [N, O/L, P, S, L] to outputs, or to the largest of each `pool` x `pool` of
/// them. Of tiles that reach past the image only what lies inside is written.
class WinogradOutputTiles {
public:
  /// Takes a row of a tile's outputs, bias included.
  using TakeRow = llvm::function_ref<void(int64_t y, llvm::ArrayRef<mlir::Value> outputs)>;
  /// Emits the rows of the tile in a slot, in any order.
  using Transform = llvm::function_ref<void(mlir::Value slot, TakeRow take)>;

  /// `place` says where in `out` a pixel is, if that is not the whole image.
  WinogradOutputTiles(Emitter &e, mlir::Value out, kernel::WinogradForm form, int64_t pool,
                      Epilogue &epilogue, PixelPlace place = {});
  /// Block `pointsBlock` of the points `m` [N, O/L, P, S, L] becomes block `block` of the image.
  void emit(const WinogradRow &tiles, mlir::Value m, mlir::Value pointsBlock, mlir::Value block,
            mlir::Value bias);
  /// Tiles that `transform` makes become block `block` of the image.
  void emit(const WinogradRow &tiles, Transform transform, mlir::Value block);
  int64_t columns() const { return llvm::divideCeil(width, side); }

private:
  // Where a tile goes.
  struct Place {
    mlir::Value image, block, top, left;
  };

  void emitTile(const WinogradRow &tiles, mlir::Value column, Transform transform,
                mlir::Value block, bool whole);
  mlir::Value larger(mlir::Value a, mlir::Value b);
  Emitter::Values poolRow(llvm::ArrayRef<mlir::Value> outputs);
  void emitStore(mlir::Value value, mlir::ValueRange at);
  void emitRow(const Place &place, int64_t y, llvm::ArrayRef<mlir::Value> outputs, bool whole);
  void emitEpilogue(const Place &place);

  Emitter &e;
  mlir::Value out;
  Epilogue &epilogue;
  kernel::WinogradForm form;
  int64_t pool;
  int64_t side; ///< of what a tile becomes in the image
  int64_t height, width;
  PixelPlace inPlace;
};

/// Matrix products over the channels: points V [N, C/L, Q, S, L] times U [Q, O/(nb L), C, nb, L],
/// added up over the phases of a point, are points M [N, O/L, P, S, L]. With `scales` [P, O/L, L],
/// which may be null, U is fixed point.
class WinogradProducts {
public:
  WinogradProducts(Emitter &e, mlir::Value v, mlir::Value u, mlir::Value scales, mlir::Value m,
                   int64_t depth, kernel::TileAttr tile, kernel::WinogradForm form);

  struct Place {
    mlir::Value image, point, group, firstBlock; ///< firstBlock: of M
    int64_t cols;
    mlir::Value nextPoint, nextGroup; ///< whose weights come next
  };
  /// Register tiles of `rows` slots.
  int64_t countTiles(int64_t rows) const { return llvm::divideCeil(rows, tile.getRows()); }
  using TileHook = llvm::function_ref<void(mlir::Value)>;
  /// All of `rows` slots, in register tiles of nearly equal height: no row is masked. `beforeTile`
  /// emits what goes before the n-th of them.
  void emit(const Place &place, int64_t rows, TileHook beforeTile = [](mlir::Value) {});

private:
  void planPrefetch(const Place &place, int64_t part, int64_t parts);
  mlir::Value loadScale(const Place &place, int64_t col);
  mlir::Value scaled(mlir::Value sum, mlir::Value scale);
  Emitter::Values addPlanes(const Place &place, mlir::ValueRange sums,
                            llvm::function_ref<Emitter::Values(mlir::ValueRange)> add);
  void emitTile(const Place &place, mlir::Value row, int64_t rows);
  Emitter::Values emitBlock(const Place &place, mlir::Value row, int64_t rows, mlir::Value inBlock,
                            int64_t channels, mlir::ValueRange sums);
  Emitter::Values emitGroups(const Place &place, mlir::Value row, int64_t rows, mlir::Value inBlock,
                             int64_t channels, mlir::ValueRange sums);
  Emitter::Values emitStep(const Place &place, mlir::Value row, int64_t rows, mlir::Value inBlock,
                           mlir::Value channel, mlir::ValueRange sums,
                           llvm::function_ref<mlir::Value(int64_t)> weight);
  void emitPrefetches(const Place &place, mlir::Value weightsRow);

  Emitter &e;
  mlir::Value v, u, scales, m;
  int64_t depth, block;
  kernel::TileAttr tile;
  kernel::WinogradForm form;
  mlir::Value plane, nextPlane;      // of V and U, where sums are being added
  mlir::Value flatWeights, nextLine; // what to prefetch; no nextLine: nothing
  int64_t linesPerStep = 0;
};

} // namespace dlc::cpu

#endif // DLC_COMPILER_CPU_WINOGRADPARTS_H
