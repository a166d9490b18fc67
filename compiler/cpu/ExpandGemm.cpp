//===- ExpandGemm.cpp - matrix product on blocked operands --------------------------===//

#include "compiler/cpu/Expand.h"
#include "compiler/cpu/ExpandMac.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace dlc;
using namespace dlc::cpu;

namespace {

// Depth of a cut of K: its panel of weights stays in the second-level cache while all rows pass.
constexpr int64_t depthCut = 512;
// Accumulators that keep two multiply-add units with a latency of four cycles busy.
constexpr size_t latencyTile = 8;
// How far a tile that streams the weights prefetches them, in vectors: 8 KB of 16 lanes, more than
// memory's latency lets pass.
constexpr int64_t vectorsAhead = 128;
// Rows assumed where their number is known only at run time.
constexpr int64_t typicalRows = 32;

class GemmEmitter {
public:
  GemmEmitter(Emitter &e, kernel::GemmOp op, int64_t l2Bytes)
      : e(e), op(op), epilogue(op.getEpilogue(), op.getExtras()),
        weights(cast<MemRefType>(op.getWeights().getType()).getShape()),
        in(cast<MemRefType>(op.getInput().getType()).getShape()),
        outBlocks(cast<MemRefType>(op.getOut().getType()).getShape()[0]),
        depth(op.getDepth() / op.getPhases()), block(in[2]), phases(op.getPhases()),
        fixed(op.hasFixedWeights()), form(op.getFixedForm()) {
    int64_t staticRows = ShapedType::isDynamic(in[1]) ? typicalRows : in[1];
    int64_t bytes = 4 * (weights[1] * weights[2] * weights[3] + depth * staticRows);
    bool cuts = bytes > l2Bytes / 2 && phases == 1; // the rest of the cache is for what streams by
    if (in[0] == 1)
      block = std::min(block, cuts ? depthCut : std::max(depth, e.lanes));
    blocks = llvm::divideCeil(depth, block);
    cutBlocks = cuts ? std::max<int64_t>(depthCut / block, 1) : blocks;
    weightsStream = 4 * weights[0] * weights[1] * weights[2] * weights[3] > l2Bytes / 2;
  }

  LogicalResult emit(Value lo, Value hi) {
    if (failed(epilogue.verify(op)))
      return failure();
    rows = e.index(memref::getMixedSize(e.builder, e.loc, op.getOut(), 1));
    e.loop(lo, hi, 1, [&](Value item) {
      group = item;
      emitGroup(e, group, weights[0], outBlocks, weights[2], [&](int64_t cols) {
        cutBlocks < blocks ? emitCuts(cols) : emitRows(e.index(0), blocks, cols, /*cut=*/false);
      });
    });
    return success();
  }

private:
  Value outBlock(int64_t col) { return e.add(e.mul(group, weights[2]), col); }

  TileTarget target(Value row, int64_t count, int64_t cols) {
    auto at = [this](Value row, int64_t col) {
      return Emitter::Values{outBlock(col), row, e.index(0)};
    };
    return {op.getOut(), row, count, cols, at, [this](int64_t col) { return outBlock(col); }};
  }

  // Partial sums wait in the output, which starts as the bias and gets the epilogue at the end.
  void emitCuts(int64_t cols) {
    Emitter::Values start =
        emitBias(e, op.getBias(), 1, cols, [&](int64_t col) { return outBlock(col); });
    e.loop(e.index(0), rows, 1, [&](Value row) {
      for (int64_t col = 0; col < cols; ++col)
        e.store(start[col], op.getOut(), {outBlock(col), row, e.index(0)});
    });
    // The last blocks may be fewer, and their last one partial.
    int64_t cuts = depth / (cutBlocks * block);
    e.loop(e.index(0), e.index(cuts * cutBlocks), cutBlocks,
           [&](Value first) { emitRows(first, cutBlocks, cols, /*cut=*/true); });
    if (cuts * cutBlocks < blocks)
      emitRows(e.index(cuts * cutBlocks), blocks - cuts * cutBlocks, cols, /*cut=*/true);
    if (!epilogue.isIdentity())
      emitEpiloguePass(e, target(e.index(0), 1, cols), rows, epilogue);
  }

  // All rows: tiles of the full height, then of 8, 4, 2 and 1 rows, so that nothing is masked.
  void emitRows(Value firstBlock, int64_t count, int64_t cols, bool cut) {
    int64_t height = op.getTile().getRows();
    Value from = e.index(0);
    for (int64_t next = height; next > 0;
         next = next == height ? llvm::bit_floor(uint64_t(height - 1)) : next / 2) {
      Value left = e.sub(rows, from);
      Value end = e.add(from, e.mul(e.div(left, next), next));
      e.loop(from, end, next,
             [&](Value row) { emitTile(row, next, firstBlock, count, cols, cut); });
      from = end;
    }
  }

