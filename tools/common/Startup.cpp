//===- Startup.cpp - what every tool does first -------------------------------------===//

#include "tools/common/Startup.h"
#include "compiler/Compile.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/WithColor.h"
#include <csignal>
#include <unistd.h>

using namespace llvm;

// Runs in a signal handler, after the stack trace. A crash within a pass does not come here: the
// pass manager catches it and writes a reproducer.
static void sayFault(void *) {
  static constexpr char text[] =
      "dlc: error: this is a fault in dlc; please report it with the stack "
      "trace above, the model and the command line\n";
  if (write(STDERR_FILENO, text, sizeof text - 1) >= 0)
    _exit(static_cast<int>(dlc::Outcome::Fault));
}

void dlc::tools::initialise(int &argc, char **&argv) {
  static InitLLVM init(argc, argv);
  setBugReportMsg("");
  sys::AddSignalHandler(sayFault, nullptr);
  // A file over the user's limit (ulimit -f) is an error of the write, as a full disk is.
  std::signal(SIGXFSZ, SIG_IGN);
  // https://no-color.org
  if (const char *off = std::getenv("NO_COLOR"); off && *off)
    WithColor::setAutoDetectFunction([](const raw_ostream &) { return false; });
}
