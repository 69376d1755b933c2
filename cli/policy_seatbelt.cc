// cli/policy_seatbelt.cc: policy seatbelt: the sandbox of a run, as macOS would be told it.
#include <array>
#include <utility>

#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/profile_choice.h"
#include "cli/run_request.h"
#include "cli/session.h"
#include "engine/seatbelt_rules.h"
#include "sandbox/seatbelt_profile.h"

namespace nono::cli {
namespace {

// Quiet: what is looked for is not what is asked for.
class Quiet final : public engine::Teller {
 public:
  explicit Quiet(Render& render) : render_(render) {}
  void progress(std::uint64_t entries) override {
    render_.progress("looking for instruction files: " + std::to_string(entries) + " entries");
  }
  void starting(const engine::RunPlan&) override {}
  void denied(const engine::Judgement&, const std::string&) override {}
  void tolerated(const engine::Judgement&) override {}
  void refused(const sandbox::Refusal&, const std::string&) override {}
  void ended(const engine::Denials&) override {}
  void note(const std::string&) override {}

 private:
  Render& render_;
};

Result<int> run_seatbelt(const Arguments& arguments, Session& session) {
  NONO_TRY(engine::RunRequest request, run_request_from(arguments, session));
  NONO_CHECK(apply_chosen_profile(arguments, session, request));
  NONO_TRY(engine::RunPlan plan, engine::compose_run(request, {}));
  Quiet quiet(session.render());
  NONO_CHECK(engine::scan_run(plan, request, quiet));
  session.render().end_progress();
  const std::string text =
      sandbox::seatbelt_profile(plan.capabilities, engine::seatbelt_rules(plan, request.edit));
  if (session.wants_json()) {
    Json json = document("policy-seatbelt");
    json.set("profile", text);
    session.render().json(json);
  } else {
    session.render().raw(text);
  }
  return kDone;
}

constexpr auto kExamples = std::to_array<Example>({
    {"nono policy seatbelt --allow-cwd --block-net",
     "the profile of `nono run` with these options"},
});

}  // namespace

constinit const Command kPolicySeatbelt{
    .name = "policy seatbelt",
    .summary = "the sandbox of a run in the profile language of macOS",
    .description =
        "Composes the sandbox that `nono run` would start with the same options, starts nothing, "
        "and writes it as a Seatbelt profile: grants, the network, guarded files that were not "
        "admitted, and names that are never written. On macOS this text is what is enforced; there "
        "nothing judges an open while the agent runs.",
    .operands = {},
    .options = kCapabilityOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .run = run_seatbelt};

}  // namespace nono::cli
