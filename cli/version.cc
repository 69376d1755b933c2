// cli/version.cc: the text of --version.
#include "cli/version.h"

#include "sandbox/host_features.h"

namespace nono::cli {

std::string version_text() {
  const sandbox::HostFeatures features =
      sandbox::probe(sandbox::HostView{}, sandbox::ProbeDepth::Quick);
  const auto yes = [](bool there) { return there ? "yes" : "no"; };
  std::string text = "nono " + std::string(kVersion) + "\n";
  text += "this kernel: Landlock ABI " + std::to_string(features.landlock_abi);
  text += std::string(", seccomp filter ") + yes(features.seccomp_filter);
  text += std::string(", seccomp notify ") + yes(features.seccomp_notify);
  return text + "; nono setup --check-only tells more\n";
}

}  // namespace nono::cli
