//===- Interrupts.h - Ctrl-C ends a run in order ------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_TRAIN_INTERRUPTS_H
#define DLC_TOOLS_TRAIN_INTERRUPTS_H

namespace dlc::tools::train {

/// While one lives, SIGINT and SIGTERM ask for an orderly end; a second one ends the process.
class Interrupts {
public:
  Interrupts();
  ~Interrupts();
  static bool isRequested();
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_INTERRUPTS_H