  void emitTile(Value row, int64_t count, Value firstBlock, int64_t blockCount, int64_t cols,
                bool cut) {
    Emitter::Values sums;
    flatWeights = {};
    if (weightsStream && (count > 1 || fixed))
      planPrefetch(row, count, firstBlock);
    if (cut) {
      for (int64_t m = 0; m < count; ++m)
        for (int64_t col = 0; col < cols; ++col)
          sums.push_back(e.load(op.getOut(), {outBlock(col), e.add(row, m), e.index(0)}));
    } else {
      sums = emitBias(e, op.getBias(), count, cols, [&](int64_t col) { return outBlock(col); });
    }
    sums = emitDepth(row, count, firstBlock, blockCount, cols, sums);
    if (!cut)
      return emitStores(e, sums, target(row, count, cols), epilogue);
    for (int64_t m = 0; m < count; ++m)
      for (int64_t col = 0; col < cols; ++col)
        e.store(sums[m * cols + col], op.getOut(), {outBlock(col), e.add(row, m), e.index(0)});
  }

  // A tile of few accumulators would wait for the latency of each multiply-add: its steps take
  // turns on several sets of sums, which are added at the end. Batch 1 needs it most.
  Emitter::Values emitDepth(Value row, int64_t count, Value firstBlock, int64_t blockCount,
                            int64_t cols, ValueRange sums) {
    size_t set = sums.size();
    Emitter::Values values(sums);
    while (values.size() < latencyTile && values.size() < 4 * set)
      values.append(set, e.splat(0.0f));
    values = emitBlocks(row, count, firstBlock, blockCount, cols, values);
    Emitter::Values total(ArrayRef(values).take_front(set));
    for (size_t i = set; i < values.size(); ++i)
      total[i % set] = arith::AddFOp::create(e.builder, e.loc, total[i % set], values[i]);
    for (Value &sum : total)
      sum = e.addShares(sum, phases);
    return total;
  }

  Emitter::Values emitBlocks(Value row, int64_t count, Value firstBlock, int64_t blockCount,
                             int64_t cols, ValueRange sums) {
    bool last =
        getConstantIntValue(e.add(firstBlock, blockCount)) == std::optional<int64_t>(blocks);
    int64_t rest = last ? depth % block : 0;
    Value end = e.add(firstBlock, blockCount - (rest ? 1 : 0));
    Emitter::Values values = e.loop(firstBlock, end, 1, sums, [&](Value at, ValueRange carried) {
      return emitBlock(row, count, at, block, cols, carried);
    });
    return rest ? emitBlock(row, count, end, rest, cols, values) : values;
  }

  Emitter::Values emitBlock(Value row, int64_t count, Value inBlock, int64_t steps, int64_t cols,
                            ValueRange sums) {
    int64_t unroll = op.getTile().getUnroll();
    if (fixed)
      return emitGroups(row, count, inBlock, steps, cols, sums);
    auto step = [&](ValueRange carried, Value k) {
      Value depthIndex = e.add(e.mul(inBlock, block), k);
      prefetchRow(vectorAhead(depthIndex, 1), 0);
      auto weight = [&](int64_t col) {
        return e.load(op.getWeights(), {group, depthIndex, e.index(col), e.index(0)});
      };
      return emitStep(row, count, inBlock, k, cols, carried, weight);
    };
    return emitReduction(e, sums, steps, unroll, step);
  }

  // The steps of a group share its words.
  Emitter::Values emitGroups(Value row, int64_t count, Value inBlock, int64_t steps, int64_t cols,
                             ValueRange sums) {
    auto several = [&](ValueRange carried, Value group, int64_t some) {
      Value first = e.mul(e.add(e.mul(inBlock, block / form.weights()), group), form.words());
      Value ahead = vectorAhead(first, form.words());
      auto word = [&](int64_t i, int64_t col) {
        if (col == 0)
          prefetchRow(ahead, i);
        return e.loadWords(op.getWeights(),
                           {this->group, e.add(first, i), e.index(col), e.index(0)});
      };
      return emitFixedGroup(e, form, carried, some, cols, word,
                            [&](ValueRange values, int64_t i, function_ref<Value(int64_t)> weight) {
                              Value k = e.add(e.mul(group, form.weights()), i);
                              return emitStep(row, count, inBlock, k, cols, values, weight);
                            });
    };
    auto step = [&](ValueRange carried, Value group) {
      return several(carried, group, form.weights());
    };
    int64_t whole = steps / form.weights(), rest = steps % form.weights();
    Emitter::Values values = emitReduction(e, sums, whole, /*unroll=*/1, step);
    return rest ? several(values, e.index(whole), rest) : values;
  }

