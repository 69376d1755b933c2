// cli/trust_verify.cc: trust verify, trust list, trust explain.
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "cli/trust_foreign.h"
#include "crypto/head_start.h"
#include "engine/explain.h"
#include "engine/verify.h"

namespace nono::cli {
namespace {

// Collects reports as lines, or as elements of a JSON document.
class Reports {
 public:
  explicit Reports(Session& session) : session_(session) {}
  void add(const engine::FileReport& file) {
    if (session_.wants_json()) {
      files_.push_back(file_json(file));
    } else {
      session_.render().end_progress();
      report(session_.render(), file);
    }
  }
  void finish(std::string_view schema, const engine::Tally& tally) {
    if (session_.wants_json()) {
      Json json = document(schema);
      json.set("files", Json(std::move(files_)));
      json.set("summary", tally_json(tally));
      session_.render().json(json);
    } else if (tally.total() != 1) {
      session_.render().note(counted(tally.total(), "file") + ": " +
                             std::to_string(tally.verified) + " verified, " +
                             std::to_string(tally.unsigned_files) + " unsigned, " +
                             std::to_string(tally.failed) + " failed");
    }
  }

 private:
  Session& session_;
  Json::Array files_;
};

Error incomplete(const std::string& root) {
  return Error(ErrorKind::Exhausted, root + " is too large: not all of it was seen")
      .mend_with("verify a smaller directory, or name the files");
}

Result<engine::Tally> walk(Session& session, engine::Gate& gate, Reports& reports,
                           const std::set<std::string>& reported = {}) {
  NONO_TRY(const std::string root, session.working_directory());
  Result<engine::Tally> tally =
      engine::verify_tree(gate, root, {},
                          {.progress = scan_progress(session.render()),
                           .each = [&](const engine::FileReport& file) { reports.add(file); },
                           .reported = reported});
  session.render().end_progress();
  if (tally && !tally->complete) {
    session.render().error(incomplete(root));
  }
  return tally;
}

int verdict(const engine::Tally& tally) {
  if (tally.failed + tally.unsigned_files > 0) {
    return kVerdict;
  }
  return tally.complete ? kDone : kCouldNot;
}

Result<void> check_verify(const Arguments& arguments) {
  const std::size_t files = arguments.operands().size();
  if (files == 0 && !arguments.has("all")) {
    return std::unexpected(Error(ErrorKind::Usage, "it is not said which file to verify")
                               .mend_with("name a FILE, or use --all"));
  }
  if (arguments.has("trusted-root")) {
    return std::unexpected(Error(ErrorKind::Usage, "--trusted-root goes with an identity")
                               .mend_with("name one, or install the root: nono trust root show "
                                          "--help says where"));
  }
  if (arguments.has("bundle") && (files != 1 || arguments.has("all"))) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--bundle speaks for one file").mend_with("name exactly one FILE"));
  }
  return {};
}

Result<int> run_verify(const Arguments& arguments, Session& session) {
  if (asks_for_identity(arguments)) {
    return run_verify_identity(arguments, session);
  }
  NONO_CHECK(check_verify(arguments));
  crypto::HeadStart head_start;
  NONO_TRY(engine::Gate gate, session.open_gate(arguments.value("policy")));
  gate.with(&head_start);
  Reports reports(session);
  engine::Tally tally;
  std::set<std::string> named;
  const auto bundle = arguments.value("bundle");
  for (const std::string& file : arguments.operands()) {
    const engine::FileReport judged =
        bundle ? engine::verify_against(gate, file, *bundle) : engine::verify_file(gate, file);
    tally.add(judged.status);
    reports.add(judged);
    // Not what a link or ".." led to: the tree's own name of that is told, too.
    if (absolute_path(file).value_or("") == judged.judgement.path) {
      named.insert(judged.judgement.path);
    }
  }
  if (arguments.has("all")) {
    NONO_TRY(const engine::Tally below, walk(session, gate, reports, named));
    tally.add(below);
  }
  reports.finish("trust-verify", tally);
  return verdict(tally);
}

Result<int> run_list(const Arguments& arguments, Session& session) {
  crypto::HeadStart head_start;
  NONO_TRY(engine::Gate gate, session.open_gate(arguments.value("policy")));
  gate.with(&head_start);
  Reports reports(session);
  NONO_TRY(const engine::Tally tally, walk(session, gate, reports));
  reports.finish("trust-list", tally);
  return tally.complete ? kDone : kCouldNot;
}

Result<int> run_explain(const Arguments& arguments, Session& session) {
  NONO_TRY(engine::Gate gate, session.open_gate(arguments.value("policy")));
  const engine::Explanation told = engine::explain(gate, arguments.operands().front());
  if (session.wants_json()) {
    Json json = document("trust-explain");
    json.set("steps", steps_json(told.steps));
    json.set("verdict", file_json(told.report));
    session.render().json(json);
  } else {
    print_steps(session.render(), told.steps);
    report(session.render(), told.report);
  }
  return told.report.status == engine::Status::Verified ? kDone : kVerdict;
}

constexpr Option kPolicyOption{
    "policy",        0,
    "FILE",          "judge by this trust policy in place of the project's",
    Takes::OneValue, Completes::Files};
constexpr std::array<Option, 9> kVerifyOptions = {{
    {"all", 'a', "", "verify every guarded file beneath the working directory"},
    kPolicyOption,
    {"bundle", 'b', "FILE", "judge by this bundle instead of what lies beside the file",
     Takes::OneValue, Completes::Files},
    {"certificate-identity", 0, "NAME",
     "ask no policy: demand a certificate with exactly this subject (URI or e-mail)",
     Takes::OneValue},
    {"certificate-identity-regexp", 0, "PATTERN", "the same, by a pattern for the whole subject",
     Takes::OneValue},
    {"certificate-oidc-issuer", 0, "URL", "the issuer that vouched for that subject",
     Takes::OneValue},
    {"certificate-oidc-issuer-regexp", 0, "PATTERN", "the same, by a pattern for the whole issuer",
     Takes::OneValue},
    {"key", 0, "FILE", "ask no policy: demand a signature by this public key", Takes::OneValue,
     Completes::Files},
    {"trusted-root", 0, "FILE", "judge certificates by this trusted_root.json", Takes::OneValue,
     Completes::Files},
}};
constexpr std::array<Option, 1> kPolicyOnly = {kPolicyOption};
constexpr std::array<Example, 4> kVerifyExamples = {{
    {"nono trust verify CLAUDE.md", "one file"},
    {"nono trust verify --all --json", "everything beneath here, for a script"},
    {"nono trust verify --bundle dist/AGENTS.bundle AGENTS.md", "a bundle that lies elsewhere"},
    {"nono trust verify --certificate-identity me@example.org --certificate-oidc-issuer "
     "https://accounts.google.com app.tar",
     "any file that was signed with Sigstore"},
}};
constexpr std::array<Example, 2> kListExamples = {{
    {"nono trust list", "what an agent would meet in this directory"},
    {"nono trust list --json", "the same, for a script"},
}};
constexpr std::array<Example, 1> kExplainExamples = {{
    {"nono trust explain CLAUDE.md", "every layer of policy, every bundle, and what decided"},
}};

}  // namespace

