// attest/root_source.h: a trusted root that is read when the first certificate asks for it.
//
// Reading a root costs more than a keyed verdict: whoever verifies keyed files alone never pays.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "attest/trusted_root.h"
#include "base/result.h"

namespace nono::attest {

class RootSource {
 public:
  using Load = std::function<Result<TrustedRoot>()>;

  // none has no root: certificates are refused.
  static RootSource none() { return RootSource(nullptr); }
  static RootSource of(TrustedRoot root);
  explicit RootSource(Load load) : load_(std::move(load)) {}

  // get loads once and keeps the outcome, good or bad; null where there is no root. Not for several
  // threads at once.
  Result<const TrustedRoot*> get() const;

 private:
  Load load_;
  mutable std::optional<Result<TrustedRoot>> loaded_;
};

// NamedRoot is a trusted root that a policy asks for by its name. Without a name it is the one that
// judges where nothing else is said.
struct NamedRoot {
  std::string name;
  std::shared_ptr<const RootSource> source;
};

}  // namespace nono::attest
