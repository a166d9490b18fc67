//===- NpyHeader.cpp - the header of an .npy file -----------------------------------===//

#include "runtime/Message.h"
#include "tools/common/Errors.h"
#include "tools/common/Npy.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

// numpy allows 64 dimensions, and no sane header comes near a megabyte.
static constexpr size_t kMaxRank = 64;
static constexpr size_t kMaxHeader = 1 << 20;

static Error broken(const Twine &text) {
  return createStringError("not a sound .npy file: " + text);
}

namespace {

/// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class DictParser {
public:
  DictParser(StringRef text, NpyHeader &header) : text(text), header(header) {}

  Error parse() {
    if (!take("{"))
      return broken("its header is no dictionary");
    while (!take("}")) {
      if (Error error = parseEntry())
        return error;
      if (!take(",") && !peek("}"))
        return broken("its header lacks a ',' or '}'");
    }
    skipSpace();
    if (!text.empty())
      return broken("its header has text after the dictionary");
    if (!seenType || !seenOrder || !seenShape)
      return broken("its header lacks 'descr', 'fortran_order' or 'shape'");
    return Error::success();
  }

private:
  void skipSpace() { text = text.ltrim(" \t\r\n"); }
  bool peek(StringRef token) {
    skipSpace();
    return text.starts_with(token);
  }
  bool take(StringRef token) {
    skipSpace();
    return text.consume_front(token);
  }

  Expected<StringRef> parseString() {
    skipSpace();
    StringRef quote = text.take_front();
    size_t end = quote == "'" || quote == "\"" ? text.find(quote[0], 1) : StringRef::npos;
    if (end == StringRef::npos)
      return broken("a string was expected in its header");
    StringRef content = text.slice(1, end);
    text = text.drop_front(end + 1);
    return content;
  }

  Error parseEntry() {
    Expected<StringRef> key = parseString();
    if (!key)
      return key.takeError();
    if (!take(":"))
      return broken("its header lacks a ':'");
    if (*key == "descr" && !seenType)
      return parseType();
    if (*key == "fortran_order" && !seenOrder)
      return parseOrder();
    if (*key == "shape" && !seenShape)
      return parseShape();
    return broken("its header has an unknown or repeated key");
  }

  Error parseType();

  Error parseOrder() {
    seenOrder = true;
    header.fortranOrder = take("True");
    if (!header.fortranOrder && !take("False"))
      return broken("'fortran_order' is neither True nor False");
    return Error::success();
  }

  Error parseShape() {
    seenShape = true;
    if (!take("("))
      return broken("'shape' is no tuple");
    while (!take(")")) {
      int64_t extent;
      skipSpace();
      if (text.consumeInteger(10, extent) || extent < 0)
        return broken("'shape' holds something else than sizes below 2^63");
      take("L"); // written by Python 2
      header.shape.push_back(extent);
      if (header.shape.size() > kMaxRank)
        return broken("'shape' has more than 64 dimensions");
      if (!take(",") && !peek(")"))
        return broken("'shape' lacks a ',' or ')'");
    }
    return Error::success();
  }

  StringRef text;
  NpyHeader &header;
  bool seenType = false, seenOrder = false, seenShape = false;
};

} // namespace

static int32_t dtypeOf(StringRef type) {
  for (int32_t dtype : {DLC_FLOAT32, DLC_UINT8, DLC_INT32, DLC_INT64})
    if (rt::dtypeName(dtype) == type)
      return dtype;
  return 0;
}

Error DictParser::parseType() {
  seenType = true;
  if (peek("["))
    return createStringError("it holds records; dlc needs plain numbers, one array a file");
  Expected<StringRef> descr = parseString();
  if (!descr)
    return descr.takeError();
  StringRef rest = *descr;
  header.littleEndian = !rest.consume_front(">");
  if (header.littleEndian)
    rest = rest.ltrim("<|=");
  char kind = rest.empty() ? 0 : rest.front();
  StringRef name = StringSwitch<StringRef>(rest.take_front())
                       .Case("f", "float")
                       .Case("i", "int")
                       .Case("u", "uint")
                       .Case("b", "bool")
                       .Case("c", "complex")
                       .Default("");
  if (kind == 'O')
    return createStringError("it holds Python objects; dlc needs numbers: x.astype(np.float32)");
  unsigned bytes;
  if (name.empty() || rest.drop_front().getAsInteger(10, bytes) || bytes == 0 || bytes > 64)
    return createStringError("it holds elements of type '" + printable(*descr) +
                             "'; dlc needs numbers: x.astype(np.float32)");
  header.elementBytes = bytes;
  header.type = kind == 'b' ? name.str() : (name + Twine(bytes * 8)).str();
  header.dtype = dtypeOf(header.type);
  return Error::success();
}

// The dictionary's text, after the magic number, version and length.
static Expected<StringRef> headerText(StringRef content, size_t &end) {
  if (!content.starts_with("\x93NUMPY"))
    return createStringError(content.empty() ? "the file is empty; an .npy file was expected"
                                             : "not an .npy file; numpy.save() writes one");
  if (content.size() < 8)
    return broken("it ends within its header");
  unsigned major = static_cast<unsigned char>(content[6]);
  if (major < 1 || major > 3)
    return createStringError("version " + Twine(major) +
                             " of the .npy format; dlc reads 1, 2 and 3");
  size_t prefix = major == 1 ? 10 : 12;
  if (content.size() < prefix)
    return broken("it ends within its header");
  size_t length = major == 1 ? support::endian::read16le(content.data() + 8)
                             : support::endian::read32le(content.data() + 8);
  if (length > kMaxHeader)
    return broken("its header claims " + Twine(length) + " bytes");
  if (content.size() - prefix < length)
    return broken("it ends within its header");
  end = prefix + length;
  return content.substr(prefix, length);
}

Expected<NpyHeader> tools::parseNpyHeader(StringRef content) {
  NpyHeader header;
  Expected<StringRef> text = headerText(content, header.size);
  if (!text)
    return text.takeError();
  if (Error error = DictParser(*text, header).parse())
    return error;
  int64_t bytes = header.elementBytes;
  header.elements = 1;
  for (int64_t extent : header.shape)
    if (MulOverflow(header.elements, extent, header.elements) || MulOverflow(bytes, extent, bytes))
      return createStringError("its shape " + spell(header.shape) + " is larger than any memory");
  return header;
}
