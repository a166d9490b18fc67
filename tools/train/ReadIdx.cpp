//===- ReadIdx.cpp - the file format of MNIST ---------------------------------------===//
//
// A zero, a zero, the element type, the rank, the extents as big-endian 32-bit numbers, the
// elements (Y. LeCun, C. Cortes and C. J. C. Burges, "The MNIST database of handwritten digits").
//
//===------------------------------------------------------------------------------===//

#include "runtime/dlc_runtime.h"
#include "tools/common/Errors.h"
#include "tools/train/DataSet.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::tools;

bool train::isIdx(StringRef content) {
  return content.size() >= 4 && content[0] == 0 && content[1] == 0 && content[2] != 0 &&
         content[3] > 0 && content[3] <= 8;
}

Expected<Array> train::parseIdx(StringRef content, StringRef file) {
  if (!isIdx(content))
    return inputError(file, "not an idx file: it does not begin with two zeros, a type and a rank");
  if (content[2] != 8)
    return inputError(file, "its elements are of the idx type " + Twine(int(uint8_t(content[2]))) +
                                "; only bytes (type 8) are read: save it as .npy");
  size_t rank = content[3], begin = 4 + 4 * rank;
  if (content.size() < begin)
    return inputError(file, "the file is cut off: it ends within its header");
  std::vector<int64_t> shape;
  uint64_t elements = 1;
  for (size_t i = 0; i < rank; ++i) {
    shape.push_back(support::endian::read32be(content.data() + 4 + 4 * i));
    elements = SaturatingMultiply<uint64_t>(elements, shape.back());
  }
  if (content.size() - begin != elements)
    return inputError(file, (content.size() - begin < elements ? "the file is cut off: bytes "
                                                               : "the file is too long: bytes ") +
                                spell(shape) + " take " + Twine(elements) + ", it has " +
                                Twine(content.size() - begin));
  if (rank == 3)
    shape.push_back(1);
  Expected<Array> array = arrayOf(file, DLC_UINT8, shape);
  if (array)
    llvm::copy(content.drop_front(begin), array->begin());
  return array;
}
