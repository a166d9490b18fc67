//===- Npz.cpp - several arrays in one file -----------------------------------------===//
//
// Record layouts are those of PKWARE's APPNOTE: the directory at the end of the archive lists the
// members, and each member repeats its entry before its data.
//
//===------------------------------------------------------------------------------===//

#include "tools/common/Npz.h"
#include "tools/common/Errors.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Endian.h"
#include <zlib.h>

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using support::endian::read16le;
using support::endian::read32le;

static constexpr uint32_t kEndMagic = 0x06054b50, kEntryMagic = 0x02014b50,
                          kMemberMagic = 0x04034b50;
static constexpr size_t kEndBytes = 22, kEntryBytes = 46, kMemberBytes = 30;
// The most that deflate can expand a byte to.
static constexpr uint64_t kMaxExpansion = 1032;

namespace {

struct Member {
  std::string name;
  uint16_t flags, method;
  uint32_t crc;
  uint64_t packedBytes, bytes, offset;
};

} // namespace

static Error broken(const Twine &text) {
  return createStringError("not a sound .npz file: " + text);
}

// The record at the end of an archive, which only a comment of up to 64 KiB may follow.
static Expected<StringRef> findEnd(StringRef content) {
  if (content.size() < kEndBytes)
    return createStringError("not an .npz file; numpy.savez() writes one");
  size_t last = content.size() - kEndBytes;
  for (size_t at = last + 1; at-- > 0 && last - at <= 0xffff;)
    if (read32le(content.data() + at) == kEndMagic &&
        read16le(content.data() + at + 20) == last - at)
      return content.substr(at, kEndBytes);
  return createStringError("not an .npz file, or cut off; numpy.savez() writes one");
}

static Expected<std::vector<Member>> readDirectory(StringRef content) {
  Expected<StringRef> end = findEnd(content);
  if (!end)
    return end.takeError();
  const char *record = end->data();
  if (read16le(record + 4) != 0 || read16le(record + 6) != 0)
    return broken("it is split into several files");
  unsigned count = read16le(record + 10);
  uint64_t size = read32le(record + 12), offset = read32le(record + 16);
  if (count == 0xffff || offset == 0xffffffff)
    return createStringError("an archive above 4 GiB (zip64); save one .npy file an input");
  if (offset + size > content.size())
    return broken("its directory lies outside the file");
  StringRef rest = content.substr(offset, size);
  std::vector<Member> members;
  for (unsigned i = 0; i < count; ++i) {
    if (rest.size() < kEntryBytes || read32le(rest.data()) != kEntryMagic)
      return broken("its directory is cut off");
    const char *e = rest.data();
    size_t name = read16le(e + 28), tail = size_t(read16le(e + 30)) + read16le(e + 32);
    if (rest.size() - kEntryBytes < name + tail)
      return broken("its directory is cut off");
    members.push_back({rest.substr(kEntryBytes, name).str(), read16le(e + 8), read16le(e + 10),
                       read32le(e + 16), read32le(e + 20), read32le(e + 24), read32le(e + 42)});
    rest = rest.drop_front(kEntryBytes + name + tail);
  }
  return members;
}

// The bytes of a member as they are in the archive.
static Expected<StringRef> packedData(StringRef content, const Member &member) {
  if (member.flags & 1)
    return createStringError("it is encrypted");
  if (member.packedBytes == 0xffffffff || member.bytes == 0xffffffff || member.offset == 0xffffffff)
    return createStringError("larger than 4 GiB (zip64); save it as .npy");
  if (member.offset + kMemberBytes > content.size())
    return broken("a member lies outside the file");
  const char *head = content.data() + member.offset;
  if (read32le(head) != kMemberMagic)
    return broken("a member is not where the directory says");
  uint64_t begin = member.offset + kMemberBytes + read16le(head + 26) + read16le(head + 28);
  if (begin + member.packedBytes > content.size())
    return broken("a member lies outside the file");
  return content.substr(begin, member.packedBytes);
}

static Error inflateAll(StringRef packed, WritableMemoryBuffer &to) {
  z_stream stream = {};
  // Negative: raw deflate, without zlib's own header.
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return createStringError("no memory to unpack it");
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data()));
  stream.avail_in = packed.size();
  stream.next_out = reinterpret_cast<Bytef *>(to.getBufferStart());
  stream.avail_out = to.getBufferSize();
  int status = inflate(&stream, Z_FINISH);
  bool whole = status == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole ? Error::success() : broken("its compressed data are damaged");
}

