// engine/gate.h: the one gate. Pre-exec scan, run-time intercept, `trust verify`, `trust list` and
// `trust explain` all come here: capture, find evidence, Verifier::examine, Policy::decide.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/evidence.h"
#include "attest/verifier.h"
#include "base/files.h"
#include "base/owned_fd.h"
#include "crypto/head_start.h"
#include "trustpolicy/decision.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

// Judgement is a Decision with what people and logs want to know about it.
struct [[nodiscard]] Judgement {
  std::string path;  // absolute, resolved
  trustpolicy::GuardClass guard_class;
  trustpolicy::Decision decision;
  std::optional<crypto::Sha256> digest;          // absent where the file could not be read
  std::optional<attest::SignerIdentity> signer;  // only from a VerifiedStatement
  std::optional<attest::NameBinding> binding;
  std::string bundle_path;   // the evidence that decided; empty where there was none
  std::string remedy;        // the command that mends a denial; empty where none can
  std::string finding_code;  // why it is not proven: a stable reason code; empty where it is proven
  FileId id;

  bool admitted() const { return std::holds_alternative<trustpolicy::Admitted>(decision); }
  // proven: admitted because a trusted publisher signed it, not merely tolerated.
  bool proven() const;
  // unchangeable: no agent changes it, because it is proven or, not examinable, might be.
  bool unchangeable() const;
  std::string publisher() const;    // of an Admitted, else empty
  std::string reason_code() const;  // of a Denied or of what was tolerated, else empty
  std::string reason() const;
};

// purpose_of says what a signature over the file at `path` must have been made for: a
// trust-policy.json is signed as a policy, everything else as an instruction file.
attest::Purpose purpose_of(std::string_view path);

class Gate {
 public:
  Gate(std::shared_ptr<const trustpolicy::Policy> policy, trustpolicy::Override override_mode)
      : policy_(std::move(policy)), override_(override_mode) {}

  const trustpolicy::Policy& policy() const { return *policy_; }

  // with lets a second thread begin with what certificates are asked (crypto/head_start.h);
  // borrowed. Not where somebody forks.
  void with(crypto::HeadStart* head_start) { head_start_ = head_start; }

  // judge examines the opened object. `object` may be O_PATH or readable; what cannot be read, or
  // is not a regular file, or is over 1 MiB, is Denied (unexaminable). `path` is where the kernel
  // says it is. `guard_class` None is judged as Instruction (an explicit `trust verify`).
  Judgement judge(BorrowedFd object, const std::string& path, trustpolicy::GuardClass guard_class);
  // judge_path opens `path` (following symlinks) and judges what was opened, at its resolved path,
  // as `guard_class` or as what its resolved name is, whichever is stricter.
  Judgement judge_path(const std::string& path, trustpolicy::GuardClass guard_class);
  // judge_with judges against this bundle instead of what lies beside the file (`--bundle`).
  Judgement judge_with(const std::string& path, const std::string& bundle_path);

 private:
  Judgement weigh(BorrowedFd object, const std::string& path, trustpolicy::GuardClass guard_class,
                  Result<std::vector<attest::Evidence>> evidence);
  std::shared_ptr<const trustpolicy::Policy> policy_;
  trustpolicy::Override override_;
  crypto::HeadStart* head_start_ = nullptr;
};

// CachingGate keeps the last judgement per object (device, inode, size, mtime, ctime) together with
// the state of its evidence (the FileIds, or the absence, of every file that could speak for it),
// and the sealed bytes: what is served again is what was judged. A file or a bundle that changed
// within the last kSettling is judged again each time, because the clock of the file system may be
// too coarse to show a second change; within kCoarse where it counts whole seconds (ext4 with small
// inodes, ext3), or every other one (FAT).
class CachingGate {
 public:
  static constexpr std::chrono::milliseconds kSettling{20};
  static constexpr std::chrono::milliseconds kCoarse{2020};
  // settled_at is from when on a change after that of `ctime_ns` would show.
  static std::int64_t settled_at(std::int64_t ctime_ns);
  explicit CachingGate(Gate gate) : gate_(std::move(gate)) {}
  const trustpolicy::Policy& policy() const { return gate_.policy(); }
  // judge returns a judgement that lives until the next call.
  const Judgement& judge(BorrowedFd object, const std::string& path,
                         trustpolicy::GuardClass guard_class);

 private:
  struct Entry {
    trustpolicy::GuardClass guard_class;  // as asked for
    std::string evidence_state;           // empty: judged too soon after a change to be kept
    Judgement judgement;
    // Directories and evidence that stand for evidence_state as long as none of them has changed.
    std::vector<std::string> watched = {};  // empty: not looked at yet, or too soon
    std::string watched_state = {};
  };
  static void watch(Entry& entry, const FileId& id, std::vector<std::string> places);
  static bool unchanged(const Entry& entry, const FileId& id);
  void make_room(const FileId& id);
  static constexpr std::size_t kMaxEntries = 256;
  Gate gate_;
  std::map<FileId, Entry> cache_;
};

}  // namespace nono::engine
