// engine/gate.h: the one gate. Pre-exec scan, run-time intercept, `trust verify`, `trust list` and
// `trust explain` all come here: capture, find evidence, Verifier::examine, Policy::decide.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "attest/evidence.h"
#include "attest/verifier.h"
#include "base/files.h"
#include "base/owned_fd.h"
#include "trustpolicy/decision.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

// Judgement is a Decision with what people and logs want to know about it.
struct Judgement {
  std::string path;  // absolute, resolved
  trustpolicy::GuardClass guard_class;
  trustpolicy::Decision decision;
  std::optional<crypto::Sha256> digest;         // absent where the file could not be read
  std::optional<attest::SignerIdentity> signer;  // only from a VerifiedStatement
  std::optional<attest::NameBinding> binding;
  std::string bundle_path;  // the evidence that decided; empty where there was none
  std::string remedy;       // the command that mends a denial; empty where none can
  FileId id;

  bool admitted() const { return std::holds_alternative<trustpolicy::Admitted>(decision); }
  // proven: admitted because a trusted publisher signed it, not merely tolerated.
  bool proven() const;
  std::string publisher() const;    // of an Admitted, else empty
  std::string reason_code() const;  // of a Denied or of what was tolerated, else empty
  std::string reason() const;
};

class Gate {
 public:
  Gate(std::shared_ptr<const trustpolicy::Policy> policy, trustpolicy::Override override_mode)
      : policy_(std::move(policy)), override_(override_mode) {}

  const trustpolicy::Policy& policy() const { return *policy_; }

  // judge examines the opened object. `object` may be O_PATH or readable; what cannot be read, or
  // is not a regular file, or is over 1 MiB, is Denied (unexaminable). `path` is where the kernel
  // says it is. `guard_class` None is judged as Instruction (an explicit `trust verify`).
  Judgement judge(BorrowedFd object, const std::string& path, trustpolicy::GuardClass guard_class);
  // judge_path opens `path` (following symlinks) and judges what was opened, at its resolved path.
  Judgement judge_path(const std::string& path, trustpolicy::GuardClass guard_class);
  // judge_with judges against this bundle instead of what lies beside the file (`--bundle`).
  Judgement judge_with(const std::string& path, const std::string& bundle_path);

 private:
  Judgement weigh(BorrowedFd object, const std::string& path, trustpolicy::GuardClass guard_class,
                  Result<std::vector<attest::Evidence>> evidence);
  std::shared_ptr<const trustpolicy::Policy> policy_;
  trustpolicy::Override override_;
};

// CachingGate keeps the last judgement per object (device, inode, size, mtime, ctime) together with
// the state of its evidence, and the sealed bytes: what is served again is what was judged.
class CachingGate {
 public:
  explicit CachingGate(Gate gate) : gate_(std::move(gate)) {}
  // judge returns a judgement that lives until the next call.
  const Judgement& judge(BorrowedFd object, const std::string& path,
                         trustpolicy::GuardClass guard_class);

 private:
  struct Entry {
    std::string path;
    std::string evidence_state;
    Judgement judgement;
  };
  static constexpr std::size_t kMaxEntries = 256;
  Gate gate_;
  std::map<FileId, Entry> cache_;
};

}  // namespace nono::engine
