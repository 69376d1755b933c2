// attest/evidence.h: where the bundle of a file lies, and what the file is called there.
//
// Looks beside the file for `<name>.bundle`, then in its directory and the ancestors up to the
// repository root (the nearest directory with a `.git` entry) for `.nono-trust.bundle`. All are
// untrusted input: regular files only, never through a symlink, capped in size.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nono::attest {

inline constexpr std::string_view kSidecarSuffix = ".bundle";
inline constexpr std::string_view kMultiBundleName = ".nono-trust.bundle";

// Place says where a file stands, in the forms that a statement may name it by.
struct Place {
  std::string path;             // absolute, resolved
  std::string repository_root;  // absolute; empty outside a repository
  std::string repository_path;  // path relative to the repository root; empty outside one
};
// place_of finds the repository root by walking up from `absolute_path`, lexically resolved.
Place place_of(const std::string& absolute_path);

struct Evidence {
  std::string bundle_text;
  std::string bundle_path;  // absolute; for messages
  bool multi = false;       // from a .nono-trust.bundle: subject names are relative to its directory
};

// find_evidence returns every candidate in the order in which they are tried: the sidecar first,
// then .nono-trust.bundle from the file's directory upwards. Nothing there: an empty vector. A
// candidate that is there but cannot be read as it must (a directory, FIFO, symlink, too large) is
// an Error: unreadable evidence is not absent evidence.
Result<std::vector<Evidence>> find_evidence(const Place& place);

}  // namespace nono::attest
