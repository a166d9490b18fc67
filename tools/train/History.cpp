//===- History.cpp - what became of each epoch --------------------------------------===//

#include "tools/train/History.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

Expected<Monitor> Monitor::make(StringRef name, ArrayRef<std::string> metrics, bool hasValidation) {
  Monitor monitor;
  monitor.name = name.empty() ? (hasValidation ? "val_loss" : "loss") : name.str();
  StringRef metric = monitor.name;
  monitor.ofValidation = metric.consume_front("val_");
  if (monitor.ofValidation && !hasValidation)
    return createStringError("\"" + monitor.name +
                             "\" cannot be watched without a validation set; give one with "
                             "--validation or --validation-split");
  const std::string *found = find_if(metrics, [&](StringRef m) { return m == metric; });
  if (found == metrics.end())
    return createStringError("there is no figure \"" + printable(monitor.name) +
                             "\" to watch; the model has " + join(metrics, ", ") +
                             (hasValidation ? ", and the same with val_ before them" : ""));
  monitor.metric = found - metrics.begin();
  monitor.isMaximised = any_of(ArrayRef<StringRef>{"accuracy", "precision", "recall", "auc"},
                               [&](StringRef word) { return metric.contains(word); });
  return monitor;
}

size_t train::bestEpoch(const History &history, const Monitor &monitor) {
  size_t best = 0;
  for (size_t i = 1; i < history.size(); ++i)
    if (monitor.isBetter(monitor.of(history[i]), monitor.of(history[best])))
      best = i;
  return best;
}

bool train::isStuck(const History &history, const Monitor &monitor, const EarlyStopping &stopping) {
  if (!stopping.patience || history.empty())
    return false;
  size_t best = 0;
  for (size_t i = 1; i < history.size(); ++i)
    if (monitor.isBetter(monitor.of(history[i]), monitor.of(history[best]), stopping.minDelta))
      best = i;
  return int64_t(history.size() - 1 - best) >= stopping.patience;
}

std::string train::spellFigure(double value) {
  std::string text;
  raw_string_ostream os(text);
  double size = std::abs(value);
  if (size != 0 && (size < 1e-3 || size >= 1e5))
    os << format("%.3e", value);
  else
    os << format(size < 10 ? "%.4f" : "%.1f", value);
  return text;
}
