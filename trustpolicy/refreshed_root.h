// trustpolicy/refreshed_root.h: trusted roots that came by TUF (docs/format-tuf-cache.md).
//
// An Instance is a Sigstore of which a TUF repository tells the trusted root: the public-good one,
// anchored in the program, or one that the user named, anchored in a file of the configuration
// directory. What was fetched lies in the state directory and is not believed for lying there: it
// is verified from the anchor at each load.
#pragma once

#include <string>
#include <string_view>

#include "attest/trusted_root.h"
#include "base/json.h"
#include "base/result.h"

namespace nono::trustpolicy {

inline constexpr std::string_view kInstanceFileName = "tuf-instance.json";
inline constexpr std::string_view kRootTarget = "trusted_root.json";
inline constexpr std::string_view kSigningConfigTarget = "signing_config.v0.2.json";

struct Instance {
  std::string name = {};          // of its cache directory: letters, digits, ., _ and -
  std::string metadata_url = {};  // without a slash at the end
  std::string targets_url = {};
  std::string anchor = {};  // a TUF root

  // public_good is anchored in attest::embedded_root().
  static Instance public_good();
  // parse reads what to_json() wrote; strict, and the anchor must bear its own signatures.
  static Result<Instance> parse(std::string_view text);
  Json to_json() const;
  bool is_public_good() const;
};

// is_instance_name: 1 to 64 of A-Za-z0-9._- and no dot in front.
bool is_instance_name(std::string_view name);

// packed_path is where an instance's verified root lies below `tuf_directory` (<state>/tuf).
std::string packed_path(std::string_view tuf_directory, std::string_view instance_name);

// load_refreshed verifies the packed file at `path` from the instance's anchor and returns a target
// of it. Expiry is no matter: it was when the file was fetched. NotFound where there is none.
Result<std::string> load_refreshed(const Instance& instance, const std::string& path,
                                   std::string_view target);
// is_older_than_anchor reports whether the file at `path` was fetched under an older root than the
// anchor: a newer program knows more than it.
Result<bool> is_older_than_anchor(const Instance& instance, const std::string& path);

}  // namespace nono::trustpolicy
