// cli/learn.cc: learn: run once with everything recorded, and propose a profile.
#include "engine/learn.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/live_lines.h"
#include "cli/profile_choice.h"
#include "cli/profile_text.h"
#include "cli/run_failure.h"
#include "cli/run_request.h"
#include "cli/session.h"
#include "engine/profiles.h"

namespace nono::cli {
namespace {

// LearnScreen tells of guarded files only: everything else is in the proposal or its notes.
class LearnScreen final : public engine::Teller {
 public:
  explicit LearnScreen(Render& render) : render_(render), live_(render) {}
  void progress(std::uint64_t) override {}
  void starting(const engine::RunPlan&) override {
    render_.note(
        "learn: everything is allowed that is not never granted; what is used is recorded");
  }
  void denied(const engine::Judgement& judgement, const std::string&) override {
    live_.tell("denied: " + judgement.path + ": " + judgement.reason_code());
  }
  void tolerated(const engine::Judgement&) override {}
  void refused(const sandbox::Refusal&, const std::string&) override {}
  void ended(const engine::Denials&) override {}
  void note(const std::string& line) override { live_.tell(line); }
  void hold() override { live_.hold(); }
  void release() override { live_.release(); }

 private:
  Render& render_;
  LiveLines live_;
};

// name_of is the profile's: --name, or the program's own, as far as it can be a name.
std::string name_of(const Arguments& arguments, const std::vector<std::string>& command) {
  if (const auto given = arguments.value("as")) {
    return *given;
  }
  std::string out(command.empty() ? "" : base_name(command.front()));
  std::ranges::replace_if(
      out, [](char c) { return !profile::is_profile_name(std::string("a") + c); }, '-');
  return profile::is_profile_name(out) ? out : "learned";
}

// take_over leaves of a request with a profile what a run needs and learning does not change.
engine::RunRequest take_over(const engine::RunRequest& known) {
  engine::RunRequest out = known;
  // Sockets are granted by name only: what a program behind one does is not to be tried out.
  std::erase_if(out.paths, [](const engine::WantedPath& wanted) {
    return wanted.kind != sandbox::WantedKind::Socket;
  });
  out.denials.clear();
  out.network = engine::NetworkWish::Open;
  out.ports = {};
  return out;
}

// composed_of parses the proposal as the profile that it will be.
Result<profile::Composed> composed_of(const Json& document, const engine::LearnRequest& request,
                                      const engine::UserDirectories& user) {
  engine::LoadedProfile loaded;
  loaded.name = request.name;
  NONO_TRY(loaded.profile, profile::parse_profile(document.pretty(), profile::ProfileFormat::Json,
                                                  "the learned profile"));
  return engine::compose_loaded(loaded, user, request.run.working_directory);
}

// added lists what the proposal has and the profile that it extends has not.
Result<std::vector<std::string>> added(const Json& document, const engine::LearnRequest& request,
                                       const engine::UserDirectories& user) {
  NONO_TRY(const profile::Composed composed, composed_of(document, request, user));
  std::vector<std::string> before;
  if (!request.extends.empty()) {
    NONO_TRY(const engine::LoadedProfile parent, engine::find_profile(user, request.extends));
    NONO_TRY(const profile::Composed old,
             engine::compose_loaded(parent, user, request.run.working_directory));
    before = composed_lines(old);
  }
  std::vector<std::string> out;
  for (std::string& line : composed_lines(composed)) {
    if (std::ranges::find(before, line) == before.end()) {
      out.push_back(std::move(line));
    }
  }
  return out;
}

Json lines_json(const std::vector<std::string>& lines) {
  Json::Array out;
  std::ranges::transform(lines, std::back_inserter(out), json_text);
  return {std::move(out)};
}

// Output is where the profile goes to. Its directory is held from before the run on: the program
// may put a link in its place, which leads to where no agent writes.
struct Output {
  std::string path;
  OwnedFd directory = {};
  bool force = false;
};

// open_output refuses before the run what could not be written after it: that may take long, and
// not come out the same again.
Result<std::optional<Output>> open_output(const Arguments& arguments) {
  const auto path = arguments.value("output");
  if (!path) {
    return std::nullopt;
  }
  Output out{.path = *path, .force = arguments.has("force")};
  auto directory =
      open_directory(BorrowedFd::unowned(AT_FDCWD), std::string(directory_name(*path)));
  if (!directory) {
    return not_written(std::move(directory).error(), *path);
  }
  out.directory = *std::move(directory);
  const std::string name(base_name(*path));
  struct stat status{};
  const bool there =
      ::fstatat(BorrowedFd(out.directory).raw(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (name.empty() || (there && S_ISDIR(status.st_mode))) {
    return not_written(Error::from_errno(EISDIR, "it cannot be replaced"), *path);
  }
  if (there && !out.force) {
    return not_written(Error::from_errno(EEXIST, "it is not replaced"), *path);
  }
  if (::faccessat(BorrowedFd(out.directory).raw(), ".", R_OK | W_OK | X_OK, 0) != 0) {
    return not_written(Error::from_errno(errno, "its directory"), *path);
  }
  return out;
}

// shown_place is where the profile lies: its directory may have been moved meanwhile.
std::string shown_place(const Output& output) {
  const std::string given(directory_name(output.path));
  struct stat held{};
  struct stat named{};
  const bool same = ::fstat(BorrowedFd(output.directory).raw(), &held) == 0 &&
                    ::stat(given.c_str(), &named) == 0 && held.st_dev == named.st_dev &&
                    held.st_ino == named.st_ino;
  const auto now = path_of(output.directory);
  return same || !now ? output.path : join_path(*now, base_name(output.path));
}

Result<void> write_profile(const Output& output, Session& session, const Json& document) {
  constexpr mode_t kMode = 0644;
  const std::string name(base_name(output.path));
  auto done = output.force ? replace_file(output.directory, name, document.pretty(), kMode)
                           : create_file(output.directory, name, document.pretty(), kMode);
  if (!done) {
    return not_written(std::move(done).error(), output.path);
  }
  session.render().note("wrote " + shown_place(output));
  return {};
}

void show(Session& session, const engine::LearnResult& result,
          const std::vector<std::string>& lines) {
  Render& render = session.render();
  for (const std::string& line : lines) {
    render.result("+ " + line);
  }
  for (const std::string& note : result.learned.notes) {
    render.note(note);
  }
  if (!result.complete) {
    render.note("more was used than can be recorded: the profile is not complete");
  }
}

Json learn_json(const engine::LearnResult& result, const std::vector<std::string>& lines) {
  Json json = document("learn");
  json.set("exit_code", std::get<engine::RunResult>(result.outcome).exit_code);
  json.set("profile", result.learned.document);
  json.set("added", lines_json(lines));
  json.set("notes", lines_json(result.learned.notes));
  json.set("complete", result.complete);
  return json;
}

Result<engine::LearnRequest> learn_request(const Arguments& arguments, Session& session) {
  engine::LearnRequest out;
  NONO_TRY(out.known, run_request_from(arguments, session));
  NONO_CHECK(apply_chosen_profile(arguments, session, out.known));
  out.run = take_over(out.known);
  out.name = name_of(arguments, out.known.command);
  if (!profile::is_profile_name(out.name)) {
    return fail(ErrorKind::Usage, "--as " + printable(out.name) + ": not a name of a profile");
  }
  out.extends = arguments.value("profile").value_or("");
  if (engine::is_profile_file(out.extends)) {
    return std::unexpected(Error(ErrorKind::Usage, "--profile " + printable(out.extends) +
                                                       ": a profile extends another by its name")
                               .mend_with("nono profile list shows the names"));
  }
  return out;
}

// propose shows what was learned before it is written: that can fail.
Result<int> propose(const std::optional<Output>& output, Session& session,
                    const engine::LearnRequest& request, const engine::LearnResult& result) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const std::vector<std::string> lines, added(result.learned.document, request, user));
  if (session.wants_json()) {
    session.render().json(learn_json(result, lines));
  } else {
    show(session, result, lines);
  }
  if (output) {
    NONO_CHECK(write_profile(*output, session, result.learned.document));
  }
  const auto& ended = std::get<engine::RunResult>(result.outcome);
  if (ended.record_fault) {
    session.render().error(*ended.record_fault);
  }
  return ended.exit_code;
}

Result<int> run_learn(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::LearnRequest request, learn_request(arguments, session));
  NONO_TRY(const std::optional<Output> output, open_output(arguments));
  LearnScreen screen(session.render());
  auto result = engine::learn(request, session.clock(), screen);
  if (!result) {
    if (const auto code = program_error(result.error(), request.run.command)) {
      session.render().error(result.error());
      return *code;
    }
    return std::unexpected(std::move(result).error());
  }
  if (const auto* refused = std::get_if<engine::StartRefused>(&result->outcome)) {
    return refused_start(session.render(), *refused, kStartAllTheSame);
  }
  return propose(output, session, request, *result);
}

constexpr auto kOptions = std::to_array<Option>({
    {"profile", 'p', "NAME", "learn only what this profile does not give, and extend it",
     Takes::OneValue},
    {"no-profile", 0, "", "neither the directory's default profile nor the project's"},
    {"as", 0, "NAME", "the name of the learned profile (default: the program's)", Takes::OneValue},
    {"output", 0, "FILE", "write the profile there, as JSON", Takes::OneValue, Completes::Files},
    {"force", 0, "", "replace what is there"},
    {"workdir", 0, "DIR", "start there instead of in the working directory", Takes::OneValue,
     Completes::Directories},
    {"env", 0, "NAME", "pass on a variable that is dropped by default, or set NAME=VALUE",
     Takes::Values},
    {"env-allow", 0, "GLOB", "pass on variables by pattern", Takes::Values},
    {"policy", 0, "FILE", "use this trust policy in place of the project's", Takes::OneValue,
     Completes::Files},
    {"trust-scan", 0, "WHICH", "what stops the start: autoloaded (default), all or none",
     Takes::OneValue},
});
constexpr auto kExamples = std::to_array<Example>({
    {"nono learn --output build.json -- make", "what a build uses, as a profile to read"},
    {"nono learn --profile python-dev -- pytest", "what it needs beyond a profile"},
});

}  // namespace

constinit const Command kLearn{
    .name = "learn",
    .summary = "run once with everything recorded, and propose the smallest profile",
    .description =
        "Runs PROGRAM with everything allowed but what is never granted, by the supervisor of "
        "`nono run`, and records what it opens, executes, makes and connects to. Then shows the "
        "smallest profile that would have allowed it, as lines to review; --output writes it. "
        "Directories stand for many of their files, groups for what a toolchain keeps, variables "
        "for where things lie. The program is trusted for this one run: learn from what you "
        "know.\n\n"
        "The program's output comes first, then the lines or, with --json, the document; the exit "
        "code is the program's.",
    .operands = {},
    .options = kOptions,
    .examples = kExamples,
    .json = JsonOutput::Offered,
    .tail = Tail::Required,
    .run = run_learn};

}  // namespace nono::cli
