//===- Errors.cpp - what the tools tell their user ----------------------------------===//

#include "tools/common/Errors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/WithColor.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

char InputError::ID;
char ReportedError::ID;

void InputError::log(raw_ostream &os) const { os << place << ": error: " << text; }

Error tools::inputError(const Twine &place, const Twine &text) {
  return make_error<InputError>(place.str(), text.str());
}

Error tools::fromOutcome(Outcome outcome) {
  if (outcome == Outcome::Done)
    return Error::success();
  return make_error<ReportedError>(outcome);
}

std::string tools::printable(StringRef text) {
  constexpr size_t limit = 80;
  std::string shown;
  raw_string_ostream os(shown);
  printEscapedString(text.take_front(limit), os);
  return text.size() > limit ? shown + "..." : shown;
}

int tools::report(Error error) {
  int code = 0;
  handleAllErrors(
      std::move(error), [&](const ReportedError &e) { code = static_cast<int>(e.outcome); },
      [&](const InputError &e) {
        WithColor::error(errs(), e.place) << e.text << "\n";
        code = static_cast<int>(Outcome::BadInput);
      },
      [&](const ErrorInfoBase &e) {
        WithColor::error(errs(), "dlc") << e.message() << "\n";
        code = static_cast<int>(Outcome::BadInput);
      });
  return code;
}
