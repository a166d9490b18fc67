//===- Interrupts.cpp - Ctrl-C ends a run in order ----------------------------------===//

#include "tools/train/Interrupts.h"
#include <csignal>

using namespace dlc::tools::train;

static volatile std::sig_atomic_t requested = 0;
static struct sigaction before[2];
static constexpr int kSignals[] = {SIGINT, SIGTERM};

static void request(int) { requested = 1; }

Interrupts::Interrupts() {
  requested = 0;
  struct sigaction action = {};
  action.sa_handler = request;
  action.sa_flags = SA_RESTART | SA_RESETHAND;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < 2; ++i)
    sigaction(kSignals[i], &action, &before[i]);
}

Interrupts::~Interrupts() {
  for (int i = 0; i < 2; ++i)
    sigaction(kSignals[i], &before[i], nullptr);
}

bool Interrupts::isRequested() { return requested; }
