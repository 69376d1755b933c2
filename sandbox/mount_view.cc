#include "sandbox/mount_view.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/files.h"
#include "sandbox/own_namespaces.h"

namespace nono::sandbox {
namespace {

constexpr mode_t kDirectoryMode = 0755;
constexpr int kMaxLinks = 40;  // as many as the kernel follows
constexpr std::string_view kDevices = "/dev";
constexpr std::string_view kTerminals = "/dev/pts";
constexpr const char* kTerminalMaker = "/dev/ptmx";

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::string text_of_link(const std::string& path) {
  std::array<char, PATH_MAX> text{};
  const ssize_t got = ::readlink(path.c_str(), text.data(), text.size());
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
}

// names_in are the paths of what is of that type (readdir(3)) in a directory; not every file system
// tells of links.
std::vector<std::string> names_in(const std::string& directory, unsigned char type) {
  std::vector<std::string> out;
  const std::unique_ptr<DIR, CloseDirectory> open(::opendir(directory.c_str()));
  while (open) {
    const dirent* const entry = ::readdir(open.get());  // NOLINT(concurrency-mt-unsafe): our own
    if (entry == nullptr) {
      break;
    }
    const std::string_view name(&entry->d_name[0]);
    const bool fits = entry->d_type == type || (type == DT_LNK && entry->d_type == DT_UNKNOWN);
    if (fits && name != "." && name != "..") {
      out.push_back(join_path(directory, name));
    }
  }
  return out;
}

std::string target_from(const std::string& link, std::string_view text) {
  return normal_path(text.starts_with('/') ? std::string(text)
                                           : join_path(directory_name(link), text));
}

// make_root is an empty file system in memory, mounted nowhere yet; not valid: errno says why.
OwnedFd make_root() noexcept {
  const OwnedFd made(::fsopen("tmpfs", FSOPEN_CLOEXEC));
  const int context = BorrowedFd(made).raw();
  if (!made.valid() || ::fsconfig(context, FSCONFIG_SET_STRING, "mode", "0755", 0) != 0 ||
      ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
    return {};
  }
  return OwnedFd(::fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV));
}

// kEmpty is taken away once it lies over all that is to be covered.
constexpr const char* kEmpty = ".nono-empty";

int cover(int root, const char* name) noexcept {
  const OwnedFd empty(::open_tree(root, kEmpty, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  return empty.valid() &&
                 ::move_mount(BorrowedFd(empty).raw(), "", root, name, MOVE_MOUNT_F_EMPTY_PATH) == 0
             ? 0
             : errno;
}

// mount_root puts an empty file system over what has the name.
int mount_root(int root, const char* name) noexcept {
  const OwnedFd made = make_root();
  return made.valid() &&
                 ::move_mount(BorrowedFd(made).raw(), "", root, name, MOVE_MOUNT_F_EMPTY_PATH) == 0
             ? 0
             : errno;
}

// mount_at puts what `path` leads to at the same name in the new root.
int mount_at(int root, const std::string& path, dev_t device, ino_t inode) noexcept {
  const OwnedFd tree(::open_tree(AT_FDCWD, path.c_str(),
                                 OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                                     static_cast<unsigned>(AT_RECURSIVE | AT_SYMLINK_NOFOLLOW)));
  struct stat found{};
  if (!tree.valid() || ::fstat(BorrowedFd(tree).raw(), &found) != 0) {
    return errno;
  }
  if (found.st_dev != device || found.st_ino != inode) {
    return ESTALE;
  }
  return ::move_mount(BorrowedFd(tree).raw(), "", root, path.c_str() + 1,
                      MOVE_MOUNT_F_EMPTY_PATH) == 0
             ? 0
             : errno;
}

int make_directory(int root, const char* name) noexcept {
  return ::mkdirat(root, name, kDirectoryMode) == 0 ? 0 : errno;
}

int make_file(int root, const char* name) noexcept {
  const OwnedFd made(::openat(root, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  return made.valid() ? 0 : errno;
}

// hide_directory leads a standard stream that is a directory to the root of the view: from where it
// leads, `..` goes on outside. What it names stays for who opens it by its path.
bool hide_directory(int stream) noexcept {
  struct stat status{};
  if (::fstat(stream, &status) != 0 || !S_ISDIR(status.st_mode)) {
    return true;
  }
  const OwnedFd root(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  return root.valid() && ::dup2(BorrowedFd(root).raw(), stream) == stream;
}

// A view of nothing mounts nothing of the file system: that is tried with its own root.
int try_view() noexcept {
  const int unshared = unshare_as_oneself(CLONE_NEWNS);
  const int failed = unshared != 0 ? unshared : MountView().enter();
  if (failed != 0) {
    return failed;
  }
  const OwnedFd tree(::open_tree(AT_FDCWD, "/", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
  return tree.valid() ? 0 : errno;
}

}  // namespace

// Planner adds to a view, from the granted objects to what leads there.
class MountView::Planner {
 public:
  explicit Planner(MountView& view) : entries_(view.entries_), view_(view) {}

  void mount(const PathGrant& grant) {
    if (!grant.shown_as.starts_with('/') || view_.mounted_above(grant.shown_as)) {
      return;
    }
    lead_to(directory_name(grant.shown_as));
    entries_[grant.shown_as] = {
        grant.kind == PathKind::Directory ? Kind::Tree : Kind::File, {}, grant.device, grant.inode};
  }

  // mount_devices mounts /dev where terminals are granted and need it.
  void mount_devices(std::span<const PathGrant* const> grants) {
    const auto is_granted = [&](std::string_view path) {
      return std::ranges::find(grants, path, &PathGrant::shown_as) != grants.end();
    };
    struct stat devices{};
    struct stat maker{};
    const bool terminals = is_granted(kTerminals) && !is_granted(kDevices) &&
                           ::lstat(kTerminalMaker, &maker) == 0 && S_ISCHR(maker.st_mode) &&
                           ::stat(std::string(kDevices).c_str(), &devices) == 0;
    if (!terminals) {
      return;
    }
    entries_[std::string(kDevices)] = {Kind::Tree, {}, devices.st_dev, devices.st_ino};
    for (const std::string& directory : names_in(std::string(kDevices), DT_DIR)) {
      if (!is_granted(directory)) {
        entries_[directory].kind = Kind::Cover;
      }
    }
  }

  // lead_to makes a directory and all above it.
  void lead_to(std::string_view path) {
    for (; path.size() > 1 && !view_.mounted_above(path); path = directory_name(path)) {
      Kind& kind = entries_.try_emplace(std::string(path)).first->second.kind;
      kind = kind == Kind::Cover ? Kind::Root : kind;
    }
  }

  // spell makes the links on the way that `path` names.
  void spell(std::string path) {
    if (!path.starts_with('/')) {
      return;
    }
    std::size_t end = 1;
    for (int links = 0; end < path.size() && links < kMaxLinks;) {
      if (view_.mounted_above(path)) {
        return;
      }
      end = std::min(path.find('/', end), path.size());
      const std::string here = path.substr(0, end);
      if (const std::string text = text_of_link(here); !text.empty()) {
        lead_to(directory_name(here));
        entries_.try_emplace(here, Entry{Kind::Link, text});
        path = normal_path(target_from(here, text) + path.substr(end));
        ++links;
        end = 1;
      } else {
        ++end;
      }
    }
    if (struct stat status{}; ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) {
      lead_to(path);
    }
  }

  // add_links adds the links to what is granted that lie in the directories of the view, by their
  // text: a look at where they lead may take for ever, where a server is gone. A link to a link
  // waits for the next round; one that takes too many of them is none that the kernel follows.
  void add_links() {
    std::map<std::string, std::string> links = links_of_view();
    bool more = true;
    for (int round = 0; more && round < kMaxLinks; ++round) {
      more = std::erase_if(links, [&](const auto& link) { return added(link.first, link.second); });
    }
  }

 private:
  std::map<std::string, std::string> links_of_view() const {
    std::vector<std::string> directories{"/"};
    for (const auto& [path, entry] : entries_) {
      if (entry.kind == Kind::Directory || entry.kind == Kind::Root) {
        directories.push_back(path);
      }
    }
    std::map<std::string, std::string> out;
    for (const std::string& directory : directories) {
      for (const std::string& link : names_in(directory, DT_LNK)) {
        out.emplace(link, text_of_link(link));
      }
    }
    return out;
  }

  bool added(const std::string& path, const std::string& text) {
    const bool leads_in = !text.empty() && view_.leads_in(target_from(path, text));
    return leads_in && entries_.try_emplace(path, Entry{Kind::Link, text}).second;
  }

  std::map<std::string, Entry, std::less<>>& entries_;
  const MountView& view_;
};

MountView MountView::of(const CapabilitySet& capabilities, std::span<const std::string> places) {
  MountView out;
  Planner planner(out);
  std::vector<const PathGrant*> grants;
  for (const PathGrant& grant : capabilities.paths()) {
    grants.push_back(&grant);
  }
  std::ranges::sort(grants, {}, &PathGrant::shown_as);  // what covers comes before what it covers
  planner.mount_devices(grants);
  for (const PathGrant* grant : grants) {
    planner.mount(*grant);
  }
  for (const PathGrant* grant : grants) {
    for (const std::string& asked : grant->asked) {
      planner.spell(asked);
    }
  }
  for (const std::string& place : places) {
    planner.spell(normal_path(place));
  }
  planner.add_links();
  return out;
}

void MountView::show_way(const std::string& path) {
  Planner(*this).spell(normal_path(path));
}

// mounted_above: `path` is mounted, or lies beneath what is.
bool MountView::mounted_above(std::string_view path) const {
  for (std::string_view here = path; here.size() > 1; here = directory_name(here)) {
    const auto found = entries_.find(here);
    if (found == entries_.end()) {
      continue;
    }
    const Kind kind = found->second.kind;
    if (kind == Kind::Cover || kind == Kind::Root || kind == Kind::Tree) {
      return kind == Kind::Tree;
    }
    if (kind == Kind::File && here == path) {
      return true;
    }
  }
  return false;
}

// leads_in: beneath what is mounted, or beneath a link of the view.
bool MountView::leads_in(std::string_view path) const {
  for (std::string_view here = path; here.size() > 1; here = directory_name(here)) {
    if (const auto found = entries_.find(here); found != entries_.end()) {
      return found->second.kind == Kind::Link || mounted_above(path);
    }
  }
  return false;
}

bool MountView::shows(std::string_view path) const {
  return path == "/" || entries_.contains(path) || mounted_above(path);
}

// put makes one entry in the new root; 0 or an errno.
int MountView::put(int root, const std::string& path, const Entry& entry) noexcept {
  const char* const name = path.c_str() + 1;
  int failed = 0;
  switch (entry.kind) {
    case Kind::Cover:
      return cover(root, name);
    case Kind::Root:
      return mount_root(root, name);
    case Kind::Link:
      return ::symlinkat(entry.target.c_str(), root, name) == 0 ? 0 : errno;
    case Kind::Directory:
      return make_directory(root, name);
    case Kind::File:
      failed = make_file(root, name);
      break;
    case Kind::Tree:
      failed = make_directory(root, name);
      break;
  }
  return failed != 0 ? failed : mount_at(root, path, entry.device, entry.inode);
}

int MountView::fill(int root) const noexcept {
  int failed = make_directory(root, kEmpty);
  for (const auto& [path, entry] : entries_) {
    failed = failed == 0 ? put(root, path, entry) : failed;
  }
  return failed == 0 && ::unlinkat(root, kEmpty, AT_REMOVEDIR) != 0 ? errno : failed;
}

int MountView::enter() const noexcept {
  // Nothing that is mounted here is to show outside; what is mounted outside still comes in.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) {
    return errno;
  }
  const OwnedFd made = make_root();
  const int root = BorrowedFd(made).raw();
  if (!made.valid() || ::move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    return errno;
  }
  if (const int failed = fill(root); failed != 0) {
    return failed;
  }
  // pivot_root(2), NOTES: the old root comes to lie over the new one, and is taken away.
  const bool there = ::fchdir(root) == 0 && ::syscall(SYS_pivot_root, ".", ".") == 0 &&
                     ::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0 &&
                     hide_directory(STDIN_FILENO) && hide_directory(STDOUT_FILENO) &&
                     hide_directory(STDERR_FILENO);
  return there ? 0 : errno;
}

int try_own_mounts() {
  return errno_of_child(try_view);
}

}  // namespace nono::sandbox
