// attest/evidence.h: where the bundle of a file lies, and what the file is called there.
//
// Looks beside the file for `<name>.bundle`, then for `.nono-trust.bundle` in the file's directory
// and in ancestors: in a repository up to its root (the nearest directory with a `.git` entry),
// outside one up to the nearest directory that holds a trust-policy.json, and without either in the
// file's own directory only. All are untrusted input: regular files only, never through a symlink,
// capped in size and number. Nothing is looked for under /proc and /sys.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nono::attest {

inline constexpr std::string_view kSidecarSuffix = ".bundle";
inline constexpr std::string_view kMultiBundleName = ".nono-trust.bundle";
// kMaxBundles and kMaxBundleBytes cap what one file may bring along: more is an Error.
inline constexpr std::size_t kMaxBundles = 32;
inline constexpr std::size_t kMaxBundleBytes = 32u << 20;
// kMaxProjectDepth is how far up trust-policy.json is looked for outside a repository.
inline constexpr std::size_t kMaxProjectDepth = 32;

// Place says where a file stands, in the forms that a statement may name it by.
struct Place {
  std::string path;             // absolute, resolved
  std::string repository_root;  // absolute; empty outside a repository
  std::string repository_path;  // path relative to the repository root; empty outside one
};
// place_of finds the repository root by walking up from the directory of `absolute_path`, lexically
// resolved. An entry named `.git` of any kind marks a root: whoever can create one in a directory
// can make a repository of it.
Place place_of(const std::string& absolute_path);

struct Evidence {
  std::string bundle_text;
  std::string bundle_path;  // absolute: subject names of several are relative to its directory
  bool multi = false;       // found as .nono-trust.bundle, not beside the file
};

// find_evidence returns every candidate in the order in which they are tried: the sidecar first,
// then .nono-trust.bundle from the file's directory upwards. Nothing there: an empty vector. A
// candidate that is there but cannot be read as it must (a directory, FIFO, symlink, too large) is
// an Error: unreadable evidence is not absent evidence.
Result<std::vector<Evidence>> find_evidence(const Place& place);

}  // namespace nono::attest
