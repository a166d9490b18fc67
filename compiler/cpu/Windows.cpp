//===- Windows.cpp - windows that slide over an image -------------------------------===//

#include "compiler/cpu/Windows.h"

using namespace mlir;
using namespace dlc::cpu;

std::pair<int64_t, int64_t> dlc::cpu::wholeWindows(const Window1D &window) {
  int64_t first = 0;
  while (first < window.output && !window.whole(first))
    ++first;
  if (first == window.output)
    return {0, 0};
  int64_t end = first;
  while (end < window.output && window.whole(end))
    ++end;
  return {first, end};
}

std::pair<Value, Value> dlc::cpu::emitTapBounds(Emitter &e, const Window1D &window, Value at) {
  Value base = e.mul(at, window.stride);
  Value low = e.index(0), high = e.index(window.taps);
  if (window.before > 0) // taps with base + tap * dilation >= before
    low = e.ceilDiv(e.max(e.sub(e.index(window.before), base), low), window.dilation);
  if (!window.inside(window.output - 1, window.taps - 1)) {
    Value room = e.sub(e.index(window.input + window.before), base);
    high = e.min(e.ceilDiv(e.max(room, e.index(0)), window.dilation), high);
  }
  return {low, high};
}

std::pair<Value, Value> dlc::cpu::emitWindowBounds(Emitter &e, const Window1D &window, Value tap) {
  Value before = e.sub(e.index(window.before), e.mul(tap, window.dilation));
  Value after = e.max(e.add(before, window.input), e.index(0));
  return {e.ceilDiv(e.max(before, e.index(0)), window.stride),
          e.min(e.ceilDiv(after, window.stride), e.index(window.output))};
}

Value dlc::cpu::emitCount(Emitter &e, const Window1D &window, int64_t after, bool countPadding,
                          Value at, std::pair<Value, Value> taps) {
  if (!countPadding)
    return e.sub(taps.second, taps.first);
  int64_t extent = window.before + window.input + after;
  Value room = e.sub(e.index(extent), e.mul(at, window.stride));
  bool overhangs = (window.output - 1) * window.stride + window.taps > extent;
  return overhangs ? e.min(e.index(window.taps), room) : e.index(window.taps);
}
