// attest/root_source.cc: loading once.
#include "attest/root_source.h"

#include <utility>

namespace nono::attest {

RootSource RootSource::of(TrustedRoot root) {
  RootSource source(nullptr);
  source.loaded_.emplace(std::move(root));
  return source;
}

Result<const TrustedRoot*> RootSource::get() const {
  if (!loaded_ && load_) {
    loaded_.emplace(load_());
  }
  if (!loaded_) {
    return nullptr;
  }
  if (!*loaded_) {
    return std::unexpected(loaded_->error());
  }
  return &**loaded_;
}

}  // namespace nono::attest
