// engine/mend.h: the option of `run` that would let a refused operation through.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/run.h"
#include "profile/never_grant.h"
#include "sandbox/capability_set.h"
#include "sandbox/confinement.h"
#include "sandbox/gatekeeper.h"

namespace nono::engine {

// way_to_grant names the smallest option that gives `access` to what is at `path` (absolute), which
// is or is not a directory. What is never granted costs --override-never-grant too; empty where
// nothing opens it.
std::string way_to_grant(const profile::NeverGrantList& never, const std::string& path,
                         sandbox::Access access, sandbox::PathKind kind);

// mode_refuses reports whether the mode of what is at `path`, or its file system, keeps this user
// from it, so that no grant helps. Programs are not asked about.
bool mode_refuses(const std::string& path, sandbox::Access access);

// owner_refuses reports whether this user changes nothing of the metadata at `path`, whatever is
// granted: the owner does, and who may write there may set the times to now.
bool owner_refuses(const std::string& path);

// mend_for names what lets through an operation that the sandbox refused, by its rule; empty where
// no option does.
std::string mend_for(const RunPlan& plan, const sandbox::Refusal& refusal);

// not_executed is the error of a program that the kernel did not execute in the sandbox; where that
// lies at what it is started by (a script's `#!`, a loader), it says so.
Error not_executed(const RunPlan& plan, const std::string& program, int saved_errno);

// not_started is the error of a start that ended in a step before that; `what` was not started.
Error not_started(const std::string& what, const sandbox::ChildFailure& failure);

// access_of is what a refused operation of that name (sandbox/gatekeeper.h) needs, and of what: the
// object itself, or the directory in which its name is.
struct Needed {
  sandbox::Access access = sandbox::Access::none();
  bool of_directory = false;
};
Needed access_of(std::string_view operation);

}  // namespace nono::engine
