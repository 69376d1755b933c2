#include "base/mountinfo.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "base/files.h"

namespace nono {
namespace {

constexpr std::size_t kMaxTable = 16u << 20;

// take cuts off what stands before the first `end`.
std::string_view take(std::string_view& text, char end) {
  const std::size_t size = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, size);
  text.remove_prefix(std::min(size + 1, text.size()));
  return taken;
}

std::optional<MountLine> parse(std::string_view line) {
  MountLine out;
  for (std::string_view* field : {&out.id, &out.parent, &out.device, &out.root, &out.point}) {
    *field = take(line, ' ');
  }
  take(line, ' ');  // options of the mount
  // Any number of "shared:7" and the like, up to the dash.
  while (!line.empty() && take(line, ' ') != "-") {
  }
  out.type = take(line, ' ');
  take(line, ' ');  // what is mounted, by its name
  out.options = line;
  return out.type.empty() ? std::nullopt : std::optional(out);
}

}  // namespace

std::vector<MountLine> mount_lines(std::string_view table) {
  std::vector<MountLine> out;
  while (!table.empty()) {
    if (const auto line = parse(take(table, '\n'))) {
      out.push_back(*line);
    }
  }
  return out;
}

std::string mount_field(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    unsigned value = 0;
    const std::string_view digits = text.substr(at + 1, 3);
    if (text[at] == '\\' && digits.size() == 3 &&
        std::from_chars(digits.begin(), digits.end(), value, 8).ptr == digits.end()) {
      out.push_back(static_cast<char>(value));
      at += 3;
    } else {
      out.push_back(text[at]);
    }
  }
  return out;
}

// It opens as every program does: inside of a sandbox there is no openat2(2).
Result<std::string> read_mountinfo() {
  constexpr const char* kTable = "/proc/self/mountinfo";
  constexpr std::size_t kChunk = 16384;
  const OwnedFd file(::open(kTable, O_RDONLY | O_CLOEXEC));
  if (!file.valid()) {
    return fail_errno(errno, std::string("open ") + kTable);
  }
  std::string text;
  std::string chunk(kChunk, '\0');
  while (text.size() <= kMaxTable) {
    const ssize_t got = ::read(BorrowedFd(file).raw(), chunk.data(), chunk.size());
    if (got < 0 && errno != EINTR) {
      return fail_errno(errno, std::string("read ") + kTable);
    }
    if (got == 0) {
      return text;
    }
    text.append(chunk, 0, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
  return fail(ErrorKind::Exhausted,
              std::string(kTable) + " has more than " + std::to_string(kMaxTable) + " bytes");
}

}  // namespace nono
