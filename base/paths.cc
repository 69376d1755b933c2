// base/paths.cc: paths as text. Only absolute_path asks the kernel, for the working directory.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/files.h"

namespace nono {
namespace {

constexpr std::string_view kParent = "..";

// next_component cuts the first component off `rest`; empty at the end.
std::string_view next_component(std::string_view& rest) {
  const std::size_t start = std::min(rest.find_first_not_of('/'), rest.size());
  rest.remove_prefix(start);
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view component = rest.substr(0, end);
  rest.remove_prefix(end);
  return component;
}

// resolved_components are those that remain of `path` without "." and with ".." resolved.
std::vector<std::string_view> resolved_components(std::string_view path) {
  const bool absolute = path.starts_with('/');
  std::vector<std::string_view> kept;
  for (std::string_view part = next_component(path); !part.empty(); part = next_component(path)) {
    if (part == ".") {
      continue;
    }
    if (part != kParent || (!absolute && (kept.empty() || kept.back() == kParent))) {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return kept;
}

}  // namespace

std::string join_path(std::string_view directory, std::string_view name) {
  std::string joined(directory);
  name.remove_prefix(std::min(name.find_first_not_of('/'), name.size()));
  if (!joined.empty() && !joined.ends_with('/')) {
    joined += '/';
  }
  joined += name;
  return joined;
}

std::string_view base_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view directory_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return ".";
  }
  const std::size_t last = path.substr(0, slash).find_last_not_of('/');
  return last == std::string_view::npos ? path.substr(0, 1) : path.substr(0, last + 1);
}

namespace {

// is_normal: nothing is to be done, as with nearly every path that a program opens. It may say no
// of a name that begins with dots.
bool is_normal(std::string_view path) {
  if (!path.starts_with('/')) {
    return false;
  }
  for (std::size_t at = path.find('/'); at != std::string_view::npos; at = path.find('/', at + 1)) {
    const std::string_view rest = path.substr(at + 1);
    if (rest.empty() || rest.starts_with('/') || rest == "." || rest.starts_with("./") ||
        rest.starts_with("..")) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::string normal_path(std::string_view path) {
  if (is_normal(path)) {
    return std::string(path);
  }
  const bool absolute = path.starts_with('/');
  std::string normal;
  for (const std::string_view part : resolved_components(path)) {
    if (absolute || !normal.empty()) {
      normal += '/';
    }
    normal += part;
  }
  if (normal.empty()) {
    return absolute ? "/" : ".";
  }
  return normal;
}

bool beneath(std::string_view root, std::string_view path) {
  if (root == "/") {
    return path.starts_with('/');
  }
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

std::string relative_to(std::string_view root, std::string_view path) {
  std::string_view rest = path.substr(std::min(root.size(), path.size()));
  if (rest.starts_with('/')) {
    rest.remove_prefix(1);
  }
  return std::string(rest);
}

Result<std::string> absolute_path(std::string_view path) {
  if (path.empty()) {
    return fail(ErrorKind::InvalidInput, "an empty path names nothing");
  }
  if (path.starts_with('/')) {
    return normal_path(path);
  }
  struct FreeDeleter {
    void operator()(char* text) const { std::free(text); }
  };
  // glibc allocates as much as the path needs, which may be longer than PATH_MAX.
  // NOLINTNEXTLINE(clang-analyzer-unix.StdCLibraryFunctions)
  const std::unique_ptr<char, FreeDeleter> directory(::getcwd(nullptr, 0));
  if (!directory) {
    return fail_errno(errno, "find the working directory");
  }
  const std::string_view text(directory.get());
  if (!text.starts_with('/')) {
    return fail(ErrorKind::NotFound, "the working directory is outside of the file system root");
  }
  return normal_path(join_path(text, path));
}

}  // namespace nono
