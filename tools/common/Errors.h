//===- Errors.h - what the tools tell their user ------------------------*- C++ -*-===//
#ifndef DLC_TOOLS_COMMON_ERRORS_H
#define DLC_TOOLS_COMMON_ERRORS_H

#include "compiler/Compile.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

namespace dlc::tools {

/// A mistake in what the user gave: shown as `place: error: text`. The place is a file.
class InputError : public llvm::ErrorInfo<InputError> {
public:
  static char ID;
  InputError(std::string place, std::string text)
      : place(std::move(place)), text(std::move(text)) {}
  void log(llvm::raw_ostream &os) const override;
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  const std::string place, text;
};

/// A failure whose message the compiler has already printed.
class ReportedError : public llvm::ErrorInfo<ReportedError> {
public:
  static char ID;
  explicit ReportedError(Outcome outcome) : outcome(outcome) {}
  void log(llvm::raw_ostream &os) const override { os << "reported"; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

  const Outcome outcome;
};

llvm::Error inputError(const llvm::Twine &place, const llvm::Twine &text);

/// Success, or a ReportedError of that outcome.
llvm::Error fromOutcome(Outcome outcome);

/// That the file `path`, which `option` names, cannot be written; `what` it is to hold.
llvm::Error cannotWrite(llvm::StringRef what, llvm::StringRef path, const llvm::Twine &reason,
                        llvm::StringRef option);

/// The same where that is known before there is something to write; an empty path is none.
llvm::Error checkPlace(llvm::StringRef what, llvm::StringRef path, llvm::StringRef option);

/// Text of a file, for messages: no control characters, and not too long.
std::string printable(llvm::StringRef text);

/// Prints what was not printed yet; returns the exit code.
int report(llvm::Error error);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_ERRORS_H
