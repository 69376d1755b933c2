#include "cli/live_lines.h"

#include <utility>

namespace nono::cli {

void LiveLines::tell(const std::string& line) {
  if (holds_ == 0) {
    render_.note_meanwhile(line);
  } else if (kept_.size() < kMaxKept) {
    kept_.push_back(line);
  } else {
    ++left_out_;
  }
}

void LiveLines::release() {
  if (--holds_ > 0) {
    return;
  }
  for (const std::string& line : std::exchange(kept_, {})) {
    render_.note_meanwhile(line);
  }
  if (const std::uint64_t count = std::exchange(left_out_, 0); count > 0) {
    render_.note_meanwhile("(messages left out: " + std::to_string(count) + ")");
  }
}

}  // namespace nono::cli
