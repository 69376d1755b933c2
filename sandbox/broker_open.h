// sandbox/broker_open.h: open, openat and creat on behalf of the agent.
#pragma once

#include <string>

#include "sandbox/broker_expand.h"
#include "sandbox/broker_rules.h"
#include "sandbox/known_files.h"
#include "sandbox/resolve.h"
#include "sandbox/served_copies.h"
#include "sandbox/workers.h"

namespace nono::sandbox {

class Opener {
 public:
  Opener(const Resolver& resolver, BrokerRules& rules, Workers& workers, ServedCopies& copies)
      : resolver_(resolver), rules_(rules), workers_(workers), copies_(copies), waiting_(rules) {}

  Outcome serve(const Call& call);
  bool waits_for(std::uint64_t cookie) const { return waiting_.has(cookie); }
  // answered goes on with an open that waited for the supervisor, and answers its caller.
  void answered(ExpansionReply reply);
  // names_changed is said after a call, or a lane's turn, that may have put another object where a
  // file was.
  void names_changed() { known_.clear(); }

 private:
  struct Job;
  Outcome existing(Job& job);
  Outcome unknown(Job& job);
  Outcome seen(Job& job, OwnedFd fd, const struct stat& before);
  OwnedFd open_seen(Job& job) const;
  bool goes_straight(const Job& job) const;
  OwnedFd open_known(Job& job, struct stat& status);
  Outcome missing(Job& job, int error);
  bool through_proc(const Job& job, int error) const;
  Outcome not_opened(Job& job, int error);
  Outcome refused_by_kernel(Job& job, const OwnedFd& object);
  Outcome not_created(Job& job, const NamedPlace& place, int error, int flags, mode_t mask);
  bool may_ask(const Job& job, const OwnedFd& object, const std::string& canonical);
  bool ask_to_open(Job& job, const OwnedFd& object, const std::string& canonical);
  bool ask_to_create(Job& job, const NamedPlace& place, int flags, mode_t mask);
  bool ask(Job& job, Expansion question, const std::string& canonical, BorrowedFd object);
  Outcome expanded(WaitingOpen waiting, OwnedFd fd);
  Outcome made_meanwhile(WaitingOpen waiting);
  Outcome slow(Job& job);
  Outcome open_object(Job& job, const OwnedFd& object, const struct stat& status);
  Outcome open_special(Job& job, const OwnedFd& object, const struct stat& status);
  Outcome meet_pipe(Job& job, OwnedFd fd, const struct stat& status);
  void record_pipe(const Job& job, const std::string& path);
  Outcome await_writer(Job& job);
  Outcome open_terminal(Job& job);
  Outcome open_hosts(const Job& job);
  bool wants_library(const Job& job) const;
  static Outcome terminal_of_streams(Job& job, dev_t device);
  Outcome create(Job& job);
  Outcome create_at(Job& job, NamedPlace& place);
  Outcome create_nameless(const Job& job);
  Touched touched_by(const Job& job, const OwnedFd& fd, const struct stat& status) const;
  Answer<trustpolicy::GuardClass> class_of_links(const Job& job, const Touched& touched,
                                                 const struct stat& status) const;
  Outcome finish(Job& job, OwnedFd fd, const struct stat& status);
  Outcome finish_special(Job& job, OwnedFd fd, const struct stat& status, const Touched& touched);
  Outcome finish_plain(Job& job, OwnedFd fd, const Touched& touched);
  Outcome finish_guarded(Job& job, const OwnedFd& fd, const struct stat& status,
                         const Touched& touched, trustpolicy::GuardClass guard_class);
  Outcome hand_over(const Job& job, OwnedFd fd);
  Outcome refuse(const Job& job, const Touched& touched, std::string_view rule,
                 std::string_view why);
  Outcome refuse_special(const Job& job, const Touched& touched);
  static bool owns_terminal(const Job& job, const struct stat& status);
  // requested_path is empty where the path that it starts from is too long to be told.
  std::string requested_path(const Job& job) const;
  static Answer<void> may_meet(const Job& job, const Touched& touched, const OwnedFd& object,
                               const struct stat& status);

  const Resolver& resolver_;
  BrokerRules& rules_;
  Workers& workers_;
  ServedCopies& copies_;
  Waiting<WaitingOpen> waiting_;
  KnownFiles known_;
};

}  // namespace nono::sandbox
