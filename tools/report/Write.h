//===- Write.h - reports for people and programs ------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_REPORT_WRITE_H
#define DLC_TOOLS_REPORT_WRITE_H

#include "tools/report/Report.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::tools {

/// Name, variant, batch, threads, time of a pass and the machine's peak, in a line or two.
void writeHead(llvm::raw_ostream &os, const Report &report);

/// The table of launches.
void writeLaunches(llvm::raw_ostream &os, const Report &report);

/// All of it, for a terminal.
void writeText(llvm::raw_ostream &os, const Report &report);

/// All of it as one JSON object.
void writeJson(llvm::raw_ostream &os, const Report &report);

/// One self-contained page: no scripts, nothing fetched; light or dark as the reader's system is.
void writeHtml(llvm::raw_ostream &os, const Report &report);

} // namespace dlc::tools

#endif // DLC_TOOLS_REPORT_WRITE_H
