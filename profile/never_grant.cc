// profile/never_grant.cc: expands the table for a user and judges grants by it.
#include "profile/never_grant.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "profile/environment_rules.h"
#include "profile/other_spelling.h"

namespace nono::profile {
namespace {

struct FreeDeleter {
  void operator()(char* text) const { std::free(text); }
};
struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// resolved follows every symbolic link; nothing where the path does not exist.
std::optional<std::string> resolved(const std::string& path) {
  const std::unique_ptr<char, FreeDeleter> real(::realpath(path.c_str(), nullptr));
  return real ? std::optional<std::string>(real.get()) : std::nullopt;
}

bool is_there(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

bool is_block_device(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISBLK(status.st_mode);
}

bool has_pattern(std::string_view path) {
  return path.contains('*');
}

std::vector<std::string> names_now(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(directory.c_str()));
  // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of this function's own
  while (const dirent* each = listing ? ::readdir(listing.get()) : nullptr) {
    names.emplace_back(each->d_name);
  }
  return names;
}

using Listings = NeverGrantList::Listings;

// Presence answers for several entries of a directory with one look at it, or with an earlier one.
class Presence {
 public:
  Presence() = default;
  // `earlier` outlives it.
  explicit Presence(const Listings& earlier) : earlier_(&earlier) {}

  // of lists what is there of an entry, its pattern filled in.
  std::vector<std::string> of(const std::string& entry) {
    if (!has_pattern(entry)) {
      return is_there(entry) ? std::vector{entry} : std::vector<std::string>{};
    }
    const std::string parent(directory_name(entry));
    std::vector<std::string> found;
    for (const std::string& name : names_of(parent)) {
      if (fits_pattern(base_name(entry), name)) {
        found.push_back(join_path(parent, name));
      }
    }
    return found;
  }

  Listings take() { return std::move(listed_); }

 private:
  const std::vector<std::string>& names_of(const std::string& directory) {
    if (earlier_ != nullptr) {
      if (const auto before = earlier_->find(directory); before != earlier_->end()) {
        return before->second;
      }
    }
    const auto listed = listed_.find(directory);
    return listed != listed_.end() ? listed->second
                                   : listed_.emplace(directory, names_now(directory)).first->second;
  }

