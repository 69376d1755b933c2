// engine/verify.h: `trust verify` and `trust list`: the gate's judgements as reports.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/gate.h"
#include "engine/scan.h"

namespace nono::engine {

// Status is the word for a file. Signed is what `trust sign` reports; here a file is Verified only
// if a publisher that the policy trusts signed exactly these bytes, whatever the enforcement is.
enum class Status : unsigned char { Verified, Unsigned, Failed };
std::string_view word_for(Status status);  // "VERIFIED", "UNSIGNED", "FAILED"
Status status_of(const Judgement& judgement);

struct [[nodiscard]] FileReport {
  std::string shown;  // as the user named it, or relative to the tree that was walked
  Status status;
  Judgement judgement;
};

struct Tally {
  std::uint64_t verified = 0;
  std::uint64_t unsigned_files = 0;
  std::uint64_t failed = 0;
  bool complete = true;  // false: a tree was too large to be seen whole
  void add(Status status);
  void add(const Tally& other);
  // all_verified is the verdict: nothing unsigned, nothing failed, everything seen.
  bool all_verified() const { return unsigned_files == 0 && failed == 0 && complete; }
  std::uint64_t total() const { return verified + unsigned_files + failed; }
};
using OnReport = std::function<void(const FileReport&)>;

// verify_file judges one file that the user named.
FileReport verify_file(Gate& gate, const std::string& path);
// verify_against judges it against this bundle instead of what lies beside it.
FileReport verify_against(Gate& gate, const std::string& path, const std::string& bundle_path);

// TreeReports: `progress` may be empty; files of `reported` (absolute, resolved) are passed over,
// for the caller has judged and counted them.
struct TreeReports {
  Progress progress;
  OnReport each;
  std::set<std::string> reported = {};
};

// verify_tree judges every guarded file beneath `root` (absolute) in the order of their paths, and
// reports as Failed what hides guarded files from view: directories that cannot be listed, and
// bundles without their file. The tally counts them all.
Result<Tally> verify_tree(Gate& gate, const std::string& root, const ScanLimits& limits,
                          const TreeReports& reports);

}  // namespace nono::engine
