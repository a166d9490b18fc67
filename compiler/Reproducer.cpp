//===- Reproducer.cpp - passes whose failure is kept in a file ----------------------===//

#include "compiler/Reproducer.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dlc;

namespace {

class Reproducer : public ReproducerStream {
public:
  Reproducer(StringRef path, int file) : path(path), stream(file, /*shouldClose=*/true) {}
  StringRef description() override { return path; }
  llvm::raw_ostream &os() override { return stream; }

private:
  std::string path;
  llvm::raw_fd_ostream stream;
};

} // namespace

LogicalResult dlc::runPasses(ModuleOp module, llvm::function_ref<void(OpPassManager &)> build,
                             std::string &file) {
  PassManager pm(module.getContext());
  // Called once something failed: a compilation that works leaves no file behind.
  pm.enableCrashReproducerGeneration([&](std::string &error) -> std::unique_ptr<ReproducerStream> {
    int descriptor;
    llvm::SmallString<128> path;
    std::error_code code =
        llvm::sys::fs::createTemporaryFile("dlc-reproducer", "mlir", descriptor, path);
    if (!code) {
      file = path.str();
      return std::make_unique<Reproducer>(file, descriptor);
    }
    error = code.message();
    return nullptr;
  });
  build(pm);
  return pm.run(module);
}