  // Step `k` of a block.
  Emitter::Values emitStep(Value row, int64_t count, Value inBlock, Value k, int64_t cols,
                           ValueRange carried, function_ref<Value(int64_t)> weight) {
    SmallVector<bool> all(count, true);
    auto pixel = [&](int64_t m) {
      Value at = e.add(row, m), depthIndex = e.add(e.mul(inBlock, block), k);
      return in[0] == 1
                 ? e.loadSpread(op.getInput(), {e.index(0), at, e.mul(depthIndex, phases)}, phases)
                 : e.loadSplat(op.getInput(), {inBlock, at, k});
    };
    // The set that was just used goes to the end of the queue.
    size_t set = count * cols;
    Emitter::Values used = emitMac(e, carried.take_front(set), cols, all, weight, pixel);
    Emitter::Values queue(carried.drop_front(set));
    queue.append(used);
    return queue;
  }

  // Rows pass over a cut of the weights several times, but only the first pass waits for memory. So
  // the first two tiles of full height ask, a line or two a step, for the cut that comes next, in
  // this group or at the start of the next one. A shorter tile may be the only pass: it asks a
  // fixed distance ahead for every line that it uses. A single row does little but read, so the
  // hardware's prefetcher keeps up, unless making numbers of words fills the core with instructions
  // between one load and the next.
  void planPrefetch(Value row, int64_t count, Value firstBlock) {
    SmallVector<ReassociationIndices> all = {{0, 1, 2, 3}};
    flatWeights = memref::CollapseShapeOp::create(e.builder, e.loc, op.getWeights(), all);
    int64_t cols = weights[2], total = weights[0] * weights[1] * cols;
    Value panel = e.mul(group, weights[1] * cols);
    if (count < static_cast<int64_t>(op.getTile().getRows())) {
      vectorsPerStep = cols;
      lastVector = e.index(total - 1);
      firstVector = e.add(panel, vectorsAhead);
      return;
    }
    vectorsPerStep = llvm::divideCeil(cols, 2);
    int64_t cutRows = std::min(rowsOf(cutBlocks * block), weights[1]);
    Value first = e.mul(firstBlock, rowsOf(block));
    Value next = e.add(panel, e.mul(e.add(first, cutRows), cols));
    lastVector = e.add(e.min(e.add(next, cutRows * cols), e.index(total)), -1);
    Value done = e.sub(e.mul(e.div(row, op.getTile().getRows()), cutRows), first);
    firstVector = e.add(next, e.mul(done, vectorsPerStep));
  }

  // Rows of the packed weights that hold so much depth.
  int64_t rowsOf(int64_t depth) const { return fixed ? form.rows(depth) : depth; }

  // The first vector to ask for with `count` rows of the packed weights; null: none.
  Value vectorAhead(Value weightsRow, int64_t count) {
    if (!flatWeights)
      return {};
    Value vector = e.add(firstVector, e.mul(weightsRow, vectorsPerStep));
    return e.min(vector, e.add(lastVector, 1 - count * vectorsPerStep));
  }

  // What goes with the `index`-th of those rows.
  void prefetchRow(Value ahead, int64_t index) {
    for (int64_t i = 0; ahead && i < vectorsPerStep; i += e.vectorsOfLine()) {
      Value vector = e.add(ahead, index * vectorsPerStep + i);
      e.prefetch(flatWeights, e.mul(vector, weights[3]));
    }
  }

  Emitter &e;
  kernel::GemmOp op;
  Epilogue epilogue;
  ArrayRef<int64_t> weights, in;
  int64_t outBlocks, cutBlocks;
  int64_t depth; // of the products, less their phases
  // Steps of K that the loops take together: the input's blocks, or cuts of its only one.
  int64_t block, blocks;
  int64_t phases;
  bool fixed; // weights are words of kernel.pack_fixed
  kernel::FixedForm form;
  bool weightsStream; // no near cache keeps them from call to call
  Value rows, group;
  // What to prefetch; no flatWeights: nothing.
  Value flatWeights, firstVector, lastVector;
  int64_t vectorsPerStep = 0;
};

} // namespace

LogicalResult dlc::cpu::expandGemm(Emitter &e, kernel::GemmOp op, Value lo, Value hi,
                                   int64_t l2Bytes) {
  return GemmEmitter(e, op, l2Bytes).emit(lo, hi);
}
