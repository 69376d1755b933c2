#include "crypto/warm_up.h"

#include "crypto/beside.h"
#include "crypto/secret.h"

namespace nono::crypto {
namespace {

void* work(void* /*nothing*/) {
  ready_for_keyed();
  static_cast<void>(hmac_sha256(Secret(), {}));
  return nullptr;
}

}  // namespace

WarmUp::WarmUp() : running_(start_beside(thread_, work, nullptr)) {}

void WarmUp::finish() {
  if (running_) {
    running_ = false;
    ::pthread_join(thread_, nullptr);
  }
}

}  // namespace nono::crypto
