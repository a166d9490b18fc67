//===- Measure.h - measuring a model for its report ---------------------*- C++ -*-===//
#ifndef DLC_TOOLS_REPORT_MEASURE_H
#define DLC_TOOLS_REPORT_MEASURE_H

#include "compiler/Compile.h"
#include "tools/report/Report.h"
#include "llvm/Support/Error.h"

namespace dlc::tools {

struct MeasureArgs {
  Options options;     ///< of a model file
  std::string variant; ///< CPU variant; empty: the best
  int threads = 0;     ///< 0: one for each core
  int64_t batch = 1;   ///< samples of one call
  double minTime = 1;  ///< seconds to measure at least
};

/// Compiles the model anew so that it reports its launches, and measures them.
llvm::Expected<Report> measureLaunches(const MeasureArgs &args);

/// Runs the model on random inputs, and each of its layers again in float64 on what that layer
/// read.
llvm::Expected<std::vector<LayerError>> measureErrors(Options options);

/// All that is known of the library that args.options made. Where this machine cannot run it the
/// report says so and holds no times.
Report makeReport(const MeasureArgs &args, const Artifacts &artifacts);

} // namespace dlc::tools

#endif // DLC_TOOLS_REPORT_MEASURE_H