  const Listings* earlier_ = nullptr;
  Listings listed_;
};

// matched_root is the part of `path` that is the entry itself, or nothing where `path` is neither
// the entry nor beneath it.
std::optional<std::string> matched_root(const std::string& entry, const std::string& path) {
  if (!has_pattern(entry)) {
    return beneath(entry, path) ? std::optional(entry) : std::nullopt;
  }
  const std::string parent(directory_name(entry));
  if (!beneath(parent, path) || path == parent) {
    return std::nullopt;
  }
  const std::string rest = relative_to(parent, path);
  const std::string first = rest.substr(0, rest.find('/'));
  return fits_pattern(base_name(entry), first) ? std::optional(join_path(parent, first))
                                               : std::nullopt;
}

bool is_readable(const NeverGrantRow& row, std::string_view rest) {
  std::string_view patterns = row.readable;
  while (!patterns.empty()) {
    const std::size_t end = std::min(patterns.find(' '), patterns.size());
    if (fits_pattern(patterns.substr(0, end), rest)) {
      return true;
    }
    patterns.remove_prefix(std::min(end + 1, patterns.size()));
  }
  return false;
}

// Place is a prefix of patterns and all that it stands for, for this user.
struct Place {
  std::string_view prefix;
  std::vector<std::string> roots;
};

std::vector<Place> places_of(const UserPlaces& user) {
  const auto also_in_homes = [&](std::vector<std::string> roots, std::string_view name) {
    for (const std::string& home : {user.home, user.other_home}) {
      roots.push_back(home.empty() ? std::string() : join_path(home, name));
    }
    std::erase(roots, "");
    return roots;
  };
  return {
      {"~", also_in_homes({}, "")},
      {"$XDG_CONFIG_HOME", also_in_homes({user.config_home}, ".config")},
      {"$XDG_DATA_HOME", also_in_homes({user.data_home}, ".local/share")},
      {"$XDG_STATE_HOME", also_in_homes({user.state_home}, ".local/state")},
      {"$XDG_RUNTIME_DIR", {user.runtime_directory, "/run/user/" + std::to_string(::geteuid())}}};
}

// expanded returns every path that a pattern stands for.
std::vector<std::string> expanded(std::string_view pattern, const std::vector<Place>& places) {
  const auto place = std::ranges::find_if(places, [&](const Place& each) {
    return pattern.starts_with(each.prefix) &&
           (pattern.size() == each.prefix.size() || pattern[each.prefix.size()] == '/');
  });
  if (place == places.end()) {
    return {std::string(pattern)};
  }
  std::vector<std::string> paths;
  for (const std::string& root : place->roots) {
    if (!root.empty()) {
      paths.push_back(join_path(root, pattern.substr(place->prefix.size())));
    }
  }
  return paths;
}

std::string variable(std::span<const char* const> environment, std::string_view name) {
  for (const char* const entry : environment) {
    const std::string_view text(entry == nullptr ? "" : entry);
    if (text.size() > name.size() && text.starts_with(name) && text[name.size()] == '=') {
      const std::string_view value = text.substr(name.size() + 1);
      return value.starts_with('/') ? normal_path(value) : std::string();
    }
  }
  return {};
}

std::string sentence(const std::string& path, const NeverGrant& found) {
  const std::string entry = printable(found.entry);
  const std::string why = " (" + std::string(found.why) + ")";
  const std::string mount =
      found.other_name.empty()
          ? ""
          : "; by a mount it has " + printable(found.other_name) + " under another name";
  if (found.relation == NeverGrant::Relation::Covers) {
    return printable(path) + " covers " + entry + ", which is never granted" + why +
           ", and a grant cannot leave out what it covers" + mount;
  }
  return path == found.entry
             ? entry + " is never granted" + why
             : printable(path) + (found.other_name == found.entry ? " is " : " lies in ") + entry +
                   ", which is never granted" + why + mount;
}

std::string remedy(const std::string& path, const NeverGrant& found) {
  std::string text;
  if (found.relation == NeverGrant::Relation::Covers) {
    text = "grant the directories below " + shell_quote(path) + " that are needed";
  }
  if (found.owner != NeverGrantOwner::Nono) {
    text += text.empty() ? "" : ", or ";
    text += "--override-never-grant " + shell_quote(found.entry);
  }
  return text;
}

}  // namespace

UserPlaces places_from(std::span<const char* const> environment) {
  return {.home = variable(environment, "HOME"),
          .config_home = variable(environment, "XDG_CONFIG_HOME"),
          .data_home = variable(environment, "XDG_DATA_HOME"),
          .state_home = variable(environment, "XDG_STATE_HOME"),
          .runtime_directory = variable(environment, "XDG_RUNTIME_DIR")};
}

// Resolver resolves the few directories that the many entries lie in once each: this is on the way
// of every start.
class NeverGrantList::Resolver {
 public:
  // spellings are the path itself, the path below its resolved directory (what is not there yet may
  // come to be there), and where links lead: the path, or what is there of a pattern.
  std::vector<std::string> spellings(const std::string& path) {
    std::vector<std::string> all = {path};
    const std::optional<std::string>& parent = directory(std::string(directory_name(path)));
    if (parent) {
      all.push_back(join_path(*parent, base_name(path)));
      for (const std::string& there : presence_.of(path)) {
        struct stat status{};
        if (::lstat(there.c_str(), &status) == 0 && S_ISLNK(status.st_mode)) {
          all.push_back(resolved(there).value_or(there));
        }
      }
    }
    return all;
  }

  Listings take_listings() { return presence_.take(); }