// The .npy file that a member holds.
static Expected<std::unique_ptr<WritableMemoryBuffer>> unpack(StringRef content,
                                                              const Member &member) {
  Expected<StringRef> packed = packedData(content, member);
  if (!packed)
    return packed.takeError();
  if (member.method != 0 && member.method != 8)
    return createStringError("compressed by method " + Twine(member.method) +
                             "; dlc reads what numpy.savez() and savez_compressed() write");
  if (member.method == 0 ? member.bytes != member.packedBytes
                         : member.bytes > member.packedBytes * kMaxExpansion)
    return broken("its sizes do not fit each other");
  auto data = WritableMemoryBuffer::getNewUninitMemBuffer(member.bytes);
  if (!data)
    return createStringError("no memory for " + Twine(member.bytes) + " bytes");
  if (member.method == 0)
    llvm::copy(*packed, data->getBufferStart());
  else if (Error error = inflateAll(*packed, *data))
    return error;
  auto *bytes = reinterpret_cast<const Bytef *>(data->getBufferStart());
  if (crc32(0, bytes, data->getBufferSize()) != member.crc)
    return broken("a checksum does not match; the file is damaged");
  return data;
}

Expected<std::vector<Array>> tools::parseNpz(StringRef content, StringRef file) {
  Expected<std::vector<Member>> members = readDirectory(content);
  if (!members)
    return inputError(file, toString(members.takeError()));
  std::vector<Array> arrays;
  StringSet<> seen;
  for (const Member &member : *members) {
    StringRef name = member.name;
    name.consume_back(".npy");
    std::string place = (file + "[" + printable(name) + "]").str();
    if (!seen.insert(name).second)
      return inputError(place, "two arrays of this name");
    Expected<std::unique_ptr<WritableMemoryBuffer>> data = unpack(content, member);
    if (!data)
      return inputError(place, toString(data.takeError()));
    Expected<Array> array = parseNpy({(*data)->getBufferStart(), (*data)->getBufferSize()}, place);
    if (!array)
      return array.takeError();
    array->name = name.str();
    arrays.push_back(std::move(*array));
  }
  return arrays;
}

namespace {

/// Appends little-endian numbers.
struct Record {
  std::string bytes;
  Record &u16(uint32_t value) {
    bytes += {char(value), char(value >> 8)};
    return *this;
  }
  Record &u32(uint32_t value) { return u16(value).u16(value >> 16); }
};

} // namespace

// What a member and its entry in the directory have in common, from the flags on.
static void describe(Record &record, uint32_t crc, size_t size, size_t name) {
  constexpr uint32_t stored = 0, midnight = 0, firstOfJanuary1980 = 0x21;
  record.u16(0).u16(stored).u16(midnight).u16(firstOfJanuary1980);
  record.u32(crc).u32(size).u32(size).u16(name).u16(0);
}

Error tools::writeNpz(raw_ostream &os, ArrayRef<const Array *> arrays) {
  Record directory;
  uint64_t offset = 0;
  for (const Array *array : arrays) {
    std::string content, name = array->name + ".npy";
    raw_string_ostream stream(content);
    writeNpy(stream, *array);
    Record head;
    uint32_t crc = crc32_z(0, reinterpret_cast<const Bytef *>(content.data()), content.size());
    head.u32(kMemberMagic).u16(20);
    describe(head, crc, content.size(), name.size());
    directory.u32(kEntryMagic).u16(20).u16(20);
    describe(directory, crc, content.size(), name.size());
    directory.u16(0).u16(0).u16(0).u32(0).u32(offset);
    directory.bytes += name;
    offset += head.bytes.size() + name.size() + content.size();
    if (offset > 0xfffffffe)
      return createStringError("above 4 GiB; name an .npy file for each output");
    os << head.bytes << name << content;
  }
  Record end;
  end.u32(kEndMagic).u16(0).u16(0).u16(arrays.size()).u16(arrays.size());
  end.u32(directory.bytes.size()).u32(offset).u16(0);
  os << directory.bytes << end.bytes;
  return Error::success();
}
