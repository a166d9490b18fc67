//===- Npy.h - arrays in numpy's file formats ---------------------------*- C++ -*-===//
//
// .npy (versions 1 to 3), as documented by numpy.lib.format: a magic number, a header that is a
// Python dictionary, and the elements.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_COMMON_NPY_H
#define DLC_TOOLS_COMMON_NPY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>
#include <string>
#include <vector>

namespace dlc::tools {

/// What the header of an .npy file says.
struct NpyHeader {
  std::string type;          ///< numpy's name: float32
  int32_t dtype = 0;         ///< a dlc_dtype; 0 where dlc has no such type
  int64_t elementBytes = 0;  ///< at least 1
  bool littleEndian = true;  ///< also of single bytes
  bool fortranOrder = false; ///< first index fastest
  std::vector<int64_t> shape;
  int64_t elements = 0; ///< the product of the shape; times elementBytes it fits 63 bits
  size_t size = 0;      ///< bytes before the data
};

/// An array in memory: contiguous, last index fastest, little-endian, data aligned to 64 bytes.
class Array {
public:
  std::string file;  ///< where it came from, for messages: x.npy, or x.npz[image]
  std::string name;  ///< within an .npz; else empty
  std::string type;  ///< numpy's name: float32
  int32_t dtype = 0; ///< a dlc_dtype; 0 where dlc has no such type
  std::vector<int64_t> shape;

  llvm::ArrayRef<char> bytes() const { return {data->getBufferStart(), data->getBufferSize()}; }
  char *begin() { return data->getBufferStart(); }

  /// Data of that many bytes, undefined; an error when there is no memory for it.
  llvm::Error allocate(int64_t bytes);

private:
  std::unique_ptr<llvm::WritableMemoryBuffer> data;
};

/// An array of a dlc_dtype; the shape's product is at least 0 and fits.
llvm::Expected<Array> makeArray(llvm::StringRef name, int32_t dtype, llvm::ArrayRef<int64_t> shape);

/// `[2, 28, 28, 1]`; a negative extent prints as n.
std::string spell(llvm::ArrayRef<int64_t> shape);

/// Reads the header of a file's content. Errors are sentences about the file, without its name.
llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef content);

/// Reads a file's content; `file` names it in messages.
llvm::Expected<Array> parseNpy(llvm::StringRef content, llvm::StringRef file);

/// Writes version 1.0, as numpy does: the data begin at a multiple of 64 bytes.
void writeNpy(llvm::raw_ostream &os, const Array &array);

/// Reads the file of that name: one array of an .npy, all of an .npz in its order.
llvm::Expected<std::vector<Array>> readArrays(llvm::StringRef path);

/// Writes arrays[0] to an .npy, or all of them by name to an .npz: the whole file or nothing.
llvm::Error writeArrays(llvm::StringRef path, llvm::ArrayRef<const Array *> arrays);

} // namespace dlc::tools

#endif // DLC_TOOLS_COMMON_NPY_H
