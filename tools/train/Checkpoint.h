//===- Checkpoint.h - a training run on disk ----------------------------*- C++ -*-===//
//
// A folder with progress.json, which names the state's file beside it. The state is written first
// and under a name of its own, then progress.json is replaced: whenever that fails or is cut off,
// the checkpoint before is whole.
//
//===------------------------------------------------------------------------------===//
#ifndef DLC_TOOLS_TRAIN_CHECKPOINT_H
#define DLC_TOOLS_TRAIN_CHECKPOINT_H

#include "tools/train/History.h"
#include "tools/train/Network.h"
#include "llvm/Support/JSON.h"

namespace dlc::tools::train {

/// Where a run stands.
struct Position {
  int64_t epoch = 0;  ///< finished ones
  int64_t sample = 0; ///< of the present one that are done
  double lossSum = 0; ///< over those
  double seconds = 0; ///< that the present one took so far
  History history;
};

/// What two runs must agree on for one to go on with the other, by name.
using Identity = std::vector<std::pair<std::string, std::string>>;

class Checkpoint {
public:
  Checkpoint(llvm::StringRef folder, Identity identity)
      : folder(folder.str()), identity(std::move(identity)) {}

  /// Writes the network's state and the position.
  llvm::Error save(Network &network, const Position &position) const;
  /// Restores both; the checkpoint of another run is an error.
  llvm::Expected<Position> load(Network &network) const;

  const std::string &path() const { return folder; }

private:
  std::string file(llvm::StringRef name) const;
  llvm::Error check(const llvm::json::Object &root) const;

  std::string folder;
  Identity identity;
};

} // namespace dlc::tools::train

#endif // DLC_TOOLS_TRAIN_CHECKPOINT_H
