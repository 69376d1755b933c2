// cli/wrap.cc: wrap: the sandbox around a program, and nothing of nono left beside it.
#include "engine/wrap.h"

#include <unistd.h>

#include <array>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/profile_choice.h"
#include "cli/run_failure.h"
#include "cli/run_request.h"
#include "cli/session.h"

namespace nono::cli {
namespace {

// WrapScreen says before the start what will not be guarded after it.
class WrapScreen final : public engine::Teller {
 public:
  WrapScreen(Render& render, bool banner) : render_(render), banner_(banner) {}
  void progress(std::uint64_t entries) override {
    render_.progress("looking for instruction files: " + std::to_string(entries) + " entries");
  }
  void starting(const engine::RunPlan& plan) override {
    render_.end_progress();
    if (!banner_) {
      return;
    }
    render_.note("sandbox: Landlock ABI " + std::to_string(plan.features.landlock_abi) +
                 ", seccomp, no supervisor: nothing is judged after the start, and names that run "
                 "code later can be written");
    for (const std::string& note : plan.notes) {
      render_.note("  " + note);
    }
  }
  void denied(const engine::Judgement&, const std::string&) override {}
  void tolerated(const engine::Judgement&) override {}
  void refused(const sandbox::Refusal&, const std::string&) override {}
  void ended(const engine::Denials&) override {}
  void note(const std::string& line) override { render_.note(line); }

 private:
  Render& render_;
  bool banner_;
};

int needs_supervisor(Render& render, const engine::NeedsSupervisor& needs) {
  for (const engine::Verdict& file : needs.guarded) {
    render.note("guarded: " + file.path + (file.proven ? "  verified" : "  " + file.code));
  }
  render.error(
      Error(ErrorKind::PermissionDenied, "the program was not started: " + needs.why +
                                             ", and wrap leaves nobody who would judge opens")
          .mend_with(needs.off_lets_through
                         ? "use nono run; where that cannot be, --trust-intercept=off is your "
                           "word that what is verified now may change later"
                         : "use nono run"));
  return kVerdict;
}

Result<int> run_wrap(const Arguments& arguments, Session& session) {
  NONO_TRY(engine::RunRequest request, run_request_from(arguments, session));
  request.supervision = engine::Supervision::None;
  NONO_CHECK(apply_chosen_profile(arguments, session, request));
  const bool banner =
      !arguments.has("no-banner") && (::isatty(STDERR_FILENO) != 0 || session.render().verbose());
  WrapScreen screen(session.render(), banner);
  auto outcome = engine::wrap(request, session.caller_signals(), session.clock(), screen);
  session.render().end_progress();
  if (!outcome) {
    if (const auto code = program_error(outcome.error(), request.command)) {
      session.render().error(outcome.error());
      return *code;
    }
    return std::unexpected(std::move(outcome).error());
  }
  if (const auto* refused = std::get_if<engine::StartRefused>(&*outcome)) {
    return refused_start(
        session.render(), *refused,
        " in reach cannot be trusted, and wrap leaves nobody who would keep it from "
        "being read (nono run does)");
  }
  return needs_supervisor(session.render(), std::get<engine::NeedsSupervisor>(*outcome));
}

constexpr auto kOptions =
    joined(kCapabilityOptions, std::to_array<Option>({
                                   {"no-banner", 0, "", "say nothing before the start"},
                               }));
constexpr auto kExamples = std::to_array<Example>({
    {"nono wrap --read-cwd --block-net -- ./filter <in >out", "a filter between two pipes"},
});

}  // namespace

constinit const Command kWrap{
    .name = "wrap",
    .summary = "apply the sandbox and become the program; no supervisor stays",
    .description =
        "Confines itself as `nono run` would and executes PROGRAM in its own place: exit code, "
        "signals, terminal and pipes are the program's own. Nothing is judged after the start. So "
        "it is refused where a guarded file is in reach, unless --trust-intercept=off is given, "
        "and where a policy demands strict interception.\n\n"
        "Weaker than `nono run`: names that run code later (.git/hooks, .envrc, ...) can be "
        "written in write grants; what the program starts may outlive it; there is no record of "
        "what it did, no limit, no temporary directory, and programs such as sudo or dd are not "
        "held "
        "back. Stricter: mode, owner, times and "
        "attributes cannot be changed, sockets of the file system and watches cannot be used.",
    .operands = {},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::None,
    .tail = Tail::Required,
    .run = run_wrap};

}  // namespace nono::cli
