// engine/secret_service.h: private keys, and credentials for agents, in the desktop's keyring
// (freedesktop Secret Service). The two have different attributes: no name of a credential leads to
// a key of nono's.
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
// unlock the keyring; PermissionDenied where it stays locked and holds the key.
Result<std::optional<crypto::Secret>> find_in_secret_service(const std::string& id);
// is_in_secret_service reports whether something is kept under `id`, in a locked keyring, too.
Result<bool> is_in_secret_service(const std::string& id);
// find_credential_in_secret_service returns what the user keeps for agents as `item`: the item with
// the attributes service=nono, username=ITEM, target=default, which is where upstream nono looks.
// Locked keyrings as above.
Result<std::optional<crypto::Secret>> find_credential_in_secret_service(const std::string& item);

}  // namespace nono::engine
