// trustpolicy/discover.h: finds and loads the layers of docs/format-trust-policy.md. The only part
// of trustpolicy/ that reads files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "attest/keyring.h"
#include "attest/root_source.h"
#include "base/result.h"
#include "trustpolicy/policy.h"

namespace nono::trustpolicy {

inline constexpr std::string_view kPolicyFileName = "trust-policy.json";

// Places are where the layers lie; passed in, so that tests and `--policy` can say otherwise.
struct Places {
  std::string system_policy = "/etc/nono/trust-policy.json";
  std::string system_root = "/etc/nono/trusted_root.json";
  std::string user_directory;     // $XDG_CONFIG_HOME/nono; its trusted_root.json is the user's root
  std::string home;               // for `~/` in files[]
  std::string working_directory;  // absolute; the project layer is looked for from here upwards
  std::optional<std::string> explicit_policy;  // --policy F: stands in place of the project layer
                                               // and, being the user's explicit word, counts as a
                                               // user layer
};

inline constexpr std::string_view kTrustedRootName = "trusted_root.json";

// WhichRoot says which trusted root judges certificates: the system's where there is one, else the
// user's, else the public-good instance's that this build carries. Whoever names the authorities
// decides whom every keyless publisher may be, so a system policy with `lock` shuts the user's out.
struct WhichRoot {
  std::string path;  // empty: the embedded one
  bool owned_by_root_only = false;
};
Result<WhichRoot> which_root(const Places& places, bool locked);
// root_source reads that root when the first certificate asks for it. The file must be kept as a
// policy is (trusted_file.h).
std::shared_ptr<const attest::RootSource> root_source(WhichRoot which);

// discover loads every layer that exists and merges them with the keys in
// `<user_directory>/trust/*.pub` as `self`. A layer that does not parse is an Error, whatever layer
// it is. A system file that others can write, or a user file that is not the user's or that others
// can write, is an Error. A project policy is verified first (its bundle, under a publisher that
// system or user trusts); unsigned or badly signed, only its tightening is used and `standing` says
// so.
Result<Policy> discover(const Places& places);

}  // namespace nono::trustpolicy
