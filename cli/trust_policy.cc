// cli/trust_policy.cc: trust init, trust block.
#include <array>
#include <utility>

#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "cli/signing_key.h"
#include "engine/publishers.h"
#include "engine/user_policy.h"

namespace nono::cli {
namespace {

// key_as_publisher is the key that --key or --keyref names, as others see it. It is never made
// here: who is to be named has signed with it, or will.
Result<std::vector<trustpolicy::Publisher>> key_as_publisher(const Arguments& arguments,
                                                             Session& session) {
  const auto called = arguments.value("name");
  if (!arguments.has("key") && !arguments.has("keyref")) {
    return called ? Result<std::vector<trustpolicy::Publisher>>(std::unexpected(
                        Error(ErrorKind::Usage, "--name calls a key something, and there is none")
                            .mend_with("name a key with --key or --keyref")))
                  : std::vector<trustpolicy::Publisher>();
  }
  NONO_TRY(const SigningKey key, signing_key(arguments, session));
  const std::string own = std::string(base_name(key.shown));
  NONO_TRY(trustpolicy::Publisher publisher,
           engine::publisher_of(called.value_or(own), key.key.public_key()));
  return std::vector{std::move(publisher)};
}

// patterns_of: --include may be given several times, or once with several patterns behind it.
Result<std::vector<std::string>> patterns_of(const Arguments& arguments) {
  std::vector<std::string> patterns = arguments.values("include");
  if (patterns.empty() && !arguments.operands().empty()) {
    return std::unexpected(
        Error(ErrorKind::Usage,
              "it is not said what \"" + printable(arguments.operands().front()) + "\" is")
            .mend_with("patterns follow --include"));
  }
  patterns.insert(patterns.end(), arguments.operands().begin(), arguments.operands().end());
  return patterns;
}

// The user's policy is private; a project's is part of its tree. Returns where it was written.
Result<std::string> write_first(const Arguments& arguments, const Session& session,
                                const engine::FirstPolicy& first) {
  const engine::Overwrite overwrite =
      arguments.has("force") ? engine::Overwrite::Yes : engine::Overwrite::No;
  if (arguments.has("user")) {
    NONO_TRY(const engine::UserDirectories user, session.user());
    NONO_CHECK(engine::write_first_user_policy(user, first, overwrite));
    return engine::user_policy_path(user);
  }
  NONO_TRY(const std::string here, session.working_directory());
  std::string path = join_path(here, "trust-policy.json");
  NONO_CHECK(engine::write_first_policy(path, first, overwrite, 0644));
  return path;
}

// how_to_sign names the key that the policy names.
std::string how_to_sign(const Arguments& arguments) {
  for (const std::string_view option : {"key", "keyref"}) {
    if (const auto given = arguments.value(option)) {
      return "nono trust sign-policy --" + std::string(option) + " " + shell_quote(*given);
    }
  }
  return "nono trust sign-policy";
}

Result<int> run_init(const Arguments& arguments, Session& session) {
  engine::FirstPolicy first;
  NONO_TRY(first.includes, patterns_of(arguments));
  NONO_TRY(first.publishers, key_as_publisher(arguments, session));
  NONO_TRY(const std::string path, write_first(arguments, session, first));
  if (session.wants_json()) {
    Json json = document("trust-init");
    set_path(json, "path", path);
    json.set("layer", arguments.has("user") ? "user" : "project");
    json.set("publisher",
             first.publishers.empty() ? Json() : json_text(first.publishers.front().name));
    session.render().json(json);
    return kDone;
  }
  session.render().result("wrote " + path);
  for (const trustpolicy::Publisher& publisher : first.publishers) {
    session.render().note("it names the publisher " + printable(publisher.name) + " (" +
                          engine::identity_text(publisher) + ")");
  }
  if (!arguments.has("user")) {
    session.render().note("sign it, so that more than its tightening counts: " +
                          how_to_sign(arguments));
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

constexpr std::array<Option, 6> kInitOptions = {{
    {"include", 'i', "PATTERN", "guard these names too (may be repeated)", Takes::Values},
    {"key", 'k', "NAME", "name the signer with this key of yours as a publisher", Takes::OneValue,
     Completes::Keys},
    {"keyref", 0, "REF", "the same, with the key at keystore://ID or file:///PATH",
     Takes::OneValue},
    {"name", 'n', "NAME", "what the publisher is called (default: as the key)", Takes::OneValue},
    {"user", 'u', "", "your own policy instead of this project's"},
    {"force", 'f', "", "replace a policy that is there"},
}};
constexpr std::array<Option, 2> kBlockOptions = {{
    {"publisher", 0, "IDENTITY", "block a signer: a name, key_id, fingerprint or repository",
     Takes::OneValue},
    {"reason", 'r', "TEXT", "why; shown whenever it blocks something", Takes::OneValue},
}};
constexpr std::array<Example, 3> kInitExamples = {{
    {"nono trust init --include 'PROMPT*.md'", "a policy for this project"},
    {"nono trust init --key default --name alice",
     "it tells whose key signs here, for `nono trust publisher add --from`"},
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
        "never overwritten without --force.\n\n"
        "A publisher that a project's policy names counts for nobody who did not add it, or does "
        "not trust whoever signed the policy to say so; but it is where `nono trust publisher add "
        "--from FILE` finds the key.",
    .operands = {"PATTERN...", 0, kAnyNumber},
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
