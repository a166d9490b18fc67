//===- Request.h - what dlc train is asked for --------------------------*- C++ -*-===//
//
// Plain data: the command line fills it, and the file that does so includes nothing of LLVM.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_TRAIN_REQUEST_H
#define DLC_TOOLS_TRAIN_REQUEST_H

#include "compiler/Options.h"
#include <optional>

namespace dlc::tools::train {

/// How a .csv file names its targets.
struct CsvOptions {
  std::string labelColumn = "last"; ///< first, last, a name of the header, or an index from 0
};

/// What becomes of images of another size than the model's.
enum class Resize {
  No,      ///< an error
  Pad,     ///< zeros around, or the borders cut off
  Bilinear ///< scaled
};

struct FitOptions {
  std::optional<double> scale; ///< of all values; default: 1/255 for bytes that become floats
  Resize resize = Resize::No;
};

enum class Strategy { Grid, Random, Bayes };

/// The command line. What is not given is as the model says.
struct Request {
  Options options; ///< model, CPUs, weights to start with
  std::vector<std::string> data, validation;
  CsvOptions csv;
  FitOptions fit;
  std::optional<int64_t> epochs, batchSize, shards, seed, patience;
  std::optional<double> validationSplit, minDelta;
  std::string monitor;
  bool keepsOrder = false;              ///< no shuffling
  std::vector<std::string> augment;     ///< as AugmentText reads them; replace the model's
  std::vector<std::string> assignments; ///< PATH=NUMBER
  std::string classWeights;             ///< auto, or numbers with commas between; empty: none
  std::string transfer;                 ///< weights of another model
  int threads = 0;
  int device = 0; ///< of CUDA

  std::string out; ///< the best weights; empty: the model's name
  std::string checkpoint;
  bool resumes = false;
  std::string log, plots;

  std::optional<Strategy> strategy; ///< search
  std::vector<std::string> parameters;
  int64_t trials = 20;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_REQUEST_H
