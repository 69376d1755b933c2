// engine/scan.cc: which entries of a tree are guarded.
#include "engine/scan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "attest/evidence.h"
#include "engine/tree_walk.h"

namespace nono::engine {
namespace {

using trustpolicy::GuardClass;
using trustpolicy::GuardedNames;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::uint64_t kEntriesPerLook = 512;
constexpr std::chrono::milliseconds kProgressPeriod{100};

constexpr std::array<std::string_view, 12> kAgentDirectories = {
    ".claude", ".cursor", ".agents",   ".codex",    ".github",     ".gemini",
    ".qwen",   ".vscode", ".windsurf", ".opencode", ".clinerules", ".roo"};
// What agents read beneath their own directories; the rest of them is state: sessions, caches.
constexpr std::array<std::string_view, 14> kLoadedParts = {
    "commands", "agents", "skills", "rules", "prompts",   "instructions",  "plugins",
    "command",  "agent",  "mode",   "modes", "chatmodes", "output-styles", "workflows"};
constexpr std::array<std::string_view, 12> kHomeDirectories = {
    ".claude",   ".codex",           ".gemini",       ".qwen",
    ".cursor",   ".agents",          ".goose",        ".windsurf",
    ".opencode", ".config/opencode", ".config/goose", ".config/claude"};
constexpr std::array<std::string_view, 3> kSystemDirectories = {"/etc/claude-code", "/etc/codex",
                                                                "/etc/gemini-cli"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// Budget counts entries and looks at the clock now and then.
class Budget {
 public:
  Budget(const ScanLimits& limits, const Progress& progress)
      : limits_(limits), progress_(progress), start_(now()), last_report_(start_) {}

  // spend reports whether the walk may go on.
  bool spend() {
    ++entries_;
    if (entries_ > limits_.entries) {
      exceeded_ = true;
    } else if (entries_ % kEntriesPerLook == 0) {
      look();
    }
    return !exceeded_;
  }
  std::uint64_t entries() const { return entries_; }
  bool exceeded() const { return exceeded_; }

 private:
  static SteadyTime now() { return std::chrono::steady_clock::now(); }
  void look() {
    const SteadyTime time = now();
    exceeded_ = time - start_ > limits_.time;
    if (progress_ && time - last_report_ >= kProgressPeriod) {
      last_report_ = time;
      progress_(entries_);
    }
  }
  ScanLimits limits_;
  const Progress& progress_;
  SteadyTime start_;
  SteadyTime last_report_;
  std::uint64_t entries_ = 0;
  bool exceeded_ = false;
};

enum class Autoload : unsigned char { ByPlace, Always };

class Collector final : public WalkVisitor {
 public:
  Collector(const GuardedNames& guard, Budget& budget, ScanResult& result)
      : guard_(guard), budget_(budget), result_(result) {}

  void start(const std::string& root, Autoload autoload) {
    root_size_ = root == "/" ? 0 : root.size();
    autoload_ = autoload;
  }

  bool entry(const std::string& directory, std::size_t depth, std::string_view name,
             EntryKind kind) override {
    if (!budget_.spend()) {
      return false;
    }
    if (kind == EntryKind::Directory) {
      return true;
    }
    path_ = join_path(directory, name);
    const GuardClass guard_class = guard_.classify(path_);
    if (guard_class != GuardClass::None) {
      result_.found.push_back({path_, guard_class, loads_by_itself(directory, depth)});
    } else if (name.ends_with(attest::kSidecarSuffix)) {
      note_bundle();
    }
    return true;
  }

  void listed(const std::string& directory, BorrowedFd fd) override {
    for (const std::string& signed_path : awaited_) {
      struct stat status{};
      const std::string name(base_name(signed_path));
      if (::fstatat(fd.raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
        result_.orphan_bundles.push_back(join_path(directory, name + ".bundle"));
      }
    }
    awaited_.clear();
  }

  void unreadable(const std::string& directory) override {
    awaited_.clear();
    result_.unreadable.push_back(directory);
  }

 private:
  void note_bundle() {
    path_.resize(path_.size() - attest::kSidecarSuffix.size());
    if (!path_.ends_with('/') && guard_.classify(path_) != GuardClass::None) {
      awaited_.push_back(path_);
    }
  }
  bool loads_by_itself(const std::string& directory, std::size_t depth) const {
    if (autoload_ == Autoload::Always || depth == 0) {
      return true;
    }
    std::string_view below(directory);
    below.remove_prefix(root_size_ + 1);
    return contains(kAgentDirectories, below.substr(0, below.find('/')));
  }

  const GuardedNames& guard_;
  Budget& budget_;
  ScanResult& result_;
  std::size_t root_size_ = 0;
  Autoload autoload_ = Autoload::ByPlace;
  std::string path_;
  std::vector<std::string> awaited_;  // what a sidecar of this directory signs
};

void finish(ScanResult& result, const Budget& budget) {
  std::ranges::sort(result.found, {}, &Found::path);
  std::ranges::sort(result.unreadable);
  std::ranges::sort(result.orphan_bundles);
  result.entries = budget.entries();
  result.complete = !budget.exceeded();
}

enum class Presence : unsigned char { There, Absent };

// PlaceScan looks at single places: one level of each, and the loaded parts of agents' directories.
class PlaceScan {
 public:
  PlaceScan(Collector& collector, ScanResult& result) : collector_(collector), result_(result) {}

  void look(const std::string& place) {
    if (contains(kAgentDirectories, base_name(place)) || !is_project_place(place)) {
      look_at_agent(place);
      return;
    }
    visit(place, Depth::OneDirectory);
    for (const std::string_view name : kAgentDirectories) {
      look_at_agent(join_path(place, name));
    }
  }
  void set_home(const std::string& home) { home_ = home; }

 private:
  // Agents' own directories in home and /etc are places themselves; projects hold such directories.
  bool is_project_place(const std::string& place) const {
    for (const std::string_view name : kHomeDirectories) {
      if (!home_.empty() && place == join_path(home_, name)) {
        return false;
      }
    }
    return !contains(kSystemDirectories, place);
  }
  // Most of these directories are not there, at every start.
  void look_at_agent(const std::string& directory) {
    if (visit(directory, Depth::OneDirectory) == Presence::Absent) {
      return;
    }
    for (const std::string_view part : kLoadedParts) {
      visit(join_path(directory, part), Depth::Whole);
    }
  }
  Presence visit(const std::string& directory, Depth depth) {
    collector_.start(directory, Autoload::Always);
    const Result<void> walked = TreeWalk(collector_, depth).walk(directory);
    const bool absent = !walked && (walked.error().kind() == ErrorKind::NotFound ||
                                    walked.error().code() == ENOTDIR);
    if (!walked && !absent) {
      result_.unreadable.push_back(directory);
    }
    return absent ? Presence::Absent : Presence::There;
  }

  Collector& collector_;
  ScanResult& result_;
  std::string home_;
};

}  // namespace

Result<ScanResult> scan_tree(const std::string& root, const GuardedNames& guard,
                             const ScanLimits& limits, const Progress& progress) {
  ScanResult result;
  Budget budget(limits, progress);
  Collector collector(guard, budget, result);
  collector.start(root, Autoload::ByPlace);
  NONO_CHECK(TreeWalk(collector).walk(root));
  finish(result, budget);
  return result;
}

std::vector<std::string> autoload_places(const std::string& working_directory,
                                         const std::string& home) {
  std::vector<std::string> places{working_directory};
  // The marker file need not exist: only its directory decides where the repository begins.
  const std::string root = attest::place_of(join_path(working_directory, "file")).repository_root;
  std::string directory = working_directory;
  while (!root.empty() && directory != root) {
    directory = std::string(directory_name(directory));
    places.push_back(directory);
  }
  for (const std::string_view name : kHomeDirectories) {
    if (!home.empty()) {
      places.push_back(join_path(home, name));
    }
  }
  places.insert(places.end(), kSystemDirectories.begin(), kSystemDirectories.end());
  return places;
}

Result<ScanResult> scan_autoload(const std::string& working_directory, const std::string& home,
                                 const GuardedNames& guard, const ScanLimits& limits) {
  ScanResult result;
  const Progress no_progress;
  Budget budget(limits, no_progress);
  Collector collector(guard, budget, result);
  PlaceScan scan(collector, result);
  scan.set_home(home);
  for (const std::string& place : autoload_places(working_directory, home)) {
    if (!beneath(working_directory, place)) {
      scan.look(place);
    }
  }
  finish(result, budget);
  const auto same = std::ranges::unique(result.found, {}, &Found::path);
  result.found.erase(same.begin(), same.end());
  return result;
}

}  // namespace nono::engine
