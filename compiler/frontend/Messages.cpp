//===- Messages.cpp - what the frontend tells its user ------------------------------===//

#include "compiler/frontend/Messages.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using llvm::SMLoc, llvm::SourceMgr, llvm::Twine;

// A line longer than this (a minified file) is shown in part.
static constexpr size_t kMaxLine = 200;
// More messages than this help nobody.
static constexpr unsigned kMaxErrors = 20;

// Prints place and message, then the part of a long line around the caret.
static void printExcerpt(const SourceMgr &sources, SMLoc loc, SourceMgr::DiagKind kind,
                         const llvm::SMDiagnostic &message) {
  std::string place = (message.getFilename() + ":" + Twine(message.getLineNo()) + ":" +
                       Twine(message.getColumnNo() + 1))
                          .str();
  llvm::SMDiagnostic(place, kind, message.getMessage()).print(nullptr, llvm::errs());
  StringRef line = message.getLineContents();
  size_t column = message.getColumnNo(), start = column > kMaxLine / 2 ? column - kMaxLine / 2 : 0;
  llvm::errs() << line.substr(start, kMaxLine) << "\n";
  llvm::errs().indent(column - start) << "^\n";
}

static void print(SourceMgr &sources, SMLoc loc, SourceMgr::DiagKind kind, const Twine &text) {
  llvm::SMDiagnostic message = sources.GetMessage(loc, kind, text);
  if (sources.getDiagHandler() || message.getLineContents().size() <= kMaxLine)
    sources.PrintMessage(llvm::errs(), message);
  else
    printExcerpt(sources, loc, kind, message);
}

namespace dlc::frontend {

LogicalResult Messages::error(SMLoc loc, const Twine &text) {
  ++errors;
  // The place and what follows the layer's name: uses of one block differ in the name alone.
  std::string message = text.str();
  auto [layer, reason] = StringRef(message).split("\": ");
  std::string key = llvm::utohexstr(reinterpret_cast<uintptr_t>(loc.getPointer())) +
                    (reason.empty() ? layer : reason).str();
  if (printed.size() < kMaxErrors && printed.insert(key).second)
    print(sources, loc, SourceMgr::DK_Error, message);
  return failure();
}

void Messages::warning(SMLoc loc, const Twine &text) {
  print(sources, loc, SourceMgr::DK_Warning, text);
}

std::string didYouMean(StringRef wrong, ArrayRef<StringRef> known) {
  StringRef best;
  // Two letters change places at a cost of 2; beyond a third of the word it is a guess.
  if (wrong.size() < 2 || wrong.size() > 64)
    return "";
  unsigned limit = std::max<size_t>(wrong.size() < 4 ? 1 : 2, wrong.size() / 3);
  unsigned distance = limit + 1;
  for (StringRef word : known) {
    unsigned d = wrong.equals_insensitive(word)
                     ? 0
                     : wrong.edit_distance(word, /*AllowReplacements=*/true, limit);
    if (d < distance)
      best = word, distance = d;
  }
  return best.empty() ? "" : ("; did you mean \"" + best + "\"?").str();
}

std::string quotedList(ArrayRef<StringRef> words) {
  std::string text;
  for (auto [i, word] : llvm::enumerate(words)) {
    if (i)
      text += i + 1 == words.size() ? " or " : ", ";
    text += ("\"" + word + "\"").str();
  }
  return text;
}

Location layerLocation(MLIRContext *context, SourceMgr &sources, StringRef layer, SMLoc loc) {
  unsigned buffer = loc.isValid() ? sources.FindBufferContainingLoc(loc) : 0;
  if (!buffer)
    return NameLoc::get(StringAttr::get(context, layer));
  auto [line, column] = sources.getLineAndColumn(loc, buffer);
  StringRef file = sources.getMemoryBuffer(buffer)->getBufferIdentifier();
  return NameLoc::get(StringAttr::get(context, layer),
                      FileLineColLoc::get(context, file, line, column));
}

static SourceMgr::DiagKind kindOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return SourceMgr::DK_Error;
  case DiagnosticSeverity::Warning:
    return SourceMgr::DK_Warning;
  default:
    return SourceMgr::DK_Note;
  }
}

LayerDiagnostics::LayerDiagnostics(MLIRContext *context, SourceMgr &sources)
    : ScopedDiagnosticHandler(context) {
  setHandler([&sources](Diagnostic &diagnostic) {
    auto name = diagnostic.getLocation()->findInstanceOf<NameLoc>();
    auto place = name ? name.getChildLoc()->findInstanceOf<FileLineColLoc>() : FileLineColLoc();
    if (!place || !sources.getNumBuffers() ||
        sources.getMemoryBuffer(sources.getMainFileID())->getBufferIdentifier() !=
            place.getFilename())
      return failure();
    SMLoc loc = sources.FindLocForLineAndColumn(sources.getMainFileID(), place.getLine(),
                                                place.getColumn());
    std::string text = diagnostic.str();
    // A verifier's "'nn.relu' op " says nothing to the author of a model.
    if (size_t end = text.find("' op ");
        StringRef(text).starts_with("'") && end != std::string::npos)
      text.erase(0, end + 5);
    print(sources, loc, kindOf(diagnostic.getSeverity()),
          "layer \"" + name.getName().getValue() + "\": " + text);
    return success();
  });
}

} // namespace dlc::frontend
