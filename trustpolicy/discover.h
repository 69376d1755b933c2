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
#include "trustpolicy/refreshed_root.h"

namespace nono::trustpolicy {

inline constexpr std::string_view kPolicyFileName = "trust-policy.json";
inline constexpr std::size_t kMaxProjectPolicies = 32;  // from the repository root down

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
  std::string tuf_directory =
      {};  // <state>/tuf: trusted roots that were fetched; empty: none is used
  std::string system_roots = "/etc/nono/roots";  // NAME.json each; the user's: roots/ of theirs
};

inline constexpr std::string_view kTrustedRootName = "trusted_root.json";

// WhichRoot says which trusted root judges certificates: the system's where there is one, else the
// user's (a file, or a TUF instance that was named), else the public-good instance's: what was
// fetched of it, or what this build carries. Whoever names the authorities decides whom every
// keyless publisher may be, so a system policy with `lock` shuts the user's out. What was fetched
// of the public-good instance is verified from the root in the program, and is not the user's word.
struct WhichRoot {
  std::string path;  // empty: the embedded one
  bool owned_by_root_only = false;
  std::optional<Instance> refreshed = std::nullopt;  // the file at `path` was fetched of this one
  bool named = false;                                // the file lies in a directory of named roots
};
// which_root: a user's instance of which nothing was fetched yet is still the one; loading says so.
Result<WhichRoot> which_root(const Places& places, bool locked);
// root_in_use is which_root as discover asks it: a system policy says whether it is locked.
Result<WhichRoot> root_in_use(const Places& places);

// A policy names no more trusted roots than this, over all its layers: a certificate is judged by
// each of them.
inline constexpr std::size_t kMaxNamedRoots = 16;
inline constexpr std::string_view kRootsDirectory = "roots";

// named_root finds the trusted root of a name that a policy of this kind uses: "public-good";
// NAME.json of the system's directory; and, unless the system's policy asks, NAME.json of the
// user's, then the TUF instance that the user called so. What lies in a project is never a root,
// and what a user has never stands in for what the system names. NotFound where there is none.
Result<WhichRoot> named_root(const Places& places, std::string_view name, LayerKind asking);
// read_instance reads the instance that the user named; it must be kept as a policy is.
Result<Instance> read_instance(const std::string& path);
// root_source reads that root when the first certificate asks for it. A file that
// was not fetched must be kept as a policy is (trusted_file.h).
std::shared_ptr<const attest::RootSource> root_source(WhichRoot which);

// discover loads every layer that exists and merges them with the keys in
// `<user_directory>/trust/*.pub` as `self`. A layer that does not parse is an Error, whatever layer
// it is. A system file that others can write, or a user file that is not the user's or that others
// can write, is an Error. A project policy is verified first (its bundle, under a publisher that
// system or user trusts); unsigned or badly signed, only its tightening is used and `standing` says
// so.
Result<Policy> discover(const Places& places);

}  // namespace nono::trustpolicy
