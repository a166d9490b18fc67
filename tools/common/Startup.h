//===- Startup.h - what every tool does first ---------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_STARTUP_H
#define DLC_TOOLS_COMMON_STARTUP_H

namespace dlc::tools {

/// Stack traces and exit code 3 for crashes, a quiet end for closed pipes, no colours where
/// NO_COLOR is set. Once, at the begin of main.
void initialise(int &argc, char **&argv);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_STARTUP_H
