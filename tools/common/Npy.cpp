//===- Npy.cpp - arrays in numpy's file formats -------------------------------------===//

#include "tools/common/Npy.h"
#include "compiler/WriteFile.h"
#include "runtime/Message.h"
#include "tools/common/Errors.h"
#include "tools/common/Npz.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

Error Array::allocate(int64_t bytes) {
  data = WritableMemoryBuffer::getNewUninitMemBuffer(bytes, "", Align(64));
  if (data)
    return Error::success();
  return inputError(file.empty() ? "dlc" : file, "no memory for " + Twine(bytes) + " bytes");
}

Expected<Array> tools::makeArray(StringRef name, int32_t dtype, ArrayRef<int64_t> shape) {
  Array array;
  array.name = name.str();
  array.dtype = dtype;
  array.type = rt::dtypeName(dtype);
  array.shape.assign(shape.begin(), shape.end());
  int64_t bytes = dlc_dtype_bytes(dtype);
  for (int64_t extent : shape)
    if (MulOverflow(bytes, extent, bytes))
      return createStringError("\"" + name + "\" of shape " + spell(shape) +
                               " is larger than any memory");
  if (Error error = array.allocate(bytes))
    return error;
  return array;
}

std::string tools::spell(ArrayRef<int64_t> shape) {
  std::string text;
  raw_string_ostream os(text);
  os << "[";
  interleave(shape, os, [&](int64_t extent) { extent < 0 ? os << "n" : os << extent; }, ", ");
  os << "]";
  return text;
}

static Error checkData(const NpyHeader &header, size_t left) {
  StringRef type = header.type;
  if (!header.littleEndian)
    return createStringError("it holds big-endian " + type +
                             "; dlc needs little-endian: x.astype(x.dtype.newbyteorder('<'))");
  if (header.fortranOrder)
    return createStringError("it is in Fortran order (first index fastest); dlc needs C order: "
                             "np.ascontiguousarray(x)");
  size_t bytes = header.elements * header.elementBytes;
  if (left < bytes)
    return createStringError("the file is cut off: " + type + " " + spell(header.shape) +
                             " needs " + Twine(bytes) + " bytes of data, it has " + Twine(left));
  if (left > bytes)
    return createStringError("the file has " + Twine(left - bytes) +
                             " bytes too many after its data");
  return Error::success();
}

Expected<Array> tools::parseNpy(StringRef content, StringRef file) {
  Expected<NpyHeader> header = parseNpyHeader(content);
  if (!header)
    return inputError(file, toString(header.takeError()));
  StringRef data = content.drop_front(header->size);
  if (Error error = checkData(*header, data.size()))
    return inputError(file, toString(std::move(error)));
  Array array;
  array.file = file.str();
  array.type = header->type;
  array.dtype = header->dtype;
  array.shape = std::move(header->shape);
  if (Error error = array.allocate(data.size()))
    return error;
  llvm::copy(data, array.begin());
  return array;
}

static StringRef descrOf(int32_t dtype) {
  switch (dtype) {
  case DLC_UINT8:
    return "|u1";
  case DLC_INT32:
    return "<i4";
  case DLC_INT64:
    return "<i8";
  }
  return "<f4";
}

void tools::writeNpy(raw_ostream &os, const Array &array) {
  std::string header =
      ("{'descr': '" + descrOf(array.dtype) + "', 'fortran_order': False, 'shape': (").str();
  for (int64_t extent : array.shape)
    header += std::to_string(extent) + ", ";
  if (array.shape.size() > 1)
    header.resize(header.size() - 2);
  else if (array.shape.size() == 1)
    header.pop_back();
  header += "), }";
  header.append(alignTo(header.size() + 11, 64) - header.size() - 11, ' ');
  header += '\n';
  char length[2];
  support::endian::write16le(length, header.size());
  os << StringRef("\x93NUMPY\x01\0", 8) << StringRef(length, 2) << header;
  os.write(array.bytes().data(), array.bytes().size());
}

Expected<std::vector<Array>> tools::readArrays(StringRef path) {
  // Volatile: read, not mapped, so that a file that shrinks meanwhile cannot end the process.
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false, /*IsVolatile=*/true);
  if (!file)
    return inputError(path, "cannot read it: " + file.getError().message());
  StringRef content = (*file)->getBuffer();
  if (sys::path::extension(path) == ".npz")
    return parseNpz(content, path);
  std::vector<Array> arrays;
  Expected<Array> array = parseNpy(content, path);
  if (!array)
    return array.takeError();
  arrays.push_back(std::move(*array));
  return arrays;
}

Error tools::writeArrays(StringRef path, ArrayRef<const Array *> arrays) {
  Error error = writeFile(path, [&](raw_ostream &os) -> Error {
    if (sys::path::extension(path) == ".npz")
      return writeNpz(os, arrays);
    writeNpy(os, *arrays.front());
    return Error::success();
  });
  if (error)
    return inputError(path, "cannot write it: " + toString(std::move(error)));
  return Error::success();
}
