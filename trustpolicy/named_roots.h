// trustpolicy/named_roots.h: the trusted roots that the publishers of some layers ask for by name.
// Internal to trustpolicy/.
#pragma once

#include <string>
#include <vector>

#include "attest/root_source.h"
#include "base/result.h"
#include "trustpolicy/discover.h"
#include "trustpolicy/policy.h"

namespace nono::trustpolicy {

// NamedRoots are found once per name: two layers that name one root have it loaded once.
class NamedRoots {
 public:
  explicit NamedRoots(const Places& places) : places_(&places) {}

  // add_of finds what the publishers of a layer name; the Error says which publisher names what is
  // not there.
  Result<void> add_of(const Layer& layer);

  const std::vector<attest::NamedRoot>& found() const { return found_; }

 private:
  Result<void> add(const std::string& name, LayerKind asking);

  const Places* places_;
  std::vector<attest::NamedRoot> found_;
};

}  // namespace nono::trustpolicy
