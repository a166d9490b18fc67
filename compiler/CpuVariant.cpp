//===- CpuVariant.cpp - the CPUs a library is compiled for --------------------------===//

#include "compiler/CpuVariant.h"
#include "compiler/emit/Emit.h"
#include "compiler/schedule/Target.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"

using namespace dlc;

// A feature of each level that no lower level has.
static llvm::StringRef hostLevel(const llvm::StringMap<bool> &features) {
  auto has = [&](llvm::StringRef name) { return features.lookup(name); };
  if (has("avx512f") && has("avx512bw") && has("avx512cd") && has("avx512dq") && has("avx512vl"))
    return "x86-64-v4";
  if (has("avx2") && has("fma") && has("bmi2"))
    return "x86-64-v3";
  return has("sse4.2") ? "x86-64-v2" : "";
}

std::optional<CpuVariant> dlc::lookupVariant(llvm::StringRef march) {
  CpuVariant variant;
  variant.name = variant.level = march.str();
  if (march == "native") {
    llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
    variant.level = hostLevel(features).str();
    variant.tune = llvm::sys::getHostCPUName().str();
    std::vector<std::string> checkable;
    for (const auto &feature : features)
      if (feature.second && emit::cpuFeatureBit(feature.first()))
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
