// sandbox/resolve_names.cc: last components: the directory that one lies in, and the links that it
// leads over.
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "base/files.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kMaxLinks = 40;

bool is_dots(std::string_view name) {
  return name == "." || name == "..";
}

// names_sibling: a link with that text leads to a name in its own directory.
bool names_sibling(std::string_view text) {
  return !text.empty() && !text.contains('/') && !is_dots(text);
}

// link_text is where a link leads; empty where there is none.
std::string link_text(int directory, const std::string& name) {
  std::array<char, PATH_MAX> target{};
  const ssize_t got = ::readlinkat(directory, name.c_str(), target.data(), target.size());
  return std::string(target.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
}

// leads_to: the name is the object's, and no link.
bool leads_to(int from, const std::string& path, const struct stat& object) {
  struct stat named{};
  return ::fstatat(from, path.c_str(), &named, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
         named.st_dev == object.st_dev && named.st_ino == object.st_ino && !S_ISLNK(named.st_mode);
}

}  // namespace

// few_looks fills in the names where the last component is the object itself, or a link (no magic
// one: the kernel followed none) to the object's own name beside it. There the link lies, too.
bool Resolver::few_looks(const OwnedFd& base, const std::string& path, const Opened& opened,
                         std::vector<std::string>& names) const {
  if (mounts_ != nullptr) {
    return false;  // a name is looked at there only after the way to it
  }
  const int from = base.valid() ? BorrowedFd(base).raw() : AT_FDCWD;
  const std::string_view name = base_name(path);
  const std::string_view own = base_name(opened.resolved);
  const std::string_view where = directory_name(opened.resolved);
  const std::string target = name == own ? std::string() : link_text(from, path);
  const bool beside =
      names_sibling(target) && target == own && where.size() + name.size() + 1 < PATH_MAX;
  if ((!target.empty() && !beside) ||
      !leads_to(from, path.substr(0, path.size() - name.size()).append(beside ? own : name),
                opened.status)) {
    return false;
  }
  if (beside) {
    names.push_back(join_path(where, name));
  }
  if (path.starts_with('/') && directory_name(path) != where) {
    linked_ = directory_name(path);
  }
  return true;
}

// Parent is the directory of a last component, and that component.
struct Resolver::Parent {
  Seen directory;
  std::string name;
  bool wants_directory = false;
};

Answer<std::string> Resolver::canonical(const Parent& parent) const {
  const OwnedFd& directory = parent.directory.object;
  const std::string where = path_of(directory, 1);
  if (auto known = has_known_path(directory, where);
      !known || where.size() + parent.name.size() + 1 >= PATH_MAX) {
    return std::unexpected(ENAMETOOLONG);
  }
  std::string out = (where == "/" ? "" : where) + "/" + parent.name;
  if (auto fine = apart(out); !fine) {
    return std::unexpected(fine.error());
  }
  return out;
}

Answer<Resolver::Parent> Resolver::parent_of(const AgentThread& thread, const OwnedFd& base,
                                             const std::string& path) const {
  std::string_view text = path;
  bool wants_directory = false;
  while (text.size() > 1 && text.ends_with('/')) {
    text.remove_suffix(1);
    wants_directory = true;
  }
  const std::size_t slash = text.rfind('/');
  std::string name(slash == std::string_view::npos ? text : text.substr(slash + 1));
  if (name.empty()) {
    return std::unexpected(text.empty() ? ENOENT : EBUSY);  // nothing, or the root
  }
  const std::string parent = slash == std::string_view::npos ? "." : path.substr(0, slash + 1);
  auto directory = look_from(thread, base, parent, LastLink::Follow);
  if (!directory) {
    return std::unexpected(directory.error());
  }
  if (!S_ISDIR(directory->status.st_mode)) {
    return std::unexpected(ENOTDIR);
  }
  if (is_dots(name)) {
    return std::unexpected(EINVAL);  // it can be neither made nor removed
  }
  return Parent{*std::move(directory), std::move(name), wants_directory};
}

Answer<NamedPlace> Resolver::place(const AgentThread& thread, int dirfd,
                                   const std::string& path) const {
  const auto base = base_for(thread, dirfd, path);
  return base ? place(thread, *base, path) : std::unexpected(base.error());
}

Answer<NamedPlace> Resolver::place(const AgentThread& thread, const OwnedFd& base,
                                   const std::string& path) const {
  auto parent = parent_of(thread, base, path);
  if (!parent) {
    return std::unexpected(parent.error());
  }
  auto where = canonical(*parent);
  if (!where) {
    return std::unexpected(where.error());
  }
  return NamedPlace{std::move(parent->directory.object), std::move(parent->name), *std::move(where),
                    parent->wants_directory};
}

// next_link takes note of the link, and yields where it leads; nothing where it is none. Where it
// lies is asked only once it is one, but where mounts are kept off: before the name is looked at.
Answer<std::string> Resolver::next_link(const Parent& at, std::vector<std::string>& names) const {
  auto where = mounts_ != nullptr ? canonical(at) : Answer<std::string>();
  if (!where) {
    return where;
  }
  const Seen& directory = at.directory;
  std::string text = link_text(BorrowedFd(directory.object).raw(), at.name);
  if (text.empty() || on_proc(directory.status, directory.object)) {
    return std::string();
  }
  where = where->empty() ? canonical(at) : std::move(where);
  if (!where) {
    return where;
  }
  names.push_back(*std::move(where));
  return text;
}

Answer<std::vector<std::string>> Resolver::last_links(const AgentThread& thread,
                                                      const OwnedFd& base, const std::string& path,
                                                      const Opened* opened) const {
  std::vector<std::string> out;
  if (opened != nullptr && few_looks(base, path, *opened, out)) {
    return out;
  }
  auto at = parent_of(thread, base, path);
  while (at && out.size() < kMaxLinks) {
    auto text = next_link(*at, out);
    if (!text) {
      return std::unexpected(text.error());
    }
    if (text->empty()) {
      return out;
    }
    if (names_sibling(*text)) {
      at->name = *std::move(text);
      continue;
    }
    const OwnedFd from = text->starts_with('/') ? OwnedFd() : std::move(at->directory.object);
    at = parent_of(thread, from, *text);
  }
  // EINVAL, EBUSY: the last component is no name, but "..", "." or the root.
  const bool told = at || at.error() == EINVAL || at.error() == EBUSY;
  return told ? Answer<std::vector<std::string>>(std::move(out)) : std::unexpected(at.error());
}

}  // namespace nono::sandbox
