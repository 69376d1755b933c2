// cli/trust_policy.cc: trust init, trust block.
#include <array>
#include <utility>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "engine/user_policy.h"

namespace nono::cli {
namespace {

// The user's policy is private; a project's is part of its tree. Returns where it was written.
Result<std::string> write_first(const Arguments& arguments, const Session& session) {
  const engine::Overwrite overwrite =
      arguments.has("force") ? engine::Overwrite::Yes : engine::Overwrite::No;
  const std::vector<std::string> includes = arguments.values("include");
  if (arguments.has("user")) {
    NONO_TRY(const engine::UserDirectories user, session.user());
    NONO_CHECK(engine::write_first_user_policy(user, includes, overwrite));
    return engine::user_policy_path(user);
  }
  NONO_TRY(const std::string here, session.working_directory());
  std::string path = join_path(here, "trust-policy.json");
  NONO_CHECK(engine::write_first_policy(path, includes, overwrite, 0644));
  return path;
}

Result<int> run_init(const Arguments& arguments, Session& session) {
  NONO_TRY(const std::string path, write_first(arguments, session));
  if (session.wants_json()) {
    Json json = document("trust-init");
    set_path(json, "path", path);
    json.set("layer", arguments.has("user") ? "user" : "project");
    session.render().json(json);
    return kDone;
  }
  session.render().result("wrote " + path);
  if (!arguments.has("user")) {
    session.render().note(
        "sign it, so that more than its tightening counts: nono trust sign-policy");
  }
  return kDone;
}

struct Blocked {
  std::string kind;  // "digest", "publisher"
  std::string value;
  engine::Edited edited;
};

Result<Blocked> block(const Arguments& arguments, const Session& session,
                      const engine::UserDirectories& user) {
  const std::string why = arguments.value("reason").value_or("");
  const auto publisher = arguments.value("publisher");
  if (publisher.has_value() == !arguments.operands().empty()) {
    return std::unexpected(
        publisher ? Error(ErrorKind::Usage, "--publisher and \"" + arguments.operands().front() +
                                                "\" both say what to block")
                        .mend_with("give one of the two, then the other")
                  : Error(ErrorKind::Usage, "it is not said what to block")
                        .mend_with("give one DIGEST or FILE, or --publisher IDENTITY"));
  }
  if (publisher) {
    NONO_TRY(const engine::Edited edited,
             engine::block_publisher(user, *publisher, why, session.clock()));
    return Blocked{.kind = "publisher", .value = *publisher, .edited = edited};
  }
  NONO_TRY(const crypto::Sha256 digest, engine::digest_to_block(arguments.operands().front()));
  NONO_TRY(const engine::Edited edited, engine::block_digest(user, digest, why, session.clock()));
  return Blocked{.kind = "digest", .value = digest.hex(), .edited = edited};
}

Result<int> run_block(const Arguments& arguments, Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(const Blocked blocked, block(arguments, session, user));
  const bool changed = blocked.edited == engine::Edited::Changed;
  if (session.wants_json()) {
    Json json = document("trust-block");
    json.set(blocked.kind, json_text(blocked.value));
    json.set("changed", changed);
    set_path(json, "policy", engine::user_policy_path(user));
    session.render().json(json);
    return kDone;
  }
  session.render().result((changed ? "blocked " : "was blocked already: ") + blocked.kind + " " +
                          blocked.value);
  session.render().note("in " + engine::user_policy_path(user));
  return kDone;
}

constexpr std::array<Option, 3> kInitOptions = {{
    {"include", 'i', "PATTERN", "guard these names too (may be repeated)", Takes::Values},
    {"user", 'u', "", "your own policy instead of this project's"},
    {"force", 'f', "", "replace a policy that is there"},
}};
constexpr std::array<Option, 2> kBlockOptions = {{
    {"publisher", 0, "IDENTITY", "block a signer: a name, key_id, fingerprint or repository",
     Takes::OneValue},
    {"reason", 'r', "TEXT", "why; shown whenever it blocks something", Takes::OneValue},
}};
constexpr std::array<Example, 2> kInitExamples = {{
    {"nono trust init --include 'PROMPT*.md'", "a policy for this project"},
    {"nono trust init --user", "your own, which every project is judged by"},
}};
constexpr std::array<Example, 3> kBlockExamples = {{
    {"nono trust block AGENTS.md", "these bytes, under whatever name and signature"},
    {"nono trust block 2c26b46b68ffc68ff99b453c1d304134... --reason 'asks for tokens'",
     "by digest"},
    {"nono trust block --publisher mallory", "everything that mallory signed"},
}};

}  // namespace

constinit const Command kTrustInit{
    .name = "trust init",
    .summary = "write a first trust policy",
    .description =
        "Writes trust-policy.json into the working directory, or with --user your own. The "
        "built-in names are guarded in any case; a policy adds to them. What is there already is "
        "never overwritten without --force.",
    .operands = {},
    .options = kInitOptions,
    .examples = kInitExamples,
    .json = JsonOutput::Offered,
    .run = run_init};

constinit const Command kTrustBlock{
    .name = "trust block",
    .summary = "never let these bytes, or this signer, through",
    .description =
        "Adds to the blocklist of your policy. A blocklist entry is obeyed before any signature is "
        "looked at, and neither enforcement nor override softens it.",
    .operands = {"DIGEST|FILE", 0, 1, Completes::Files},
    .options = kBlockOptions,
    .examples = kBlockExamples,
    .json = JsonOutput::Offered,
    .run = run_block};

}  // namespace nono::cli