 private:
  // directory is realpath(3) of a normal path, one step from what is known of the one above.
  const std::optional<std::string>& directory(const std::string& path) {
    const auto known = directories_.find(path);
    return known != directories_.end() ? known->second
                                       : directories_.emplace(path, look_up(path)).first->second;
  }
  std::optional<std::string> look_up(const std::string& path) {
    if (path == "/" || !path.starts_with('/')) {
      return resolved(path);
    }
    const std::optional<std::string>& above = directory(std::string(directory_name(path)));
    if (!above) {
      return std::nullopt;
    }
    std::string here = join_path(*above, base_name(path));
    std::array<char, 1> target{};
    if (::readlink(here.c_str(), target.data(), target.size()) >= 0) {
      return resolved(here);
    }
    return errno == EINVAL ? std::optional(std::move(here)) : std::nullopt;  // EINVAL: not a link
  }
  std::map<std::string, std::optional<std::string>> directories_;
  Presence presence_;
};

void NeverGrantList::add(const NeverGrantRow& row, const std::string& path, Resolver& resolver) {
  for (std::string& each : resolver.spellings(normal_path(path))) {
    const bool known = std::ranges::any_of(
        entries_, [&](const Entry& entry) { return entry.row == &row && entry.path == each; });
    if (!known) {
      entries_.push_back({.row = &row, .path = std::move(each)});
    }
  }
}

Result<NeverGrantList> NeverGrantList::for_places(const UserPlaces& places,
                                                  const std::vector<std::string>& overrides) {
  NeverGrantList list;
  NONO_TRY(list.mounts_, MountNames::read());
  Resolver resolver;
  const std::vector<Place> known = places_of(places);
  for (const NeverGrantRow& row : never_grant_rows()) {
    for (const std::string& path : expanded(row.pattern, known)) {
      list.add(row, path, resolver);
    }
  }
  list.listings_ = resolver.take_listings();
  for (const std::string& path : overrides) {
    NONO_CHECK(list.open_up(normal_path(path)));
  }
  return list;
}

// not_held_back: where something beneath it is, that is what was meant, each by its own name.
Error NeverGrantList::not_held_back(const std::string& override_path) const {
  Error out(ErrorKind::Usage,
            "--override-never-grant " + shell_quote(override_path) + ": is not held back");
  const std::vector<std::string> beneath_it = hidden_beneath(override_path);
  const auto one = std::ranges::find_if(beneath_it, [this](const std::string& path) {
    const auto found = find(path, GrantUse::Reading);
    return found && found->owner != NeverGrantOwner::Nono;
  });
  return one == beneath_it.end()
             ? std::move(out).mend_with("grant it with --allow, --read or --write")
             : Error(ErrorKind::Usage, out.message() + " itself, but " + *one + " in it is")
                   .mend_with("--override-never-grant " + shell_quote(*one));
}

Result<void> NeverGrantList::open_up(const std::string& override_path) {
  bool held_back = is_block_device(override_path);
  for (const Entry& entry : entries_) {
    if (!matched_root(entry.path, override_path)) {
      continue;
    }
    if (entry.row->owner == NeverGrantOwner::Nono) {
      return fail(ErrorKind::Usage, "--override-never-grant " + shell_quote(override_path) + ": " +
                                        std::string(entry.row->why) +
                                        " stay closed to every agent");
    }
    held_back = true;
  }
  if (!held_back) {
    return std::unexpected(not_held_back(override_path));
  }
  open_.push_back(override_path);
  if (const auto real = resolved(override_path)) {
    open_.push_back(*real);
  }
  std::erase_if(entries_, [&](const Entry& entry) {
    return std::ranges::find(open_, entry.path) != open_.end();
  });
  return {};
}

bool NeverGrantList::is_open(const std::string& path) const {
  return std::ranges::any_of(open_, [&](const std::string& each) { return beneath(each, path); });
}

std::optional<NeverGrant> NeverGrantList::beneath_entry(const Entry& entry, const std::string& path,
                                                        GrantUse use) {
  const NeverGrantRow& row = *entry.row;
  auto root = matched_root(entry.path, path);
  if (!root) {
    return std::nullopt;
  }
  const bool may_read = use == GrantUse::Reading && is_readable(row, relative_to(*root, path));
  const bool single = row.reach == NeverGrantReach::Directory && path != *root;
  if (may_read || single) {
    return std::nullopt;
  }
  return NeverGrant{.entry = *std::move(root),
                    .why = row.why,
                    .owner = row.owner,
                    .relation = NeverGrant::Relation::Beneath};
}

std::optional<NeverGrant> NeverGrantList::covering(const Entry& entry, const std::string& path) {
  const NeverGrantRow& row = *entry.row;
  const bool covers = has_pattern(entry.path) ? beneath(path, directory_name(entry.path))
                                              : path != entry.path && beneath(path, entry.path);
  if (!covers) {
    return std::nullopt;
  }
  std::string where = entry.path;
  if (row.reach != NeverGrantReach::Tree) {
    std::vector<std::string> there = Presence().of(entry.path);
    if (there.empty()) {
      return std::nullopt;
    }
    where = std::move(there.front());
  }
  return NeverGrant{.entry = std::move(where),
                    .why = row.why,
                    .owner = row.owner,
                    .relation = NeverGrant::Relation::Covers};
}

std::optional<NeverGrant> NeverGrantList::find_spelt(const std::string& path, GrantUse use) const {
  // What the grant lies in says more than what it covers.
  const bool open = is_open(path);
  for (const Entry& entry : entries_) {
    auto found = beneath_entry(entry, path, use);
    if (found && (!open || found->owner == NeverGrantOwner::Nono)) {
      return found;
    }
  }
  for (const Entry& entry : entries_) {
    if (auto found = covering(entry, path)) {
      return found;
    }
  }
  return std::nullopt;
}

// find_elsewhere: what a mount only hides behind another name. Where the machine shows a directory
// of somebody's in a place of its own (a container's volume, say), that does not make it the
// machine's.
std::optional<NeverGrant> NeverGrantList::find_elsewhere(const std::string& real,
                                                         GrantUse use) const {
  for (const MountNames::Name& name : mounts_.of(real)) {
    auto found = find_spelt(name.path, use);
    const bool lent = found && found->owner == NeverGrantOwner::System &&
                      found->relation == NeverGrant::Relation::Beneath &&
                      name.point != found->entry && beneath(found->entry, name.point);
    if (found && !lent) {
      found->relation = name.part ? NeverGrant::Relation::Covers : found->relation;
      found->other_name = name.path;
      return found;
    }
  }
  return std::nullopt;
}

// find_respelt: realpath(3) keeps the letters that were asked for.
std::optional<NeverGrant> NeverGrantList::find_respelt(const std::string& real,
                                                       GrantUse use) const {
  for (const Entry& entry : entries_) {
    const auto listed = spelt_as(real, entry.path);
    if (auto found = listed ? find_spelt(*listed, use) : std::nullopt) {
      return found;
    }
  }
  return std::nullopt;
}

std::optional<NeverGrant> NeverGrantList::find(const std::string& path, GrantUse use) const {
  const std::string spelt = normal_path(path);
  const std::string real = resolved(spelt).value_or(spelt);
  if (auto found = find_spelt(spelt, use)) {
    return found;
  }
  if (auto found = real == spelt ? std::nullopt : find_spelt(real, use)) {
    return found;
  }
  if (auto found = find_respelt(real, use)) {
    return found;
  }
  if (auto found = find_elsewhere(real, use)) {
    return found;
  }
  if (is_block_device(real) && !is_open(spelt) && !is_open(real)) {
    return NeverGrant{.entry = real,
                      .why = "a block device: the file systems on it",
                      .owner = NeverGrantOwner::System,
                      .relation = NeverGrant::Relation::Beneath};
  }
  return std::nullopt;
}

Result<void> NeverGrantList::check(const std::string& path, GrantUse use) const {
  const auto found = find(path, use);
  if (!found) {
    return {};
  }
  const std::string spelt = normal_path(path);
  return std::unexpected(
      Error(ErrorKind::PermissionDenied, sentence(spelt, *found)).mend_with(remedy(spelt, *found)));
}

std::vector<std::string> NeverGrantList::hidden(const std::string& directory,
                                                const Listings& earlier) const {
  std::vector<std::string> hidden;
  Presence presence(earlier);
  for (const Entry& entry : entries_) {
    if (!beneath(directory, entry.path)) {
      continue;
    }
    for (std::string& path : presence.of(entry.path)) {
      if (std::ranges::find(hidden, path) == hidden.end()) {
        hidden.push_back(std::move(path));
      }
    }
  }
  return hidden;
}

std::vector<std::string> NeverGrantList::hidden_beneath(const std::string& directory) const {
  return hidden(directory, {});
}

std::vector<std::string> NeverGrantList::hidden_at_first(const std::string& directory) const {
  return hidden(directory, listings_);
}

std::vector<std::string> NeverGrantList::names_at_first(const std::string& directory) const {
  const auto listed = listings_.find(directory);
  return listed != listings_.end() ? listed->second : names_now(directory);
}

}  // namespace nono::profile
