#include "engine/project_places.h"

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "engine/home_links.h"
#include "engine/object.h"

namespace nono::engine {
namespace {

constexpr std::string_view kGit = ".git";
constexpr std::string_view kGitPlace = ".git/";
constexpr std::size_t kLongestGitfile = 8192;

// line_in is the first line of a small file; nothing where it is none, or is empty.
std::optional<std::string> line_in(const std::string& path) {
  const auto text = read_file(path, kLongestGitfile);
  if (!text) {
    return std::nullopt;
  }
  std::string line = text->substr(0, text->find_first_of("\r\n"));
  return line.empty() ? std::nullopt : std::optional(std::move(line));
}

std::string resolved_from(const std::string& directory, std::string_view path) {
  return resolved_path(
      normal_path(path.starts_with('/') ? std::string(path) : join_path(directory, path)));
}

// named_git: the rows of the table mean it already.
bool named_git(const std::string& path) {
  return (path + "/").contains("/.git/");
}

class Projects {
 public:
  void add(const std::string& directory, bool always) {
    for (std::string at = directory; seen_.insert(at).second; at = directory_name(at)) {
      struct stat status{};
      if (::lstat(join_path(at, kGit).c_str(), &status) == 0) {
        add_git(at, status.st_mode);
        add_links(at);
        return;
      }
    }
    if (always) {
      add_links(directory);
    }
  }
  std::vector<sandbox::HomePlace> take() { return std::move(places_); }

 private:
  void add_git(const std::string& project, mode_t mode) {
    constexpr std::string_view kGitdir = "gitdir: ";
    const auto line = S_ISREG(mode) ? line_in(join_path(project, kGit)) : std::nullopt;
    if (!line || !line->starts_with(kGitdir)) {
      return;  // a directory; of a link add_links knows
    }
    const std::string git = resolved_from(project, std::string_view(*line).substr(kGitdir.size()));
    place(git);
    if (const auto common = line_in(join_path(git, "commondir"))) {
      place(resolved_from(git, *common));
    }
  }
  void place(std::string git) {
    if (git.size() > 1 && !named_git(git)) {
      places_.push_back({.path = std::move(git), .stands_for = kGitPlace});
    }
  }
  void add_links(const std::string& project) {
    for (sandbox::HomePlace& place : linked_places(project, NamesOf::Project)) {
      places_.push_back(std::move(place));
    }
  }

  std::set<std::string> seen_;
  std::vector<sandbox::HomePlace> places_;
};

}  // namespace

std::vector<sandbox::HomePlace> project_places(std::span<const std::string> directories) {
  Projects projects;
  bool first = true;
  for (const std::string& directory : directories) {
    projects.add(directory, std::exchange(first, false));
  }
  return projects.take();
}

}  // namespace nono::engine
