#include "profile/generalise.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "profile/groups.h"

namespace nono::profile {
namespace {

using sandbox::Access;

// The rights are generalised one by one: many files that are read and one that is written do not
// make a directory that is written.
constexpr std::array kRights = {Access::read(), Access::write(), Access::execute()};

// Needs is what one right is needed for: a path, and whether it is a directory as a whole.
using Needs = std::map<std::string, bool>;

bool covers(const std::string& held, bool directory, std::string_view path) {
  return held == path || (directory && beneath(held, path));
}

Access access_of(GroupAccess access) {
  const Access all = Access::read() | Access::write() | Access::execute();
  switch (access) {
    case GroupAccess::Read:
    case GroupAccess::Settings:
      return Access::read() | Access::execute();
    case GroupAccess::ReadWrite:
    case GroupAccess::State:
      return all;
    case GroupAccess::ReadFile:
      return Access::read();
    case GroupAccess::ReadWriteFile:
      return Access::read() | Access::write();
    case GroupAccess::Deny:
      return Access::none();
  }
  std::unreachable();
}

class Generaliser {
 public:
  Generaliser(const Uses& uses, const LearnView& view) : uses_(uses), view_(view) {}

  Learned run(const std::string& name, const std::string& extends) {
    take_uses();
    drop_covered();  // before groups: one that would stand for nothing more gives all it keeps
    take_groups();
    for (const Access right : kRights) {
      widen(needs(right));
    }
    drop_covered();
    Json document{Json::Object{}};
    document.set("meta", Json::Object{{"name", name}, {"description", "learned from a run"}});
    if (!extends.empty()) {
      document.set("extends", extends);
    }
    if (!groups_.empty()) {
      document.set("groups", list_of(groups_));
    }
    add_filesystem(document);
    add_network(document);
    add_workdir(document);
    return {std::move(document), std::move(notes_)};
  }

 private:
  bool blocks_network() const {
    return !uses_.datagrams && uses_.connected.empty() && uses_.listened.empty();
  }

  static std::size_t index_of(Access right) {
    return right == Access::read() ? 0 : right == Access::write() ? 1 : 2;
  }
  Needs& needs(Access right) { return needs_[index_of(right)]; }

  // take_uses: links, and moves from one grant to another, are in the way only where the network is
  // blocked: such a run has a view of its own, in which there is what is granted.
  void take_uses() {
    for (const UsedPath& use : uses_.paths) {
      if (blocks_network() || (!use.way && use.as != UsedAs::Away)) {
        take(use);
      }
    }
    own_directories();
  }

  void take(const UsedPath& use) {
    switch (use.as) {
      case UsedAs::Read:
        need(use, use.path, Access::read(), false);
        break;
      case UsedAs::Write:
        need(use, use.path, Access::write(), false);
        break;
      case UsedAs::Execute:
        need(use, use.path, Access::read(), false);
        need(use, use.path, Access::execute(), false);
        break;
      case UsedAs::List:
        need(use, use.path, Access::read(), true);
        break;
      case UsedAs::Name:
        need(use, std::string(directory_name(use.path)), Access::write(), true);
        break;
      case UsedAs::Away:
        need(use, std::string(directory_name(use.path)), Access::read(), true);
        break;
    }
  }

  void need(const UsedPath& use, const std::string& path, Access right, bool directory) {
    if (view_.granted(path).has(right)) {
      return;
    }
    if (beneath(view_.variables.working_directory, path)) {
      workdir_ = workdir_ | (use.way ? Access::read() : right);
      return;
    }
    const std::string why = why_not(path, right, directory);
    if (!why.empty()) {
      if (!use.way) {  // of what it led to it is said
        note(path, why);
      }
      return;
    }
    bool& held = needs(right)[path];
    held = held || directory;
  }

  // why_not says why a path is in no profile that is learned.
  std::string why_not(const std::string& path, Access right, bool directory) const {
    // $USER and $UID stand for something wherever they are written.
    if (!path.starts_with('/') || !is_utf8(path) || path.contains("$USER") ||
        path.contains("$UID")) {
      return "it has no path that a profile can name";
    }
    // What holds the home is a directory, whatever it was used as.
    if ((directory && too_broad(path)) || beneath(path, view_.variables.home)) {
      return "all of it would have to be granted";
    }
    return view_.forbidden(path, right);
  }

  // too_broad: everything of a user or of the machine lies in it.
  bool too_broad(std::string_view path) const {
    static constexpr auto kShared = std::to_array<std::string_view>(
        {"/var/lib", "/var/log", "/var/cache", "/usr/local", "/dev/shm"});
    const Variables& places = view_.variables;
    const auto is = [&](const std::string& place) { return path == place; };
    return std::ranges::count(path, '/') < 2 || std::ranges::find(kShared, path) != kShared.end() ||
           beneath(path, places.home) || is(places.config_home) || is(places.data_home) ||
           is(places.state_home) || is(places.cache_home) || directory_name(path) == "/home";
  }

