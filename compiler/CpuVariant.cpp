//===- CpuVariant.cpp - the CPUs a library is compiled for --------------------------===//

#include "compiler/CpuVariant.h"
#include "compiler/emit/Emit.h"
#include "compiler/schedule/Target.h"
#include "runtime/ModelDesc.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace dlc;

// The highest level that `create` accepts on this machine, or none.
static llvm::StringRef hostLevel() {
  for (llvm::StringRef level : {"x86-64-v4", "x86-64-v3", "x86-64-v2"})
    if (dlc_rt_cpu_features() & emit::cpuFeatureBit(level))
      return level;
  return "";
}

std::optional<CpuVariant> dlc::lookupVariant(llvm::StringRef march) {
  CpuVariant variant;
  variant.name = variant.level = march.str();
  if (march == "native") {
    llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
    variant.level = hostLevel().str();
    variant.tune = llvm::sys::getHostCPUName().str();
    std::vector<std::string> checkable;
    for (const auto &feature : features)
      if (feature.second && (dlc_rt_cpu_features() & emit::cpuFeatureBit(feature.first())))
        checkable.push_back(feature.first().str());
    llvm::sort(checkable); // a StringMap has no order, and outputs must not vary
    for (const std::string &feature : checkable) {
      variant.features += (variant.features.empty() ? "+" : ",+") + feature;
      variant.required |= emit::cpuFeatureBit(feature);
    }
  }
  if (!schedule::lookupTarget(variant.level))
    return std::nullopt;
  variant.required |= emit::cpuFeatureBit(variant.level);
  return variant;
}
