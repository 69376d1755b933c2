// profile/never_grant.h: what no profile, approval or option gives to an agent.
//
// Secrets of the user, nono's own state, and doors out of the sandbox, as data (never_grant_rows).
// Landlock grants hierarchies and cannot deny below a grant: a grant beneath an entry is refused,
// and so is one that covers an entry. The built-in grants (profile/system_grants.h) are made around
// the entries and do not ask here.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mount_names.h"
#include "base/result.h"

namespace nono::profile {

enum class NeverGrantOwner : unsigned char {
  Nono,    // --override-never-grant cannot open it
  User,    // the user's own: --override-never-grant PATH opens it
  System,  // the machine's: likewise
};

enum class NeverGrantReach : unsigned char {
  Tree,         // it, what is beneath it, and what covers it, present or not
  PresentTree,  // as Tree, but what covers it only where it is there now
  Directory,    // as PresentTree, but single entries beneath it may be granted
};

// NeverGrantRow is one line of the table. `pattern` is absolute or starts with ~/ or with one of
// $XDG_CONFIG_HOME, $XDG_DATA_HOME, $XDG_STATE_HOME, $XDG_RUNTIME_DIR; its last component may hold
// `*`. `readable` names what beneath it may be granted for reading only, as patterns between
// spaces. nono keeps nothing that it trusts in $XDG_CACHE_HOME, which agents are often given.
struct NeverGrantRow {
  std::string_view pattern;
  NeverGrantOwner owner;
  NeverGrantReach reach;
  std::string_view why;
  std::string_view readable = {};
};
std::span<const NeverGrantRow> never_grant_rows();

// UserPlaces are where the user's files lie; empty where there is none. XDG variables that are not
// set fall back to the specification's defaults, and both places are protected where they differ.
struct UserPlaces {
  std::string home;
  std::string other_home = {};  // the machine's word where HOME says another: protected likewise
  std::string config_home;
  std::string data_home;
  std::string state_home;
  std::string runtime_directory;
};
// places_from takes them from environ(7); a value that is not an absolute path is ignored. Without
// HOME, `home` is empty: the caller asks the password database.
UserPlaces places_from(std::span<const char* const> environment);

enum class GrantUse : unsigned char { Reading, Writing };  // Writing includes creating

struct NeverGrant {
  enum class Relation : unsigned char { Beneath, Covers };
  std::string entry;  // where the row lies for this user
  std::string_view why;
  NeverGrantOwner owner;
  Relation relation;            // of the grant to the entry
  std::string other_name = {};  // by which a mount shows it there, where its own name is not
};

class NeverGrantList {
 public:
  // for_places expands the table; entries that are symbolic links are protected at both ends.
  // `overrides` are the absolute paths of --override-never-grant, an entry or something beneath
  // one: Usage where one is nono's own state, or is not held back at all.
  static Result<NeverGrantList> for_places(const UserPlaces& places,
                                           const std::vector<std::string>& overrides = {});

  // find judges a grant of `path` (absolute), as it is spelt and, where it exists, as it resolves
  // in every other spelling of its letters, and by every other name that the mounts of for_places'
  // time give to it or to what is mounted below it. The first row that forbids it, or nothing. A
  // block device is forbidden wherever it lies.
  std::optional<NeverGrant> find(const std::string& path, GrantUse use) const;
  // check is find as an error for people: PermissionDenied with the entry, why, and what to do.
  Result<void> check(const std::string& path, GrantUse use) const;

  // hidden_beneath lists what is there of the entries at or beneath `directory`, with patterns
  // filled in: what a grant of it would give away.
  std::vector<std::string> hidden_beneath(const std::string& directory) const;
  // A start needs no second look at what for_places listed a moment ago: hidden_at_first is
  // hidden_beneath by that, and names_at_first is what was in a directory (where it was not listed,
  // what is there now; nothing where it cannot be).
  std::vector<std::string> hidden_at_first(const std::string& directory) const;
  std::vector<std::string> names_at_first(const std::string& directory) const;
  using Listings = std::map<std::string, std::vector<std::string>>;

 private:
  struct Entry {
    const NeverGrantRow* row;
    std::string path;  // absolute and normal; its last component may hold `*`
  };
  class Resolver;
  NeverGrantList() = default;
  void add(const NeverGrantRow& row, const std::string& path, Resolver& resolver);
  Result<void> open_up(const std::string& override_path);
  Error not_held_back(const std::string& override_path) const;
  bool is_open(const std::string& path) const;
  std::vector<std::string> hidden(const std::string& directory, const Listings& earlier) const;
  std::optional<NeverGrant> find_spelt(const std::string& path, GrantUse use) const;
  std::optional<NeverGrant> find_elsewhere(const std::string& real, GrantUse use) const;
  std::optional<NeverGrant> find_respelt(const std::string& real, GrantUse use) const;
  static std::optional<NeverGrant> beneath_entry(const Entry& entry, const std::string& path,
                                                 GrantUse use);
  static std::optional<NeverGrant> covering(const Entry& entry, const std::string& path);
  std::vector<Entry> entries_;
  std::vector<std::string> open_;  // overrides that lie beneath an entry
  MountNames mounts_;
  Listings listings_;
};

}  // namespace nono::profile
