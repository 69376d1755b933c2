// cli/live_lines.h: what nono tells while an agent runs, a line at a time on stderr.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "cli/render.h"

namespace nono::cli {

// LiveLines keeps its lines while somebody else has the terminal to itself: a question, or an agent
// that paints it. Each hold has its release.
class LiveLines {
 public:
  explicit LiveLines(Render& render) : render_(render) {}
  void tell(const std::string& line);
  void hold() { ++holds_; }
  void release();

 private:
  static constexpr std::size_t kMaxKept = 1000;
  Render& render_;
  int holds_ = 0;
  std::vector<std::string> kept_;
  std::uint64_t left_out_ = 0;
};

}  // namespace nono::cli
