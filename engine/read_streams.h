// engine/read_streams.h: guarded files that the caller opened for the agent (`nono run …
// <CLAUDE.md`).
//
// The gate judges what is opened, and a standard stream is open already. One that a guarded file
// would be read from is judged before the start, and the agent gets the copy that was judged.
// Guarded is what the kernel names so: how the caller spelt it is not known. What is only written
// to is the caller's choice.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "engine/gate.h"
#include "engine/run.h"
#include "sandbox/capability_set.h"
#include "sandbox/gatekeeper.h"
#include "sandbox/launch.h"

namespace nono::engine {

struct ReadStream {
  std::size_t number;  // 0, 1 or 2
  Judgement judgement;
  OwnedFd copy;  // of the judged bytes, where the caller's reading stood; none where it is denied
};

// read_streams: an error, too, where a stream is a socket that an agent on that network could not
// make itself (sandbox/standard_streams.h).
Result<std::vector<ReadStream>> read_streams(Gate gate, const sandbox::Network& network);

// hand_over puts the copies, which stay borrowed, in the place of the caller's.
void hand_over(std::span<const ReadStream> streams, sandbox::LaunchPlan& launch);

// record_reading: what the caller hands over is recorded as what the agent opens.
Result<void> record_reading(std::span<const ReadStream> streams, sandbox::Gatekeeper& gate);

// verdicts_on tells of all of them, or of those that are denied.
enum class Which : unsigned char { All, Denied };
std::vector<Verdict> verdicts_on(std::span<const ReadStream> streams, Which which);

}  // namespace nono::engine
