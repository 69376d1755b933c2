// engine/approvals.h: decides about opens and connects outside the grants: never-grant list,
// memory, rate limit, somebody's word; and keeps the record.
//
// The object that is judged, shown, recorded and opened is one and the same, held open all the
// time. An answer takes effect only once its line is on disk; what cannot be recorded is denied.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "engine/approval.h"
#include "engine/held_back.h"
#include "engine/profile_saver.h"
#include "engine/token_bucket.h"
#include "ledger/audit_log.h"
#include "profile/compose.h"
#include "profile/never_grant.h"
#include "sandbox/capability_set.h"
#include "sandbox/connector.h"
#include "sandbox/expansion.h"

namespace nono::engine {

// ApprovalBounds are what no answer can change.
struct ApprovalBounds {
  const profile::NeverGrantList* never = nullptr;
  std::vector<profile::ComposedDenial> denials;  // of the profile
  ApprovalLimits limits;
  std::vector<sandbox::Destination> hosts = {};   // whose names are known by their addresses
  std::vector<std::string> sockets = {};          // of the user's, by any name: never connected
  std::unique_ptr<ProfileSaver> saver = nullptr;  // null: no person is asked
  std::function<void(const std::string&)> tell = [](const std::string&) {};  // a line, printable
};

class Approvals final : public sandbox::Expander {
 public:
  using Backends = std::vector<std::unique_ptr<ApprovalBackend>>;
  // make puts each question to all of `backends`, in their order; the first answer counts. `log`
  // must outlive this.
  static Result<std::unique_ptr<Approvals>> make(ApprovalBounds bounds, Backends backends,
                                                 ledger::AuditLog& log);

  void consider(sandbox::Expansion expansion) override;
  int watched() const override { return BorrowedFd(epoll_).raw(); }
  void turn() override;
  std::vector<sandbox::Expanded> take_answers() override;

  // pending is the number of questions that wait for an answer.
  std::size_t pending() const { return pending_.size(); }

 private:
  // Remembered is what was said of an object (or a name in a directory, or an address) for the
  // whole session. The object stays open: its inode number cannot become another's.
  struct Remembered {
    OwnedFd object;
    sandbox::Access allowed = sandbox::Access::none();
    sandbox::Access denied = sandbox::Access::none();
  };
  using ObjectKey = std::tuple<dev_t, ino_t, std::string>;
  struct Pending {
    sandbox::Expansion expansion;
    ApprovalQuestion question;
    std::unique_ptr<const ProfileChange> change;  // what the scope Profile writes: what was shown
  };
  static constexpr std::size_t kMaxRemembered = 256;
  static constexpr std::size_t kMaxTold = 4096;

  struct Watched {
    OwnedFd epoll;
    OwnedFd timer;
    sandbox::Connector connector;
  };
  Approvals(ApprovalBounds bounds, Backends backends, ledger::AuditLog& log, Watched watched);
  std::string requested_of(const sandbox::Expansion& expansion) const;
  std::optional<std::string> forbidden_connect(const sandbox::Expansion& expansion,
                                               const std::string& path) const;
  static ObjectKey key_of(const sandbox::Expansion& expansion);
  std::optional<std::string> denied_by_profile(const std::string& path) const;
  std::optional<std::string> forbidden(const sandbox::Expansion& expansion,
                                       const std::string& path) const;
  std::optional<std::string> objection(const Pending& pending, const ApprovalReply& reply) const;
  std::optional<Approval> said_of(const ObjectKey& key, sandbox::ExpansionKind kind) const;
  bool answered_before(sandbox::Expansion& expansion, const std::string& path);
  bool over_the_limit(const sandbox::Expansion& expansion, const std::string& path);
  void ask(sandbox::Expansion expansion, const std::string& path);
  void put(const ApprovalQuestion& question);
  void hear(const ApprovalReply& reply, std::string_view backend);
  void collect();
  void look_at_time();
  void set_timer();
  void offer_to_save(Pending& pending) const;
  using OpenQuestion = std::map<std::uint64_t, Pending>::iterator;
  void finish(OpenQuestion at, const ApprovalReply& reply, std::string_view by);
  void finish_one(OpenQuestion at, const ApprovalReply& reply, std::string_view by);
  void settle(const ObjectKey& key, std::uint64_t answered);
  void put_into_effect(Pending& pending, const ApprovalReply& reply,
                       const std::optional<std::string>& against);
  std::string save(const ApprovalQuestion& question, const ProfileChange& change);
  void serve(sandbox::Expansion& expansion);
  void refuse(const sandbox::Expansion& expansion, int code = kRefused);
  void remember(sandbox::Expansion& expansion, Approval approval);
  void remember_made();
  void tell_denied(const sandbox::Expansion& expansion, const std::string& path,
                   std::string_view rule, const std::string& why);
  bool record(std::string_view type, const Json& event, ledger::Durability durability);

  static constexpr int kRefused = 13;  // EACCES
  ApprovalBounds bounds_;
  HeldBack held_back_;
  Backends backends_;
  ledger::AuditLog& log_;
  OwnedFd epoll_;
  OwnedFd timer_;
  sandbox::Connector connector_;
  TokenBucket bucket_;
  std::uint64_t last_id_ = 0;
  bool ticking_ = false;
  std::uint64_t unasked_ = 0;  // over the limit since the last question
  std::map<std::uint64_t, Pending> pending_;
  std::map<ObjectKey, Remembered> remembered_;
  std::set<std::string> told_;
  std::vector<sandbox::Expanded> answers_;
};

}  // namespace nono::engine
