//===- JsonText.cpp - JSON values as text -------------------------------------------===//

#include "compiler/frontend/Json.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

namespace dlc::frontend::json {

void printString(llvm::raw_ostream &os, llvm::StringRef text) {
  os << llvm::json::Value(llvm::json::fixUTF8(text));
}

std::string describe(const Value &value) {
  std::string text;
  llvm::raw_string_ostream os(text);
  switch (value.kind) {
  case Kind::Array:
    os << "a list";
    break;
  case Kind::Object:
    os << "an object";
    break;
  case Kind::String:
    printString(os, llvm::StringRef(value.text).take_front(64));
    break;
  case Kind::Integer:
  case Kind::Real:
    os << llvm::StringRef(value.text).take_front(64);
    break;
  default:
    print(os, value);
  }
  return text;
}

void print(llvm::raw_ostream &os, const Value &value) {
  llvm::ListSeparator comma;
  switch (value.kind) {
  case Kind::Null:
    os << "null";
    break;
  case Kind::Bool:
    os << (value.boolean ? "true" : "false");
    break;
  case Kind::Integer:
  case Kind::Real:
    os << value.text;
    break;
  case Kind::String:
    printString(os, value.text);
    break;
  case Kind::Array:
    os << "[";
    for (const Value &element : value.elements)
      print(os << comma, element);
    os << "]";
    break;
  case Kind::Object:
    os << "{";
    for (const Member &member : value.members) {
      printString(os << comma, member.key);
      print(os << ": ", member.value);
    }
    os << "}";
  }
}

} // namespace dlc::frontend::json
