#include "sandbox/served_copies.h"

#include <asm/unistd.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <optional>
#include <string_view>

namespace nono::sandbox {
namespace {

// ReadLink is readlink or readlinkat, whose first argument is of no use to an absolute path.
struct ReadLink {
  std::uint64_t path;
  std::uint64_t buffer;
  std::uint64_t size;
};

ReadLink decode(const Call& call) {
  const std::size_t first = call.number == __NR_readlinkat ? 1 : 0;
  return {call.args[first], call.args[first + 1], call.args[first + 2] & 0xffffffffU};
}

// after takes `prefix` away; nothing where the text does not begin so.
std::optional<std::string_view> after(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) ? std::optional(text.substr(prefix.size())) : std::nullopt;
}

// number_in: no descriptor has zeros in front of its number.
int number_in(std::string_view text) {
  if (text.size() > 1 && text.starts_with('0')) {
    return -1;
  }
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

}  // namespace

int own_descriptor(std::string_view path, pid_t pid) {
  for (const std::string_view prefix : {"/proc/self/fd/", "/proc/thread-self/fd/", "/dev/fd/"}) {
    if (const auto rest = after(path, prefix)) {
      return number_in(*rest);
    }
  }
  const auto rest = after(path, "/proc/" + std::to_string(pid) + "/fd/");
  return rest ? number_in(*rest) : -1;
}

void ServedCopies::add(BorrowedFd copy, const std::string& path) {
  struct stat status{};
  if (::fstat(copy.raw(), &status) != 0) {
    return;
  }
  if (names_.size() >= kMost) {
    names_.clear();
  }
  names_.insert_or_assign(ObjectId{status.st_dev, status.st_ino}, path);
}

const std::string* ServedCopies::name_of(BorrowedFd object) const {
  struct stat status{};
  const auto found = ::fstat(object.raw(), &status) == 0
                         ? names_.find(ObjectId{status.st_dev, status.st_ino})
                         : names_.end();
  return found != names_.end() ? &found->second : nullptr;
}

Outcome ServedCopies::read_link(const Call& call) const {
  if (names_.empty()) {
    return Outcome::by_kernel();
  }
  const ReadLink args = decode(call);
  const auto path = call.thread.path_at(args.path);
  const auto pid = path && path->contains("/fd/") ? call.thread.process() : Answer<pid_t>(0);
  const int number = path && pid && *pid > 0 ? own_descriptor(*path, *pid) : -1;
  const auto object =
      number >= 0 ? call.thread.take_descriptor(number) : Answer<OwnedFd>(std::unexpected(ENOENT));
  const std::string* const name = object ? name_of(*object) : nullptr;
  if (name == nullptr || args.size == 0 || args.size > INT_MAX || !call.thread.waiting()) {
    return Outcome::by_kernel();
  }
  const std::size_t fits = std::min<std::uint64_t>(args.size, name->size());
  const auto put = call.thread.write_at(args.buffer, std::string_view(*name).substr(0, fits));
  return put ? Outcome::value(static_cast<std::int64_t>(fits)) : Outcome::error(put.error());
}

}  // namespace nono::sandbox
