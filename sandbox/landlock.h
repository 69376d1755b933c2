// sandbox/landlock.h: the hard limit: a CapabilitySet as a Landlock ruleset.
//
// Fail-secure: every right and scope that the kernel knows is handled (so denied unless granted);
// a request that needs a right which the kernel lacks is refused (Unsupported), never dropped.
#pragma once

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/capability_set.h"
#include "sandbox/host_features.h"

namespace nono::sandbox {

// rights_for maps an Access to Landlock rights for a directory or a file, masked to what `features`
// offers. MAKE_CHAR and MAKE_BLOCK are never granted; IOCTL_DEV is granted with read or write only
// on device files and below /dev.
std::uint64_t rights_for(Access access, PathKind kind, const HostFeatures& features);

// make_ruleset builds the ruleset; nothing is restricted yet. No Landlock, or no REFER (ABI 2), is
// Unsupported; a port grant under ABI < 4 too.
Result<OwnedFd> make_ruleset(const CapabilitySet& wanted, const HostFeatures& features);

// TerminalReads says whether the agent itself, past the broker, may read beneath /dev/pts.
enum class TerminalReads : unsigned char { AsGranted, ByBroker };
// make_inner_ruleset is the agent's own domain inside the broker's: signals stay in it, where the
// kernel scopes them, and with ByBroker it reads what `wanted` grants but not directories of
// terminals; InvalidInput where a grant covers those. Not valid where it would restrict nothing.
Result<OwnedFd> make_inner_ruleset(const CapabilitySet& wanted, const HostFeatures& features,
                                   TerminalReads terminals);

}  // namespace nono::sandbox
