// sandbox/broker_names.h: calls that make, move or remove names, on behalf of the agent.
#pragma once

#include <span>
#include <string>

#include "sandbox/broker_rules.h"
#include "sandbox/moved_names.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {

class NameOperations {
 public:
  NameOperations(const Resolver& resolver, BrokerRules& rules)
      : resolver_(resolver), rules_(rules) {}

  // serve answers Rename, Link, Symlink, Make, Unlink and Truncate.
  Outcome serve(const Call& call);

 private:
  Outcome rename(const Call& call);
  Outcome link(const Call& call);
  Outcome symlink(const Call& call);
  Outcome make(const Call& call);
  Outcome make_directory(const Call& call, const NamedPlace& place, mode_t mode, mode_t mask);
  Outcome make_node(const Call& call, const NamedPlace& place, mode_t mode, mode_t mask);
  Outcome unlink(const Call& call);
  Outcome truncate(const Call& call);
  Answer<void> may_unlink(const Call& call, const NamedPlace& place, const struct stat& status);
  Answer<void> may_truncate(const Call& call, const OwnedFd& object, const Touched& touched,
                            const struct stat& status);
  Outcome cut_off(const Call& call, const OwnedFd& object, const std::string& resolved);
  Outcome done(const Call& call, std::string_view operation, std::span<const std::string> canonical,
               long result);
  Answer<NamedPlace> place_at(const Call& call, const PathArg& arg) const;
  Answer<void> may_rename(const Call& call, const NamedPlace& from, const NamedPlace& to,
                          unsigned flags);
  void leave_places(const NamedPlace& from, const NamedPlace& to, const struct stat& source,
                    const struct stat& replaced, bool exchange);
  void replaced_by_rename(const NamedPlace& to, const struct stat& replaced, BirthTime origin);
  void lost_name(const NamedPlace& place, const struct stat& status);
  Answer<void> may_link(const Call& call, const OwnedFd& object, const NamedPlace& to);
  // leaves decides whether what is at `place` may go away or be replaced; `status` is it (lstat).
  Answer<void> leaves(const Call& call, const NamedPlace& place, const struct stat& status,
                      std::string_view operation);
  // moves decides a rename of `status` from one place to another: names, and for a directory every
  // name beneath it whose standing the move would change.
  Answer<void> moves(const Call& call, const NamedPlace& from, const NamedPlace& to,
                     const struct stat& status);
  Answer<void> subtree_moves(const Call& call, const NamedPlace& from, const NamedPlace& to,
                             const struct stat& status);
  Answer<void> entry_moves(const Call& call, const Move& move, const std::string& relative,
                           const struct stat& status);

  const Resolver& resolver_;
  BrokerRules& rules_;
};

}  // namespace nono::sandbox