  // own_directories: where the program makes names, what it reads is of its own making, and has
  // another name the next time.
  void own_directories() {
    for (const auto& [path, directory] : needs(Access::write())) {
      const bool reads =
          directory && std::ranges::any_of(needs(Access::read()), [&](const auto& read) {
            return beneath(path, read.first);
          });
      if (reads && view_.forbidden(path, Access::read()).empty()) {
        needs(Access::read())[path] = true;
      }
    }
  }

  void take_groups() {
    for (;;) {
      const Group* best = nullptr;
      std::size_t most = kGroupUses - 1;
      for (const Group& group : all_groups()) {
        const std::size_t count = is_narrow(group) ? met(group) : 0;
        if (count > most) {
          best = &group;
          most = count;
        }
      }
      if (best == nullptr) {
        break;
      }
      groups_.emplace_back(best->name);
      leave_to(*best);
    }
    std::ranges::sort(groups_);
  }

  // is_narrow: a group that a proposal may name. One of all caches says nothing about the program;
  // one with something that may not be granted would make a profile that does not compose.
  bool is_narrow(const Group& group) const {
    return is_of_this_platform(group) && group.enforced &&
           std::ranges::none_of(group.rows, [&](const GroupRow& row) {
             const auto place = expand_path(row.path, view_.variables);
             return row.access == GroupAccess::Deny ||
                    (place && place->has_value() &&
                     (too_broad(**place) ||
                      !view_.forbidden(**place, access_of(row.access)).empty()));
           });
  }

  bool gives(const Group& group, const std::string& path, Access right) const {
    return std::ranges::any_of(group.rows, [&](const GroupRow& row) {
      const auto place = expand_path(row.path, view_.variables);
      const bool file =
          row.access == GroupAccess::ReadFile || row.access == GroupAccess::ReadWriteFile;
      return access_of(row.access).has(right) && place && place->has_value() &&
             covers(**place, !file, path);
    });
  }

  std::size_t met(const Group& group) const {
    std::set<std::string> paths;
    for (const Access right : kRights) {
      for (const auto& [path, directory] : needs_[index_of(right)]) {
        if (gives(group, path, right)) {
          paths.insert(path);
        }
      }
    }
    return paths.size();
  }

  void leave_to(const Group& group) {
    for (const Access right : kRights) {
      std::erase_if(needs(right),
                    [&](const auto& held) { return gives(group, held.first, right); });
    }
  }

  // widen puts a directory in place of many of its entries, the deepest first.
  void widen(Needs& held) {
    std::size_t depth = 0;
    for (const auto& [path, directory] : held) {
      depth = std::max(depth, static_cast<std::size_t>(std::ranges::count(path, '/')));
    }
    for (; depth > 1; --depth) {
      std::map<std::string, std::size_t> entries;
      for (const auto& [path, directory] : held) {
        if (static_cast<std::size_t>(std::ranges::count(path, '/')) == depth) {
          ++entries[std::string(directory_name(path))];
        }
      }
      for (const auto& [directory, count] : entries) {
        if (count >= kManySiblings && !too_broad(directory) && may_be_whole(directory, held)) {
          held[directory] = true;
        }
      }
    }
  }

  bool may_be_whole(const std::string& directory, const Needs& held) const {
    return view_.forbidden(directory, kRights.at(static_cast<std::size_t>(&held - needs_.data())))
        .empty();
  }

  // drop_covered leaves out what lies in a directory that is granted anyway. A profile's `read` of
  // a directory is executing in it, too.
  void drop_covered() {
    for (const Access right : kRights) {
      drop_beneath(needs(right), directories_of(needs(right)));
    }
    const std::set<std::string> read = directories_of(needs(Access::read()));
    drop_beneath(needs(Access::execute()), read);
  }

  static std::set<std::string> directories_of(const Needs& held) {
    std::set<std::string> out;
    for (const auto& [path, directory] : held) {
      if (directory) {
        out.insert(path);
      }
    }
    return out;
  }

  static void drop_beneath(Needs& held, const std::set<std::string>& directories) {
    std::erase_if(held, [&](const auto& need) {
      for (std::string_view at = directory_name(need.first); at.size() > 1;
           at = directory_name(at)) {
        if (directories.contains(std::string(at))) {
          return true;
        }
      }
      return false;
    });
  }

