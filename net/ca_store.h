// net/ca_store.h: which certificate authorities a server may be certified by.
//
// The system's bundle; SSL_CERT_FILE and SSL_CERT_DIR take its place; NONO_EXTRA_CA adds to either.
// Files are read before the process confines itself.
#pragma once

#include <string>

#include "base/result.h"

namespace nono::net {

struct CaStore {
  std::string pem;        // all bundles, one after the other
  std::string directory;  // of hashed names; "" without
};

// load_ca_store reads what the environment names. A named file that cannot be read, and a store
// without any certificate, is Unsupported.
Result<CaStore> load_ca_store();

}  // namespace nono::net
