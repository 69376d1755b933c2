// engine/profile_saver.h: a grant that was asked about, as one more entry of the run's profile.
//
// The file is the user's word for later runs, so it is changed only where nobody else's word can
// get into it: a JSON file of this user that the agent cannot write and nobody signed. The entry is
// exactly what was asked for. What is written was parsed and composed before as the next run will
// do it, and replaces exactly the text that the change was made of.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "crypto/digest.h"
#include "engine/directories.h"
#include "engine/profiles.h"
#include "profile/edit.h"
#include "sandbox/capability_set.h"
#include "sandbox/expansion.h"
#include "trustpolicy/policy.h"

namespace nono::engine {

// SavedGrant is a grant as a profile has it: a file, or the address of a TCP connect.
struct SavedGrant {
  profile::EntryPlace place;
  std::string entry;
  sandbox::Access access = sandbox::Access::none();         // of a file or a socket
  std::optional<sandbox::Endpoint> address = std::nullopt;  // of a connect
};
// grant_of says how what was asked for would be written: Unsupported where it cannot be.
Result<SavedGrant> grant_of(const sandbox::Expansion& expansion, const std::string& path);

// ProfileChange is a change of one file that a person can be shown.
struct ProfileChange {
  std::string path;  // resolved
  SavedGrant grant;
  std::string text;  // what will be in it
  std::string diff;  // profile::unified_diff
  crypto::Sha256 before;
  crypto::Sha256 after;
};

class ProfileSaver {
 public:
  static constexpr std::size_t kMaxDiff = 8192;  // a longer one is not shown, and so not made

  // Run is what a run goes by; the pointers must outlive the saver.
  struct Run {
    std::optional<AppliedProfile> profile;
    UserDirectories user;
    std::string working_directory;
    const sandbox::CapabilitySet* capabilities = nullptr;
    std::shared_ptr<const trustpolicy::Policy> policy;
  };
  explicit ProfileSaver(Run run);

  // propose makes the change that would save the grant. The error says why none can be made, with
  // what mends it. Nothing is written.
  Result<ProfileChange> propose(const SavedGrant& grant) const;
  // save writes a change that was proposed. Nothing is written where the file is no longer what it
  // was then, or is no longer one that may be changed.
  Result<void> save(const ProfileChange& change) const;

  // note_allowed: the agent may write what is at `path` now. Where that is the profile, it is not
  // changed any more: what the agent wrote would count as the user's.
  void note_allowed(const sandbox::Expansion& expansion, const std::string& path);

  // path is that of the profile's file, as the run was told; empty where it has none.
  const std::string& path() const { return used_.path; }

 private:
  struct Opened {
    std::string path;
    std::string text;
    mode_t mode = 0;
  };
  Result<void> check_origin() const;
  Result<void> check_reach(const std::string& resolved) const;
  Result<void> check_place(const SavedGrant& grant) const;
  Result<Opened> open_checked() const;
  Result<profile::Composed> composed(const std::string& text) const;
  Result<void> check_effect(const std::string& before, const ProfileChange& change) const;
  bool is_profile(const sandbox::Expansion& expansion, const std::string& path) const;

  Run run_;
  bool has_profile_;
  AppliedProfile used_;  // where there is one
  bool agent_wrote_ = false;
};

}  // namespace nono::engine
