// engine/scan.h: finds every guarded file in reach, through one walk without skipped directories.
//
// The tree is hostile: any bytes as names, any depth, links, FIFOs, directories that cannot be
// listed, changes while the walk is on. Nothing but directories is ever opened. What a link leads
// to is not walked; a link whose own name is guarded is reported, because opening it yields bytes.
// Other names of a guarded file's inode (hard links) are the caller's to find, by FileId.
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
  std::uint64_t entries = 2'000'000;  // over it the scan says that it is incomplete
  std::chrono::milliseconds time{60'000};
};

struct Found {
  std::string path;  // absolute
  trustpolicy::GuardClass guard_class;
  bool autoloaded;  // where agents load by themselves: it stops the start
};

struct ScanResult {
  std::vector<Found> found;             // in the order of paths
  std::vector<std::string> unreadable;  // directories that could not be listed, in order
  // Bundles beside which the guarded file that they sign is missing: text that an agent can be told
  // to read under a name that looks like evidence.
  std::vector<std::string> orphan_bundles;
  std::uint64_t entries = 0;
  bool complete = true;
};

// Progress is called at most ten times a second with the number of entries seen.
using Progress = std::function<void(std::uint64_t entries)>;

// scan_tree walks `root` (absolute) by descriptors (getdents64), never following symlinks below it,
// never blocking, staying on what it opened. Names are bytes. Found::autoloaded is set for what
// lies in `root` itself or in the agents' directories there (.claude, .github, …). At most a
// bounded number of descriptors is open, however deep the tree. A root that cannot be listed is an
// Error; a directory below it that cannot is in `unreadable`.
Result<ScanResult> scan_tree(const std::string& root, const trustpolicy::GuardedNames& guard,
                             const ScanLimits& limits, const Progress& progress);

// autoload_places are the directories in which agents load by themselves: the working directory,
// its ancestors up to the repository root, and the agents' own directories in home and /etc.
std::vector<std::string> autoload_places(const std::string& working_directory,
                                         const std::string& home);

// scan_autoload finds the guarded files in autoload_places and in the agents' directories there,
// and nothing deeper: what scan_tree of the working directory does not reach. A place that does not
// exist holds nothing; one that cannot be listed is in `unreadable`.
Result<ScanResult> scan_autoload(const std::string& working_directory, const std::string& home,
                                 const trustpolicy::GuardedNames& guard, const ScanLimits& limits);

}  // namespace nono::engine
