// sandbox/broker_metadata.h: modes, owners, times, attributes and watches, on behalf of the agent.
//
// Landlock has no right for them: an agent could otherwise open its user's private files to others.
// They are decided on the object (it must lie in a write grant, a watch in a read grant) and done
// through the broker's own handle. Attributes of what lies in no read grant are neither listed nor
// there.
#pragma once

#include "sandbox/broker_rules.h"
#include "sandbox/resolve.h"

namespace nono::sandbox {

class MetadataOperations {
 public:
  MetadataOperations(const Resolver& resolver, BrokerRules& rules)
      : resolver_(resolver), rules_(rules) {}

  // serve answers Mode, Owner, Times, Xattr, XattrGet and Watch.
  Outcome serve(const Call& call);

 private:
  Outcome change(const Call& call);
  Outcome watch(const Call& call);
  Outcome read_attributes(const Call& call);
  bool granted(const OwnedFd& object, const struct stat& status, const std::string& where,
               Access wanted) const;
  bool may_read(const OwnedFd& object) const;
  Answer<OwnedFd> watched(const Call& call, std::uint32_t mask) const;
  Answer<OwnedFd> object_of(const Call& call, const MetadataCall& args) const;
  Answer<void> may_change(const Call& call, const OwnedFd& object, const struct stat& status);
  Outcome set_mode(const Call& call, const OwnedFd& object, const struct stat& status);
  Outcome set_owner(const Call& call, const OwnedFd& object);
  Outcome set_times(const Call& call, const OwnedFd& object, const struct stat& status);
  Outcome set_attribute(const Call& call, const OwnedFd& object);

  const Resolver& resolver_;
  BrokerRules& rules_;
};

}  // namespace nono::sandbox
