//===- CpuVariant.cpp - the CPUs a library is compiled for --------------------------===//

#include "compiler/CpuVariant.h"
#include "compiler/emit/Emit.h"
#include "compiler/schedule/Target.h"
#include "runtime/ModelDesc.h"
#include "llvm/TargetParser/Host.h"

using namespace dlc;

llvm::StringRef dlc::hostArch() {
  static const llvm::Triple triple(llvm::sys::getProcessTriple());
  return llvm::Triple::getArchTypeName(triple.getArch());
}

static bool runsHere(llvm::StringRef arch, uint64_t required) {
  return arch == hostArch() && (dlc_rt_cpu_features() & required) == required;
}

bool dlc::runsHere(const CpuVariant &variant) { return ::runsHere(variant.arch, variant.required); }

// The highest level that `create` accepts on this machine, or none.
static llvm::StringRef hostLevel() {
  for (const schedule::TargetFacts &facts : llvm::reverse(schedule::allTargets()))
    if (runsHere(facts.arch, emit::cpuFeatureBit(facts.march)))
      return facts.march;
  return "";
}

std::vector<std::string> dlc::knownMarch() {
  std::vector<std::string> names = {"native"};
  for (const schedule::TargetFacts &facts : schedule::allTargets())
    names.push_back(facts.march.str());
  return names;
}

// LLVM makes one instruction of two shifts and an `or` where it may, vpshldd, which on Zen 5 takes
// longer than these: Winograd products whose weights are fixed point took 10 % more time.
static bool isWorthUsing(llvm::StringRef feature) { return feature != "avx512vbmi2"; }

std::optional<CpuVariant> dlc::lookupVariant(llvm::StringRef march) {
  CpuVariant variant;
  variant.name = variant.level = march.str();
  if (march == "native") {
    llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
    variant.level = hostLevel().str();
    variant.tune = llvm::sys::getHostCPUName().str();
    std::vector<std::string> checkable;
    for (const auto &feature : features)
      if (feature.second && isWorthUsing(feature.first()) &&
          (dlc_rt_cpu_features() & emit::cpuFeatureBit(feature.first())))
        checkable.push_back(feature.first().str());
    llvm::sort(checkable); // a StringMap has no order, and outputs must not vary
    for (const std::string &feature : checkable) {
      variant.features += (variant.features.empty() ? "+" : ",+") + feature;
      variant.required |= emit::cpuFeatureBit(feature);
    }
  }
  std::optional<schedule::TargetFacts> facts = schedule::lookupTarget(variant.level);
  if (!facts)
    return std::nullopt;
  variant.arch = facts->arch.str();
  variant.cpu = facts->cpu.str();
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

// A library's code is of one architecture.
static llvm::Error checkArchitectures(llvm::ArrayRef<CpuVariant> cpus) {
  for (const CpuVariant &cpu : cpus)
    if (cpu.arch != cpus.front().arch)
      return llvm::createStringError("--march names " + cpus.front().name + " and " + cpu.name +
                                     ", which are of different architectures (" +
                                     cpus.front().arch + " and " + cpu.arch +
                                     "); compile a library for each");
  return llvm::Error::success();
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
  if (llvm::Error error = checkArchitectures(cpus))
    return std::move(error);
  // A superset of features is the larger number.
  llvm::sort(cpus, [](const CpuVariant &a, const CpuVariant &b) {
    return std::tie(a.level, a.required, a.name) > std::tie(b.level, b.required, b.name);
  });
  auto sameName = [](const CpuVariant &a, const CpuVariant &b) { return a.name == b.name; };
  cpus.erase(std::unique(cpus.begin(), cpus.end(), sameName), cpus.end());
  return cpus;
}
