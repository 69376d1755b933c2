// engine/scan.h: finds every guarded file in reach, through one walk without skipped directories.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "engine/gate.h"

namespace nono::engine {

struct ScanLimits {
  std::uint64_t entries = 2'000'000;         // over it the scan says that it is incomplete
  std::chrono::milliseconds time{60'000};
};

struct Found {
  std::string path;  // absolute
  trustpolicy::GuardClass guard_class;
  bool autoloaded;   // where agents load by themselves: it stops the start
};

struct ScanResult {
  std::vector<Found> found;           // in the order of paths
  std::vector<std::string> unreadable;  // directories that could not be listed
  std::uint64_t entries = 0;
  bool complete = true;
};

// Progress is called at most ten times a second with the number of entries seen.
using Progress = std::function<void(std::uint64_t entries)>;

// scan_tree walks `root` (absolute) by descriptors (getdents64), never following symlinks below it,
// never blocking, staying on what it opened. Names are bytes.
Result<ScanResult> scan_tree(const std::string& root, const trustpolicy::GuardedNames& guard,
                             const ScanLimits& limits, const Progress& progress);

// autoload_places are the directories in which agents load by themselves: the working directory,
// its ancestors up to the repository root, and the agents' own directories in home and /etc.
std::vector<std::string> autoload_places(const std::string& working_directory,
                                         const std::string& home);

}  // namespace nono::engine
