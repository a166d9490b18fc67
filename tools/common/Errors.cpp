//===- Errors.cpp - what the tools tell their user ----------------------------------===//

#include "tools/common/Errors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
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

Error tools::cannotWrite(StringRef what, StringRef path, const Twine &reason, StringRef option) {
  return createStringError("cannot write " + what + " '" + path + "': " + reason +
                           "; choose another file with " + option);
}

Error tools::checkPlace(StringRef what, StringRef path, StringRef option) {
  StringRef folder = sys::path::parent_path(path);
  if (path.empty())
    return Error::success();
  if (sys::fs::is_directory(path))
    return cannotWrite(what, path, "it is a folder", option);
  if (std::error_code failure =
          sys::fs::access(folder.empty() ? "." : folder, sys::fs::AccessMode::Write))
    return cannotWrite(what, path, failure.message(), option);
  return Error::success();
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
