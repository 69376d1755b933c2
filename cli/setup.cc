// cli/setup.cc: setup --check-only: what this kernel enforces, mechanism by mechanism.
#include <array>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/setup_report.h"
#include "sandbox/host_features.h"

namespace nono::cli {
namespace {

Result<int> run_setup(const Arguments& arguments, Session& session) {
  if (!arguments.has("check-only")) {
    return std::unexpected(Error(ErrorKind::Usage, "setup changes nothing on this system")
                               .mend_with("use nono setup --check-only"));
  }
  const sandbox::HostFeatures features =
      sandbox::probe(sandbox::HostView{}, sandbox::ProbeDepth::Full);
  const int code = starts_agents(features) ? kDone : kCouldNot;
  if (session.wants_json()) {
    session.render().json(setup_document(features));
    return code;
  }
  for (const std::string& line : setup_lines(features)) {
    session.render().result(line);
  }
  return code;
}

constexpr auto kOptions = std::to_array<Option>({
    {"check-only", 0, "", "look, and change nothing"},
});
constexpr auto kExamples = std::to_array<Example>({
    {"nono setup --check-only", "what this kernel can enforce"},
});

}  // namespace

const Command kSetup{
    .name = "setup",
    .summary = "show what this kernel can enforce",
    .description =
        "Asks the kernel for every mechanism that the sandbox uses: Landlock right by right, "
        "seccomp filters and notifications, namespaces. What is missing is listed with what is "
        "possible therefore.",
    .operands = {},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .tail = Tail::None,
    .run = run_setup,
};

}  // namespace nono::cli
