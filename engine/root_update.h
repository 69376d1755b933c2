// engine/root_update.h: trusted roots by TUF: fetched and verified, then put where verification
// finds them (docs/format-tuf-cache.md). Nothing replaces what is used unless all of it verified.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "engine/directories.h"
#include "net/http_client.h"
#include "trustpolicy/discover.h"
#include "trustpolicy/refreshed_root.h"

namespace nono::engine {

struct RootUpdate {
  std::string instance;
  std::string path;  // of what was packed
  std::int64_t tuf_root = 0;
  Instant expires = {};     // of the timestamp: an update is due before
  std::string sha256 = {};  // of trusted_root.json
  bool changed = false;
  bool signing_config = false;  // the repository has one, which was fetched too
};

// update_root refreshes the instance that the user named, else the public-good one. Network where
// the repository does not answer; InvalidInput where what it says is refused; Exhausted where
// another update goes on for too long.
Result<RootUpdate> update_root(const UserDirectories& user, net::HttpClient& client,
                               const Clock& clock);

enum class Replace : unsigned char { No, Yes };

struct RootInit {
  std::string root_file;  // the TUF root to start from
  std::string metadata_url;
  std::optional<std::string> targets_url;  // default: <metadata_url>/targets
  std::string name = "private";
  Replace replace = Replace::No;
};
// init_root fetches an instance by its own TUF root, and names it in the user's configuration once
// that worked. Usage where an instance, or a trusted_root.json above it, is there already.
Result<RootUpdate> init_root(const UserDirectories& user, const RootInit& init,
                             net::HttpClient& client, const Clock& clock);

struct ConfigInit {
  std::string root_path;
  std::string signing_config_path;
};
// init_from_trust_config puts the two parts of a ClientTrustConfig into the user's configuration
// directory, as trusted_root.json and signing_config.json.
Result<ConfigInit> init_from_trust_config(const UserDirectories& user, const std::string& file,
                                          Replace replace);

// refreshed_signing_config is the signing configuration that was fetched with the root in use;
// nothing where that root was not fetched, or none came along.
Result<std::optional<std::string>> refreshed_signing_config(const trustpolicy::WhichRoot& root);

}  // namespace nono::engine
