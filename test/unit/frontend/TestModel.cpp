//===- TestModel.cpp - models in a string, messages in a list -----------------------===//

#include "TestModel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

namespace dlc::frontend::test {

static void keep(const llvm::SMDiagnostic &message, void *list) {
  static_cast<std::vector<std::string> *>(list)->push_back(
      (llvm::Twine(message.getLineNo()) + ":" + llvm::Twine(message.getColumnNo() + 1) + ": " +
       (message.getKind() == llvm::SourceMgr::DK_Warning ? "warning: " : "error: ") +
       message.getMessage())
          .str());
}

Imported::Imported(std::string text, ImportOptions options) {
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(text, "dir/model.json"), {});
  sources.setDiagHandler(keep, &messages);
  if (auto result = importModel(sources, context, options, info); succeeded(result))
    module = std::move(*result);
}

static std::string spell(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

std::string Imported::ir() {
  std::string text;
  llvm::raw_string_ostream os(text);
  if (module)
    module->print(os);
  return text;
}

std::string Imported::argument(StringRef attribute, StringRef name) {
  auto forward = module->lookupSymbol<func::FuncOp>("forward");
  for (unsigned i = 0; i < forward.getNumArguments(); ++i)
    if (auto value = forward.getArgAttrOfType<StringAttr>(i, attribute); value && value == name)
      return spell(forward.getArgumentTypes()[i]);
  return "none";
}

std::vector<std::string> Imported::results() {
  std::vector<std::string> types;
  for (Type type : module->lookupSymbol<func::FuncOp>("forward").getResultTypes())
    types.push_back(spell(type));
  return types;
}

std::string model(StringRef shape, StringRef layers, StringRef rest) {
  return ("{\"name\": \"m\", \"inputs\": [{\"name\": \"x\", \"shape\": " + shape +
          "}], \"layers\": [\n" + layers + "\n]" + rest + "}")
      .str();
}

} // namespace dlc::frontend::test
