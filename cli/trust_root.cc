// cli/trust_root.cc: trust root show.
#include <array>
#include <utility>

#include "attest/trusted_root.h"
#include "attest/verified_facts.h"
#include "base/files.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "cli/session.h"
#include "trustpolicy/discover.h"
#include "trustpolicy/trusted_file.h"

namespace nono::cli {
namespace {

// Shown is a root with where it comes from.
struct Shown {
  std::string source;  // a path, or "embedded"
  std::string digest;
  attest::TrustedRoot root;
  std::string instance = {};  // where it was fetched
};

Result<Shown> read_shown(const std::string& path) {
  NONO_TRY(const std::string text, read_file(path, kPolicyLimits.bytes));
  auto root = attest::TrustedRoot::parse(text);
  if (!root) {
    return std::unexpected(std::move(root).error().while_doing(path));
  }
  return Shown{path, crypto::Sha256::of(text).hex(), *std::move(root)};
}

Result<Shown> fetched_shown(const trustpolicy::Instance& instance, const std::string& path) {
  NONO_TRY(const std::string text,
           trustpolicy::load_refreshed(instance, path, trustpolicy::kRootTarget));
  NONO_TRY(attest::TrustedRoot root, attest::TrustedRoot::parse(text));
  return Shown{path, crypto::Sha256::of(text).hex(), std::move(root), instance.name};
}

Result<Shown> find_shown(const Arguments& arguments, const Session& session) {
  if (const auto file = arguments.value("trusted-root")) {
    if (arguments.value("name")) {
      return std::unexpected(
          Error(ErrorKind::Usage, "a file is named, and a root by its name as well")
              .mend_with("keep one of --trusted-root and --name"));
    }
    return read_shown(*file);
  }
  NONO_TRY(const engine::UserDirectories user, session.user());
  const trustpolicy::Places places = engine::policy_places(user, "/");
  const auto name = arguments.value("name");
  NONO_TRY(const trustpolicy::WhichRoot which,
           name ? trustpolicy::named_root(places, *name, trustpolicy::LayerKind::User)
                : trustpolicy::root_in_use(places));
  if (which.refreshed) {
    return fetched_shown(*which.refreshed, which.path);
  }
  if (!which.path.empty()) {
    // A file that is not believed judges nothing.
    NONO_CHECK(trustpolicy::root_source(which)->get());
    return read_shown(which.path);
  }
  const attest::EmbeddedRoot& embedded = attest::embedded_root();
  NONO_TRY(attest::TrustedRoot root, attest::TrustedRoot::parse(embedded.text));
  return Shown{"embedded", embedded.digest.hex(), std::move(root)};
}

std::string span_text(attest::Time start, const std::optional<attest::Time>& end) {
  return attest::utc(start) + " to " + (end ? attest::utc(*end) : std::string("now on"));
}

using Fact = std::pair<std::string, std::string>;

engine::Step instance(std::string kind, std::string name, std::string key, attest::Time start,
                      const std::optional<attest::Time>& end) {
  return {.name = std::move(kind),
          .facts = {Fact{"uri", std::move(name)}, Fact{"key", std::move(key)},
                    Fact{"valid", span_text(start, end)}}};
}

std::string subject_of(const crypto::Certificate& certificate) {
  return certificate.subject_text() + " " + certificate.key().fingerprint().short_form();
}

std::vector<engine::Step> instances(const attest::TrustedRoot& root) {
  std::vector<engine::Step> steps;
  for (const attest::TrustedAuthority& one : root.authorities()) {
    steps.push_back(instance("authority", one.uri, subject_of(one.authority.chain().front()),
                             one.window.start, one.window.end));
  }
  for (const attest::TrustedCtLog& one : root.ct_logs()) {
    steps.push_back(
        instance("ct-log", one.base_url, one.log_id.hex(), one.window.start, one.window.end));
  }
  for (const rekor::Log& one : root.logs().logs()) {
    steps.push_back(
        instance("log", one.base_url, one.log_id.hex(), one.valid_from, one.valid_until));
  }
  for (const attest::TrustedTimestamper& one : root.timestampers()) {
    const auto& leaf = one.signer.leaf();
    const auto& authority = one.signer.authority();
    const std::string signer = leaf        ? subject_of(*leaf)
                               : authority ? subject_of(authority->chain().front())
                                           : std::string("none");
    steps.push_back(instance("timestamps", one.uri, signer, one.window.start, one.window.end));
  }
  for (const std::string& warning : root.warnings()) {
    steps.push_back({.name = "left-out", .facts = {Fact{"instance", warning}}});
  }
  return steps;
}

engine::Step origin_step(const Shown& shown) {
  engine::Step step{.name = "root", .facts = {Fact{"source", shown.source}}};
  if (shown.source == "embedded") {
    step.facts.emplace_back("package", std::string(attest::embedded_root().package));
    step.facts.emplace_back("date", std::string(attest::embedded_root().date));
  }
  if (!shown.instance.empty()) {
    step.facts.emplace_back("instance", shown.instance);
  }
  step.facts.emplace_back("media-type", shown.root.media_type());
  step.facts.emplace_back("sha256", shown.digest);
  return step;
}

Result<int> run_show(const Arguments& arguments, Session& session) {
  NONO_TRY(const Shown shown, find_shown(arguments, session));
  std::vector<engine::Step> steps = instances(shown.root);
  steps.insert(steps.begin(), origin_step(shown));
  if (session.wants_json()) {
    Json json = document("trust-root-show");
    json.set("steps", steps_json(steps));
    session.render().json(json);
  } else {
    print_steps(session.render(), steps);
  }
  return kDone;
}

constexpr std::array<Option, 2> kShowOptions = {{
    {"name", 0, "NAME", "show the trusted root that policies call so", Takes::OneValue},
    {"trusted-root", 0, "FILE", "show this trusted_root.json in place of the one that is used",
     Takes::OneValue, Completes::Files},
}};
constexpr std::array<Example, 2> kShowExamples = {{
    {"nono trust root show", "whom a keyless signature must be vouched for by"},
    {"nono trust root show --name acme", "the same for publishers that name that root"},
}};

}  // namespace

constinit const Command kTrustRootShow{
    .name = "trust root show",
    .summary = "show the trusted root by which certificates are judged",
    .description =
        "Certificates are judged by /etc/nono/trusted_root.json where that exists, else by "
        "trusted_root.json in the user's configuration directory, else by the instance that `trust "
        "root init` named (neither under a system policy with `lock`), else by the root of "
        "Sigstore's public-good instance: as `trust root update` fetched it, or as nono carries "
        "it. Shows where it comes from, its digest, and "
        "every authority and log with its validity. A publisher of a policy may name another root: "
        "NAME.json in /etc/nono/roots or in roots/ of the user's configuration directory, the "
        "instance that `trust root init` called so, or public-good.",
    .operands = {},
    .options = kShowOptions,
    .examples = kShowExamples,
    .json = JsonOutput::Offered,
    .run = run_show};

}  // namespace nono::cli
