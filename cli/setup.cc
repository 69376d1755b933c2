// cli/setup.cc: setup --check-only: what this kernel enforces, mechanism by mechanism.
#include <sys/utsname.h>

#include <array>
#include <string>

#include "cli/commands.h"
#include "cli/session.h"
#include "cli/setup_report.h"
#include "sandbox/host_features.h"

namespace nono::cli {
namespace {

// platform is the kernel and machine, as uname(2) has them.
std::string platform() {
  struct utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release + " " + name.machine
                             : std::string("unknown");
}

std::string sandbox_line(const sandbox::HostFeatures& features) {
  return (features.landlock_abi > 0 ? "Landlock ABI " + std::to_string(features.landlock_abi)
                                    : std::string("no Landlock")) +
         (features.seccomp_filter ? ", seccomp" : ", no seccomp");
}

Result<int> run_setup(const Arguments& arguments, Session& session) {
  if (!arguments.has("check-only")) {
    return std::unexpected(
        Error(ErrorKind::Usage, "setup changes nothing on this system")
            .mend_with("use nono setup --check-only; a profile of yours: nono profile init"));
  }
  const sandbox::HostFeatures features =
      sandbox::probe(sandbox::HostView{}, sandbox::ProbeDepth::Full);
  const int code = setup_verdict(features).run ? kDone : kCouldNot;
  if (session.wants_json()) {
    session.render().json(setup_document(features));
    return code;
  }
  session.render().result("Platform: " + platform());
  session.render().result("sandbox: " + sandbox_line(features));
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
