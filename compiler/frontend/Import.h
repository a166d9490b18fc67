//===- Import.h - a model file becomes an nn module ---------------------*- C++ -*-===//
#ifndef DLC_COMPILER_FRONTEND_IMPORT_H
#define DLC_COMPILER_FRONTEND_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/SourceMgr.h"
#include <string>
#include <vector>

namespace dlc::frontend {

struct ImportOptions {
  int64_t batch = 0;  ///< the only batch size; 0 leaves it dynamic
  bool train = false; ///< builds what training needs beside @forward, from the section "train"
};

/// A layer's line of `dlc inspect`. All figures are for one sample.
struct LayerInfo {
  std::string name, type;
  std::vector<int64_t> shape; ///< of the output, in the model's order of dimensions
  int64_t parameters = 0;     ///< elements; 0 where weights are shared
  int64_t flops = 0;          ///< a multiply-add counts as two
  int64_t bytes = 0;          ///< of the output
};

/// What is known of a model besides its module.
struct ModelInfo {
  std::string name;    ///< as written
  std::string weights; ///< path of the weights file, resolved against the model file's folder;
                       ///< empty where the model names none
  std::string json;    ///< the model as canonical JSON: `--emit json`
  std::vector<LayerInfo> layers;
};

/// Reads the main buffer of `sources`, whose identifier is the file's name as the user gave it, and
/// builds `@forward` in the nn dialect (see its description for arguments and attributes). Prints
/// what is wrong with the model to stderr, or to the diagnostic handler of `sources`, and fails.
mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> importModel(llvm::SourceMgr &sources,
                                                               mlir::MLIRContext &context,
                                                               const ImportOptions &options,
                                                               ModelInfo &info);

} // namespace dlc::frontend

#endif // DLC_COMPILER_FRONTEND_IMPORT_H
