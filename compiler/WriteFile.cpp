//===- WriteFile.cpp - outputs that the user names ----------------------------------===//

#include "compiler/WriteFile.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

using Writer = function_ref<Error(raw_ostream &)>;

// A stream that is destroyed with an error in it ends the process.
static Error fill(raw_fd_ostream &os, Writer writer) {
  Error error = writer(os);
  os.flush();
  std::error_code code = os.error();
  os.clear_error();
  return joinErrors(std::move(error), errorCodeToError(code));
}

// What has to be written in place: it is more than its content.
static bool isStream(StringRef path) {
  sys::fs::file_status status;
  return path == "-" || (!sys::fs::status(path, status) && !sys::fs::is_regular_file(status));
}

Error dlc::writeFile(StringRef path, Writer writer) {
  if (isStream(path)) {
    std::error_code code;
    raw_fd_ostream os(path, code);
    return code ? errorCodeToError(code) : fill(os, writer);
  }
  // A rename would replace a link, even /dev/stdout where it leads to a file.
  SmallString<128> target;
  if (!sys::fs::is_symlink_file(path) || sys::fs::real_path(path, target))
    target = path;
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(target + ".%%%%%%");
  if (!file)
    return file.takeError();
  raw_fd_ostream os(file->FD, /*shouldClose=*/false);
  if (Error error = fill(os, writer))
    return joinErrors(std::move(error), file->discard());
  return file->keep(target);
}
