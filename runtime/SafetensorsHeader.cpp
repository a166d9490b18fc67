//===-- SafetensorsHeader.cpp - The header of a weights file -*- C++ -*-===//
//
// Part of dlc, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE in the repository root for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// A parser for this one shape of JSON. It never recurses, so nesting costs
// nothing: a bracket where none belongs is an error at once.
//
//===----------------------------------------------------------------------===//

#include "Safetensors.h"

#include <string.h>

using namespace dlc::rt;

int dlc::rt::utf8Length(const char *p, const char *end) {
  auto at = [&](int i) { return static_cast<unsigned char>(p[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80)
    return 1;
  const int length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (length == 0 || end - p < length)
    return 0;
  for (int i = 1; i < length; ++i)
    if ((at(i) & 0xc0) != 0x80)
      return 0;
  // Overlong forms, surrogates, and what lies beyond U+10FFFF.
  if ((lead == 0xe0 && at(1) < 0xa0) || (lead == 0xed && at(1) > 0x9f) ||
      (lead == 0xf0 && at(1) < 0x90) || (lead == 0xf4 && at(1) > 0x8f))
    return 0;
  return length;
}

namespace {

class Parser {
public:
  Parser(char *text, uint64_t size, int64_t dataSize, const char *label, const Message &message)
      : begin(text), p(text), end(text + size), dataSize(dataSize), label(label), message(message) {
  }

  bool parse(FileTensor *tensors, int64_t *count);

private:
  bool fail(const char *what);
  bool failTensor(const char *what);

  void skipSpace();
  bool accept(char c);
  bool expect(char c, const char *what) { return accept(c) || fail(what); }

  bool parseString(Slice *out);
  bool parseEscape(char **out);
  bool parseHex4(uint32_t *out);
  bool parseNumber(int64_t *out);

  bool parseMetadata();
  bool parseTensor(FileTensor *tensor);
  bool parseField(FileTensor *tensor, unsigned *seen);
  bool parseDtype(FileTensor *tensor);
  bool parseShape(FileTensor *tensor);
  bool parseOffsets(FileTensor *tensor);
  bool checkTensor(const FileTensor &tensor);

  char *const begin, *p, *const end;
  const int64_t dataSize;
  const char *const label;
  const Message &message;
  Slice current = {nullptr, 0}; ///< the tensor that is being read
};

bool is(Slice s, const char *text) { return compare(s, {text, strlen(text)}) == 0; }

} // namespace

bool Parser::fail(const char *what) {
  const Quoted name(current.data, current.size);
  message.set(DLC_ERROR_FORMAT,
              "%s: %s%s%sheader byte %lld: %s; write the file again with a "
              "safetensors library",
              label, current.data ? "tensor " : "", current.data ? name.text : "",
              current.data ? ": " : "", (long long)(p - begin), what);
  return false;
}

bool Parser::failTensor(const char *what) {
  message.set(DLC_ERROR_FORMAT, "%s: tensor %s: %s", label, Quoted(current.data, current.size).text,
              what);
  return false;
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

void Parser::skipSpace() {
  while (p != end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
    ++p;
}

bool Parser::accept(char c) {
  skipSpace();
  if (p == end || *p != c)
    return false;
  ++p;
  return true;
}

bool Parser::parseHex4(uint32_t *out) {
  *out = 0;
  for (int i = 0; i < 4; ++i, ++p) {
    if (p == end)
      return fail("the header ends inside a string");
    const char c = *p, low = c | 0x20;
    if (c >= '0' && c <= '9')
      *out = *out << 4 | uint32_t(c - '0');
    else if (low >= 'a' && low <= 'f')
      *out = *out << 4 | uint32_t(low - 'a' + 10);
    else
      return fail("\\u needs four hexadecimal digits");
  }
  return true;
}

/// Appends a code point as UTF-8, which is never longer than its escape.
static void encode(uint32_t code, char **out) {
  auto put = [&](uint32_t byte) { *(*out)++ = static_cast<char>(byte); };
  if (code < 0x80)
    return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

/// After the backslash.
bool Parser::parseEscape(char **out) {
  static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
  if (p == end)
    return fail("the header ends inside a string");
  const char c = *p++;
  for (const char *pair = plain; *pair; pair += 2)
    if (c == *pair) {
      *(*out)++ = pair[1];
      return true;
    }
  if (c != 'u')
    return fail("an unknown escape in a string");
  uint32_t code, low;
  if (!parseHex4(&code))
    return false;
  if (code >= 0xd800 && code < 0xe000) {
    if (code >= 0xdc00 || end - p < 6 || p[0] != '\\' || p[1] != 'u')
      return fail("half a surrogate pair in a string");
    p += 2;
    if (!parseHex4(&low))
      return false;
    if (low < 0xdc00 || low >= 0xe000)
      return fail("half a surrogate pair in a string");
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  encode(code, out);
  return true;
}

/// Unescapes in place.
bool Parser::parseString(Slice *slice) {
  if (!expect('"', "a string in double quotes is due here"))
    return false;
  char *out = p;
  slice->data = p;
  for (;;) {
    if (p == end)
      return fail("the header ends inside a string");
    if (*p == '"')
      break;
    if (static_cast<unsigned char>(*p) < 0x20)
      return fail("a control character in a string");
    if (*p == '\\') {
      ++p;
      if (!parseEscape(&out))
        return false;
      continue;
    }
    int length = utf8Length(p, end);
    if (length == 0)
      return fail("a string that is not UTF-8");
    while (length--)
      *out++ = *p++;
  }
  ++p;
  slice->size = static_cast<uint64_t>(out - slice->data);
  return true;
}

bool Parser::parseNumber(int64_t *out) {
  skipSpace();
  if (p != end && *p == '-')
    return fail("a negative number where only zero or more makes sense");
  if (p == end || *p < '0' || *p > '9')
    return fail("a whole number is due here");
  const char *first = p;
  for (*out = 0; p != end && *p >= '0' && *p <= '9'; ++p)
    if (!mulAdd(*out, 10, *p - '0', out))
      return fail("a number beyond 63 bits");
  if (*first == '0' && p - first > 1)
    return fail("a number with a leading zero");
  if (p != end && (*p == '.' || (*p | 0x20) == 'e'))
    return fail("a fraction where a whole number is due");
  return true;
}

//===----------------------------------------------------------------------===//
// One tensor
//===----------------------------------------------------------------------===//

bool Parser::parseDtype(FileTensor *tensor) {
  Slice name;
  if (!parseString(&name))
    return false;
  tensor->dtype = is(name, "F32")   ? DLC_FLOAT32
                  : is(name, "I32") ? DLC_INT32
                  : is(name, "I64") ? DLC_INT64
                  : is(name, "U8")  ? DLC_UINT8
                                    : 0;
  if (tensor->dtype)
    return true;
  message.set(DLC_ERROR_FORMAT,
              "%s: tensor %s: dtype %s is not one of F32, I32, I64, U8; "
              "convert the tensor to one of them",
              label, Quoted(current.data, current.size).text, Quoted(name.data, name.size).text);
  return false;
}

bool Parser::parseShape(FileTensor *tensor) {
  if (!expect('[', "'[' is due here"))
    return false;
  tensor->rank = 0;
  if (accept(']'))
    return true;
  do {
    if (tensor->rank == DLC_MAX_RANK)
      return fail("a shape of more than 8 dimensions");
    if (!parseNumber(&tensor->shape[tensor->rank++]))
      return false;
  } while (accept(','));
  return expect(']', "',' or ']' is due here");
}

bool Parser::parseOffsets(FileTensor *tensor) {
  return expect('[', "'[' is due here") && parseNumber(&tensor->begin) &&
         expect(',', "',' is due here") && parseNumber(&tensor->end) &&
         expect(']', "']' is due here");
}

bool Parser::parseField(FileTensor *tensor, unsigned *seen) {
  Slice key;
  if (!parseString(&key) || !expect(':', "':' is due here"))
    return false;
  const unsigned bit = is(key, "dtype")          ? 1
                       : is(key, "shape")        ? 2
                       : is(key, "data_offsets") ? 4
                                                 : 0;
  if (!bit)
    return fail("a key that is not dtype, shape or data_offsets");
  if (*seen & bit)
    return fail("a key appears twice");
  *seen |= bit;
  return bit == 1 ? parseDtype(tensor) : bit == 2 ? parseShape(tensor) : parseOffsets(tensor);
}

bool Parser::checkTensor(const FileTensor &tensor) {
  if (tensor.begin > tensor.end)
    return failTensor("its data end before they begin; write the file again "
                      "with a safetensors library");
  int64_t bytes;
  if (!tensorBytes(tensor.shape, tensor.rank, tensor.dtype, &bytes))
    return failTensor("its shape's product is beyond 63 bits; write the file "
                      "again with a safetensors library");
  if (bytes != tensor.end - tensor.begin) {
    message.set(DLC_ERROR_FORMAT,
                "%s: tensor %s: shape %s of %s takes %lld bytes, its "
                "data_offsets hold %lld; write the file again with a "
                "safetensors library",
                label, Quoted(current.data, current.size).text,
                ShapeText(tensor.shape, tensor.rank).text, dtypeName(tensor.dtype),
                (long long)bytes, (long long)(tensor.end - tensor.begin));
    return false;
  }
  if (tensor.end > dataSize) {
    message.set(DLC_ERROR_FORMAT,
                "%s: tensor %s: its data end at byte %lld, the file's at %lld; "
                "the file is cut off, get it again",
                label, Quoted(current.data, current.size).text, (long long)tensor.end,
                (long long)dataSize);
    return false;
  }
  return true;
}

bool Parser::parseTensor(FileTensor *tensor) {
  *tensor = {};
  tensor->name = current;
  if (!expect('{', "'{' is due here"))
    return false;
  unsigned seen = 0;
  do {
    if (!parseField(tensor, &seen))
      return false;
  } while (accept(','));
  if (!expect('}', "',' or '}' is due here"))
    return false;
  if (seen != 7)
    return fail("one of dtype, shape and data_offsets is missing");
  return checkTensor(*tensor);
}

//===----------------------------------------------------------------------===//
// The whole header
//===----------------------------------------------------------------------===//

/// An object of strings, which is of no use to us.
bool Parser::parseMetadata() {
  if (!expect('{', "'{' is due here"))
    return false;
  if (accept('}'))
    return true;
  Slice ignored;
  do {
    if (!parseString(&ignored) || !expect(':', "':' is due here") || !parseString(&ignored))
      return false;
  } while (accept(','));
  return expect('}', "',' or '}' is due here");
}

bool Parser::parse(FileTensor *tensors, int64_t *count) {
  *count = 0;
  bool metadata = false;
  if (p == end || *p != '{')
    return fail("the header does not begin with '{'");
  ++p;
  if (!accept('}')) {
    do {
      Slice name;
      if (!parseString(&name) || !expect(':', "':' is due here"))
        return false;
      if (is(name, "__metadata__")) {
        if (metadata)
          return fail("__metadata__ appears twice");
        metadata = true;
        if (!parseMetadata())
          return false;
        continue;
      }
      current = name;
      if (!parseTensor(&tensors[(*count)++]))
        return false;
      current = {nullptr, 0};
    } while (accept(','));
    if (!expect('}', "',' or '}' is due here"))
      return false;
  }
  skipSpace();
  return p == end || fail("something follows the header's closing brace");
}

dlc_status dlc::rt::parseSafetensorsHeader(char *text, uint64_t size, int64_t dataSize,
                                           const char *label, FileTensor *tensors, int64_t *count,
                                           const Message &message) {
  Parser parser(text, size, dataSize, label, message);
  return parser.parse(tensors, count) ? DLC_OK : DLC_ERROR_FORMAT;
}
