//===- CpuVariant.cpp - the CPUs a library is compiled for --------------------------===//

#include "compiler/CpuVariant.h"
#include "compiler/emit/Emit.h"
#include "compiler/schedule/Target.h"
#include "runtime/ModelDesc.h"
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

std::string dlc::explainNoNative(const llvm::StringMap<bool> &features) {
  std::string lacking;
  for (llvm::StringRef feature : {"cx16", "sahf", "popcnt", "sse3", "ssse3", "sse4.1", "sse4.2"})
    if (!features.lookup(feature))
      lacking += (lacking.empty() ? "" : ", ") + feature.str();
  return "dlc cannot compile for this machine: its CPU is below x86-64-v2, the least that dlc "
         "compiles for" +
         (lacking.empty() ? "" : " (it lacks " + lacking + ")") +
         "; name the CPUs that the library is for: --march x86-64-v2,x86-64-v3,x86-64-v4";
}

llvm::Expected<std::vector<CpuVariant>> dlc::chooseVariants(llvm::ArrayRef<std::string> march) {
  std::vector<CpuVariant> cpus;
  for (const std::string &name : march) {
    std::optional<CpuVariant> cpu = lookupVariant(name);
    if (!cpu && name == "native")
      return llvm::createStringError(explainNoNative(llvm::sys::getHostCPUFeatures()));
    if (!cpu)
      return llvm::createStringError("unknown CPU '" + name +
                                     "'; `dlc targets` lists the known ones");
    cpus.push_back(std::move(*cpu));
  }
  // A superset of features is the larger number.
  llvm::sort(cpus, [](const CpuVariant &a, const CpuVariant &b) {
    return std::tie(a.level, a.required, a.name) > std::tie(b.level, b.required, b.name);
  });
  auto sameName = [](const CpuVariant &a, const CpuVariant &b) { return a.name == b.name; };
  cpus.erase(std::unique(cpus.begin(), cpus.end(), sameName), cpus.end());
  return cpus;
}
