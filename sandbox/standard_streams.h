// sandbox/standard_streams.h: which sockets may be a standard stream of an agent.
//
// What is passed on as such no filter has seen made. Who starts nono chose the peer of a socket
// that has one; a socket of datagrams, of raw packets or of the kernel's interfaces reaches
// whomever each message names, and no rule of the sandbox judges that.
#pragma once

#include "base/result.h"
#include "sandbox/capability_set.h"

namespace nono::sandbox {

// check_standard_streams: an error where standard input, output or error is a socket of a kind that
// an agent on that network could not make itself.
Result<void> check_standard_streams(const Network& network);

}  // namespace nono::sandbox
