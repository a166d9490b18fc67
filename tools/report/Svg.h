//===- Svg.h - the pictures of a report ---------------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_REPORT_SVG_H
#define DLC_TOOLS_REPORT_SVG_H

#include "tools/common/Picture.h"
#include "tools/report/Report.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::tools {

/// The kind of a kernel, by which pictures are coloured: a class of the page's style.
llvm::StringRef kindOf(llvm::StringRef kernel);

/// Arithmetic per second over arithmetic per byte, both logarithmic, below the machine's limits.
void drawRoofline(llvm::raw_ostream &os, const Report &report, const std::vector<Group> &groups);

/// Buffers over launches: where they lie in the arena and how long they live.
void drawMemory(llvm::raw_ostream &os, const Report &report);

/// Relative error of each group, on a logarithmic scale.
void drawErrors(llvm::raw_ostream &os, const std::vector<Group> &groups);

} // namespace dlc::tools

#endif // DLC_TOOLS_REPORT_SVG_H
