//===- Reduce.cpp - reductions along a dimension ------------------------------------===//

#include "dialects/nn/Nn.h"

using namespace mlir;
using namespace dlc::nn;

#define GET_OP_CLASSES
#include "dialects/nn/Reduce.cpp.inc"