constinit const Command kTrustVerify{
    .name = "trust verify",
    .summary = "say for each file whether a publisher whom you trust signed exactly its bytes",
    .description =
        "Prints VERIFIED, UNSIGNED or FAILED for each file, with the publisher or the reason and "
        "the command that mends it. Exits with 0 when all are verified, with 1 otherwise.\n\n"
        "A file is VERIFIED only by a signature of a publisher of your policy; an enforcement of "
        "warn or audit lets other files through to agents but does not make them verified.\n\n"
        "With an identity or a key, no policy is asked: the signature of that identity or key on "
        "any file, or on a digest given as sha256:DIGEST, is verified, with any Sigstore bundle.",
    .operands = {"FILE...", 0, kAnyNumber, Completes::Files},
    .options = kVerifyOptions,
    .examples = kVerifyExamples,
    .json = JsonOutput::Offered,
    .run = run_verify};

constinit const Command kTrustList{
    .name = "trust list",
    .summary = "list every guarded file beneath the working directory with its status",
    .description =
        "Looks at the same files as `nono trust verify --all` and exits with 0 whatever it finds.",
    .operands = {},
    .options = kPolicyOnly,
    .examples = kListExamples,
    .json = JsonOutput::Offered,
    .run = run_list};

constinit const Command kTrustExplain{
    .name = "trust explain",
    .summary = "show one file's whole chain of evidence, step by step",
    .description =
        "Shows what the file is, why its name is guarded, every policy layer and its standing, "
        "every bundle with its own finding, and the decision. Exits as `nono trust verify` does.",
    .operands = {"FILE", 1, 1, Completes::Files},
    .options = kPolicyOnly,
    .examples = kExplainExamples,
    .json = JsonOutput::Offered,
    .run = run_explain};

}  // namespace nono::cli
