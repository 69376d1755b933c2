// trustpolicy/self_keys.h: the user's own public keys, the publisher `self`.
#pragma once

#include <string>
#include <vector>

#include "attest/keyring.h"
#include "base/result.h"
#include "trustpolicy/trusted_file.h"

namespace nono::trustpolicy {

// read_self_keys reads `<directory>/*.pub`, sorted by name, with the stem of the file as key_id. No
// directory: no keys. Names with a leading dot are left out (files in the making). A key file that
// others could have written, or that holds no key, is an Error: it would decide what is trusted.
Result<std::vector<attest::KeyringEntry>> read_self_keys(const std::string& directory,
                                                         const Keeper& keeper);

}  // namespace nono::trustpolicy
