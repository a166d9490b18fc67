//===- Registration.h - every dialect and pass of dlc, in one place -----*- C++ -*-===//
#ifndef DLC_COMPILER_REGISTRATION_H
#define DLC_COMPILER_REGISTRATION_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace dlc {

/// Registers nn, kernel, the upstream dialects they lower to, and all external models.
void registerAllDialects(mlir::DialectRegistry &registry);

/// Registers the passes of every room and the pipelines of Pipeline.h under their command-line names.
void registerAllPasses();

} // namespace dlc

#endif // DLC_COMPILER_REGISTRATION_H
