// engine/use_recorder.h: what a run tells who wants to learn from it.
#pragma once

#include "sandbox/gatekeeper.h"

namespace nono::engine {

// UseRecorder hears what the agent did, and what it tried that could not be let.
class UseRecorder {
 public:
  virtual ~UseRecorder() = default;
  virtual void used(const sandbox::Use& use) = 0;
  virtual void wanted(const sandbox::Refusal& refusal) = 0;
};

}  // namespace nono::engine
