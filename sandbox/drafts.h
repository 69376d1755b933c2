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
};

// may_draft refuses (EACCES) the operation where it would write or take away instructions. It comes
// after change_verdict, which says of a verified file that it is one.
Answer<void> may_draft(BrokerRules& rules, const Call& call, std::string_view operation,
                       const Drafted& what);

// draft_may_move refuses (EACCES) the move of one file beneath a directory where instructions would
// come to a place where they are kept, or leave it.
struct DraftMove {
  std::string_view before;
  std::string_view after;
  std::string_view own;  // of the directory that moves: where to, if the agent made it; else empty
};
Answer<void> draft_may_move(BrokerRules& rules, const Call& call, const DraftMove& move);

}  // namespace nono::sandbox
