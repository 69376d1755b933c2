// net/confine.h: what nono-net gives up before it reads the first request.
#pragma once

#include <string>

#include "base/result.h"

namespace nono::net {

// confine: no core files, not dumpable, no capabilities, no new privileges, no file can be written
// or grow; Landlock leaves reading what the resolver and the TLS library need, and `ca_directory`
// where it is not ""; two seccomp filters refuse executing, forking, listening, other families of
// sockets, other processes, new code. Any step that fails is Unsupported: nothing is carried then.
// Only the calling thread is confined, so it must be the only one.
Result<void> confine(const std::string& ca_directory);

}  // namespace nono::net