  // written spells a path with the variable that says where it lies.
  std::string written(const std::string& path) const {
    const Variables& places = view_.variables;
    const std::array<std::pair<std::string_view, const std::string*>, 5> known = {
        {{"$XDG_CONFIG_HOME", &places.config_home},
         {"$XDG_DATA_HOME", &places.data_home},
         {"$XDG_STATE_HOME", &places.state_home},
         {"$XDG_CACHE_HOME", &places.cache_home},
         {"$HOME", &places.home}}};
    for (const auto& [variable, place] : known) {
      if (place->size() > 1 && beneath(*place, path)) {
        return std::string(variable) + path.substr(place->size());
      }
    }
    return path;
  }

  void add_filesystem(Json& document) {
    std::map<std::string, std::pair<Access, bool>> all;
    for (const Access right : kRights) {
      for (const auto& [path, directory] : needs(right)) {
        auto& [access, whole] = all.try_emplace(path, Access::none(), false).first->second;
        access = access | right;
        whole = whole || directory;
      }
    }
    std::map<std::string_view, std::vector<std::string>> lists;
    for (const auto& [path, held] : all) {
      for (const std::string_view field : fields_for(held.first, held.second)) {
        lists[field].push_back(written(path));
      }
    }
    add_sockets(lists["unix_socket"]);
    std::erase_if(lists, [](const auto& list) { return list.second.empty(); });
    Json filesystem{Json::Object{}};
    for (auto& [field, paths] : lists) {
      std::ranges::sort(paths);
      filesystem.set(field, list_of(paths));
    }
    if (!lists.empty()) {
      document.set("filesystem", std::move(filesystem));
    }
  }

  void add_sockets(std::vector<std::string>& list) {
    for (const std::string& path : uses_.sockets) {
      const std::string why = why_not(path, Access::connect(), false);
      if (!why.empty()) {
        note(path, why);
      } else if (!view_.granted(path).has(Access::connect())) {
        list.push_back(written(path));
      }
    }
  }

  static std::vector<std::string_view> fields_for(Access access, bool directory) {
    const bool writes = access.has(Access::write());
    const bool executes = access.has(Access::execute());
    const bool reads = access.has(Access::read());
    if (directory) {
      return {writes && (reads || executes) ? "allow" : writes ? "write" : "read"};
    }
    if (executes) {
      return writes ? std::vector<std::string_view>{"allow_file", "exec"}
                    : std::vector<std::string_view>{"exec"};
    }
    return {writes && reads ? "allow_file" : writes ? "write_file" : "read_file"};
  }

  void add_network(Json& document) {
    if (uses_.datagrams) {
      notes_.emplace_back(
          "network: UDP was used (names, perhaps), which no list of ports allows: left open");
      return;
    }
    if (uses_.free_ports) {
      notes_.emplace_back(
          "network: it listened on any free port, which no list of ports allows: left open");
      return;
    }
    Json network{Json::Object{}};
    if (blocks_network()) {
      network.set("block", true);
    }
    if (!uses_.connected.empty()) {
      network.set("connect_port", ports(uses_.connected));
    }
    if (!uses_.listened.empty()) {
      network.set("listen_port", ports(uses_.listened));
    }
    document.set("network", std::move(network));
  }

  void add_workdir(Json& document) const {
    const bool writes = workdir_.has(Access::write());
    const bool reads = workdir_.has(Access::read()) || workdir_.has(Access::execute());
    if (reads || writes) {
      document.set("workdir", Json::Object{{"access", reads && writes ? "readwrite"
                                                      : writes        ? "write"
                                                                      : "read"}});
    }
  }

  static Json ports(const std::set<std::uint16_t>& numbers) {
    Json::Array out;
    for (const std::uint16_t number : numbers) {
      out.emplace_back(std::int64_t{number});
    }
    return {std::move(out)};
  }

  static Json list_of(const std::vector<std::string>& texts) {
    Json::Array out;
    for (const std::string& text : texts) {
      out.emplace_back(text);
    }
    return {std::move(out)};
  }

  void note(const std::string& path, const std::string& why) {
    constexpr std::size_t kMaxNotes = 200;
    std::string line = printable(path) + " was used and is not in the profile: " + why;
    if (notes_.size() < kMaxNotes && told_.insert(line).second) {
      notes_.push_back(std::move(line));
    }
  }

  const Uses& uses_;
  const LearnView& view_;
  std::array<Needs, kRights.size()> needs_;
  Access workdir_ = Access::none();
  std::vector<std::string> groups_;
  std::vector<std::string> notes_;
  std::set<std::string> told_;
};

}  // namespace

Learned generalise(const Uses& uses, const LearnView& view, const std::string& name,
                   const std::string& extends) {
  return Generaliser(uses, view).run(name, extends);
}

}  // namespace nono::profile
