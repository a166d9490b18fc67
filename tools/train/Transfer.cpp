//===- Transfer.cpp - weights of another model --------------------------------------===//
//
// The network saves its own weights; in that file the data of what fits are replaced, and it loads
// them again. Both files are safetensors: the length of a JSON header, the header, the data.
//
//===------------------------------------------------------------------------------===//

#include "tools/train/Transfer.h"
#include "compiler/WriteFile.h"
#include "tools/common/Errors.h"
#include "tools/common/OpenModel.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;
using namespace dlc::tools::train;

namespace {

struct Tensors {
  json::Object header;
  size_t begin; ///< of the data
};

} // namespace

static Expected<Tensors> readHeader(StringRef content, StringRef path) {
  uint64_t size = content.size() < 8 ? 0 : support::endian::read64le(content.data());
  if (content.size() < 8 || size > content.size() - 8)
    return inputError(path, "not a safetensors file, or cut off");
  Expected<json::Value> header = json::parse(content.substr(8, size));
  json::Object *object = header ? header->getAsObject() : nullptr;
  if (!header)
    consumeError(header.takeError());
  if (!object)
    return inputError(path, "not a safetensors file: its header is no JSON object");
  return Tensors{std::move(*object), 8 + size_t(size)};
}

// The bytes of a tensor, or none where its entry is not sound.
static std::optional<std::pair<size_t, size_t>> bytesOf(const json::Object &entry, size_t begin,
                                                        size_t size) {
  const json::Array *offsets = entry.getArray("data_offsets");
  if (!offsets || offsets->size() != 2)
    return std::nullopt;
  std::optional<int64_t> from = (*offsets)[0].getAsInteger(), to = (*offsets)[1].getAsInteger();
  if (!from || !to || *from < 0 || *to < *from || uint64_t(*to) > size - begin)
    return std::nullopt;
  return std::pair(begin + size_t(*from), size_t(*to - *from));
}

static bool areAlike(const json::Object &a, const json::Object &b) {
  return a.getString("dtype") == b.getString("dtype") && a.getArray("shape") &&
         b.getArray("shape") && *a.getArray("shape") == *b.getArray("shape");
}

// Copies what fits from one file's content to the other's.
static Error merge(StringRef from, StringRef path, std::string &to,
                   std::vector<std::string> &left) {
  Expected<Tensors> theirs = readHeader(from, path);
  if (!theirs)
    return theirs.takeError();
  Expected<Tensors> own = readHeader(to, path);
  if (!own)
    return own.takeError();
  size_t copied = 0;
  for (const auto &[name, value] : own->header) {
    const json::Object *entry = value.getAsObject(), *other = theirs->header.getObject(name);
    if (name == "__metadata__" || !entry)
      continue;
    auto place = bytesOf(*entry, own->begin, to.size());
    auto source = other && areAlike(*entry, *other) ? bytesOf(*other, theirs->begin, from.size())
                                                    : std::nullopt;
    if (!place || !source || place->second != source->second) {
      left.push_back(name.str());
      continue;
    }
    llvm::copy(from.substr(source->first, source->second), to.begin() + place->first);
    ++copied;
  }
  llvm::sort(left);
  return copied ? Error::success()
                : inputError(path, "no tensor of this file fits the model by name, type and shape");
}

Error train::transferWeights(Network &network, StringRef path, std::vector<std::string> &left) {
  Expected<std::unique_ptr<MemoryBuffer>> given = readFile(path);
  if (!given)
    return given.takeError();
  Expected<TemporaryFolder> folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  std::string file = folder->file("weights.safetensors");
  if (Error error = network.save(file))
    return error;
  Expected<std::unique_ptr<MemoryBuffer>> own = readFile(file);
  if (!own)
    return own.takeError();
  std::string merged = (*own)->getBuffer().str();
  if (Error error = merge((*given)->getBuffer(), path, merged, left))
    return error;
  if (Error error = writeFile(file, [&](raw_ostream &os) {
        os << merged;
        return Error::success();
      }))
    return error;
  return network.load(file);
}
