// sandbox/drafts.h: instruction files that the agent itself would write.
//
// What an agent writes under an instruction name instructs the next one, here unread until somebody
// signs it, but read at once by one that is started without nono. So such names are treated as the
// protected ones (sandbox/protected_names.h), present or not, unless the user lets agents draft.
// What lies in a directory made during the session is its maker's own: a clone, a package.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "sandbox/broker_rules.h"

namespace nono::sandbox {

struct Drafted {
  std::string_view canonical;
  // S_IFMT bits of what would come to be, or is moved or removed; 0: a file
  mode_t makes = 0;
  // by its number or the links that led to it
  trustpolicy::GuardClass known_as = trustpolicy::GuardClass::None;
  bool shared = false;  // what is written has other names, which may be anybody's
};

// may_draft refuses (EACCES) the operation where it would write or take away instructions. It comes
// after change_verdict, which says of a verified file that it is one.
Answer<void> may_draft(BrokerRules& rules, const Call& call, std::string_view operation,
                       const Drafted& what);

// speaks_to_own: what lies at the name speaks to a directory that is the agent's own.
bool speaks_to_own(const BrokerRules& rules, std::string_view canonical);

// draft_match is the standing of a name: as that of protected content, or none.
ProtectedMatch draft_match(const BrokerRules& rules, std::string_view canonical, mode_t type);

}  // namespace nono::sandbox
