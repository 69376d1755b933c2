// engine/secret_service.h: private keys in the desktop's keyring (freedesktop Secret Service).
//
// libsecret-1.so.0 is loaded when one of these is called and not before; nono does not link it. The
// service and the session bus are the user's own and are trusted with the key.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "crypto/secret.h"

namespace nono::engine {

// store_in_secret_service keeps `secret` (text) under `id`, replacing what is there. Unsupported
// where libsecret or a service is missing; the error names the alternative, a key in a file.
Result<void> store_in_secret_service(const std::string& id, const crypto::Secret& secret);
// find_in_secret_service returns what is kept under `id`, or nothing. It may wait for the user to
// unlock the keyring.
Result<std::optional<crypto::Secret>> find_in_secret_service(const std::string& id);

}  // namespace nono::engine
