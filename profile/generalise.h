// profile/generalise.h: from what a program used to the smallest profile that gives it that, in
// words that hold for the next run, too: a directory for many of its files, a group for what a
// toolchain keeps, $HOME and the working directory for where they happened to lie. A pure function.
//
// It only ever proposes: what it returns is a document for a person to read. Whole homes, roots and
// what is never granted are left out, and the notes say what was used of them.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "profile/variables.h"
#include "sandbox/capability_set.h"

namespace nono::profile {

enum class UsedAs : unsigned char {
  Read,     // a file's bytes
  Write,    // a file that was there
  Execute,  // a program
  List,     // a directory's entries
  Name,     // made, removed or renamed: a right to the directory it lies in
  Away,     // moved out of that: where the two are mounts of a view, programs copy it
};

struct UsedPath {
  std::string path;  // absolute, resolved
  UsedAs as;
  bool way = false;  // not resolved: leads there over a link
};

struct Uses {
  std::vector<UsedPath> paths;
  std::set<std::uint16_t> connected;
  std::set<std::uint16_t> listened;
  std::set<std::string> sockets = {};  // of programs outside, in the file system
  bool datagrams = false;   // names were resolved, or other UDP: no list of ports allows that
  bool free_ports = false;  // ports were taken that the kernel found free: nor that
};

struct LearnView {
  Variables variables;
  // granted is what the next run has at a path without this profile.
  std::function<sandbox::Access(std::string_view path)> granted;
  // forbidden says why no profile may grant the path; empty where one may.
  std::function<std::string(const std::string& path, sandbox::Access access)> forbidden;
};

struct Learned {
  Json document;                   // a profile (docs/profile.schema.json)
  std::vector<std::string> notes;  // what was used and is not in it
};

inline constexpr std::size_t kManySiblings = 4;  // used entries that stand for their directory
inline constexpr std::size_t kGroupUses = 3;     // uses by which a group is recognised

// generalise names the profile `name` and lets it extend `extends` where that is not empty.
Learned generalise(const Uses& uses, const LearnView& view, const std::string& name,
                   const std::string& extends);

}  // namespace nono::profile
