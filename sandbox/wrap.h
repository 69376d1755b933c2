// sandbox/wrap.h: the sandbox without a broker: the calling process becomes the program.
//
// Landlock and fixed filters are all there is. Nobody judges an open, so instruction files and
// names that run code later are as any other file; what the broker would decide on objects is
// refused by the call: changing mode, owner, times and attributes, sockets in the file system,
// watches.
#pragma once

#include "base/caller_signals.h"
#include "base/result.h"
#include "sandbox/capability_set.h"
#include "sandbox/confinement.h"
#include "sandbox/host_features.h"

namespace nono::sandbox {

// wrap confines the calling process, which must have one thread, and executes the program in its
// place with descriptors 0, 1 and 2 and the signals of the caller. It returns only where that
// failed. Whatever of the confinement was in effect by then stays so: the caller says why, and
// ends.
ChildFailure wrap(const Prepared& prepared, const ExecPlan& exec,
                  const CallerSignals& caller_signals) noexcept;

}  // namespace nono::sandbox
