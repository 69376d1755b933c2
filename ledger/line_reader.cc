// ledger/line_reader.cc: buffered reading.
#include "ledger/line_reader.h"

#include <unistd.h>

#include <cerrno>

#include "ledger/audit_line.h"

namespace nono::ledger {
namespace {

constexpr std::size_t kChunk = 256u << 10;
static_assert(kChunk > kMaxLineBytes);

}  // namespace

Result<void> LineReader::fill() {
  buffer_.erase(0, start_);
  start_ = 0;
  const std::size_t kept = buffer_.size();
  buffer_.resize(kept + kChunk);
  ssize_t got = 0;
  while ((got = ::pread(file_.raw(), buffer_.data() + kept, kChunk, offset_)) < 0) {
    if (errno != EINTR) {
      return fail_errno(errno, "read an audit log");
    }
  }
  buffer_.resize(kept + static_cast<std::size_t>(got));
  offset_ += got;
  at_end_ = got == 0;
  return {};
}

Result<LineReader::Step> LineReader::next() {
  while (true) {
    const std::string_view rest = std::string_view(buffer_).substr(start_);
    const std::size_t end = rest.substr(0, kMaxLineBytes + 1).find('\n');
    if (end != std::string_view::npos) {
      start_ += end + 1;
      return Step{Kind::Line, rest.substr(0, end)};
    }
    if (rest.size() > kMaxLineBytes) {
      return Step{Kind::TooLong, {}};
    }
    if (at_end_) {
      start_ = buffer_.size();
      return Step{rest.empty() ? Kind::End : Kind::Torn, rest};
    }
    NONO_CHECK(fill());
  }
}

}  // namespace nono::ledger
