// cli/trust_foreign.cc: trust verify by an identity or key that the caller names, and trust
// inspect.
#include "cli/trust_foreign.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/documents.h"
#include "engine/foreign.h"
#include "trustpolicy/discover.h"

namespace nono::cli {
namespace {

constexpr std::array<std::string_view, 5> kForeignOptions{
    "certificate-identity", "certificate-identity-regexp", "certificate-oidc-issuer",
    "certificate-oidc-issuer-regexp", "key"};

Error usage(std::string what, std::string mend) {
  return Error(ErrorKind::Usage, std::move(what)).mend_with(std::move(mend));
}

// One of --NAME and --NAME-regexp, or nothing.
Result<std::optional<attest::ExpectedText>> expected_text(const Arguments& arguments,
                                                          const std::string& name) {
  const auto exact = arguments.value(name);
  const auto pattern = arguments.value(name + "-regexp");
  if (exact && pattern) {
    return std::unexpected(
        usage("--" + name + " and --" + name + "-regexp are both given", "keep one of the two"));
  }
  if (exact) {
    return std::optional<attest::ExpectedText>(*exact);
  }
  if (!pattern) {
    return std::optional<attest::ExpectedText>();
  }
  auto parsed = attest::Pattern::parse(*pattern);
  if (!parsed) {
    return std::unexpected(usage("--" + name + "-regexp: " + parsed.error().message(),
                                 "give a regular expression in RE2's syntax"));
  }
  return std::optional<attest::ExpectedText>(*std::move(parsed));
}

Result<attest::IdentityPolicy> identity_of(const Arguments& arguments) {
  attest::IdentityPolicy policy;
  NONO_TRY(policy.subject, expected_text(arguments, "certificate-identity"));
  NONO_TRY(policy.issuer, expected_text(arguments, "certificate-oidc-issuer"));
  const bool any = policy.subject || policy.issuer;
  if (arguments.has("key") && any) {
    return std::unexpected(
        usage("--key and an identity of a certificate exclude each other", "keep one of the two"));
  }
  if (!arguments.has("key") && !(policy.subject && policy.issuer)) {
    return std::unexpected(
        usage("an identity is a subject and an issuer: anybody can have one of them alone",
              "give both --certificate-identity and --certificate-oidc-issuer"));
  }
  return policy;
}

Result<std::vector<engine::ForeignRequest>> requests_of(const Arguments& arguments) {
  NONO_TRY(const attest::IdentityPolicy identity, identity_of(arguments));
  if (arguments.has("all") || arguments.has("policy") || arguments.operands().empty()) {
    return std::unexpected(usage("an identity or key is demanded of named files, not by a policy",
                                 "name the files, without --all and --policy"));
  }
  std::vector<engine::ForeignRequest> requests;
  for (const std::string& file : arguments.operands()) {
    requests.push_back({.artifact = file,
                        .bundle = arguments.value("bundle"),
                        .trusted_root = arguments.value("trusted-root"),
                        .key = arguments.value("key"),
                        .identity = identity});
  }
  return requests;
}

std::string signer_of(const attest::Proof& proof) {
  if (const auto* keyed = std::get_if<attest::KeyedProof>(&proof.signer())) {
    return "key " + keyed->key.fingerprint().short_form();
  }
  const auto& certificate = std::get<attest::CertificateProof>(proof.signer());
  return printable(certificate.identity.subject.value) + " of " +
         printable(certificate.identity.issuer());
}

void print(Render& render, const engine::ForeignReport& report) {
  if (report.finding) {
    render.result("VERIFIED  " + printable(report.artifact) + "  by " + signer_of(*report.finding));
    return;
  }
  const attest::Rejection& rejection = report.finding.error();
  render.result("FAILED    " + printable(report.artifact) + "  " +
                std::string(attest::code(rejection.reason)) + ": " + printable(rejection.detail));
}

// tell keeps the first error and shows those that say something else.
void tell(Render& render, const Error& error, std::optional<Error>& first) {
  if (!first) {
    first = error;
  } else if (error.message() != first->message()) {
    render.error(error);
  }
}

Json foreign_json(const engine::ForeignReport& report) {
  Json json(Json::Object{});
  set_path(json, "file", report.artifact);
  json.set("sha256", report.sha256);
  set_path(json, "bundle", report.bundle_path);
  json.set("status", report.finding ? "VERIFIED" : "FAILED");
  const attest::Rejection* const rejection = report.finding ? nullptr : &report.finding.error();
  json.set("reason", rejection ? Json(attest::code(rejection->reason)) : Json());
  json.set("detail", rejection ? json_text(rejection->detail) : Json());
  json.set("evidence", report.finding ? steps_json(engine::proof_steps(*report.finding)) : Json());
  return json;
}

Result<std::shared_ptr<const attest::RootSource>> root_of_places(const Session& session) {
  NONO_TRY(const engine::UserDirectories user, session.user());
  NONO_TRY(trustpolicy::WhichRoot which,
           trustpolicy::root_in_use(engine::policy_places(user, "/")));
  return trustpolicy::root_source(std::move(which));
}

Result<int> run_inspect(const Arguments& arguments, Session& session) {
  NONO_TRY(const std::vector<engine::Step> steps, engine::inspect(arguments.operands().front()));
  if (session.wants_json()) {
    Json json = document("trust-inspect");
    json.set("steps", steps_json(steps));
    session.render().json(json);
  } else {
    print_steps(session.render(), steps);
    session.render().note("nothing of this was verified: that is `nono trust verify`");
  }
  return kDone;
}

constexpr std::array<Example, 1> kInspectExamples = {{
    {"nono trust inspect CLAUDE.md.bundle", "who is said to have signed what, when, in which log"},
}};

}  // namespace

bool asks_for_identity(const Arguments& arguments) {
  return std::ranges::any_of(kForeignOptions,
                             [&](std::string_view name) { return arguments.has(name); });
}

Result<int> run_verify_identity(const Arguments& arguments, Session& session) {
  NONO_TRY(const std::vector<engine::ForeignRequest> requests, requests_of(arguments));
  NONO_TRY(const auto root, root_of_places(session));
  Json::Array files;
  bool all = true;
  std::optional<Error> unable;
  for (const engine::ForeignRequest& request : requests) {
    const Result<engine::ForeignReport> report = engine::verify_foreign(request, *root);
    if (!report) {
      // The others are looked at all the same; the first error comes last, with its exit code.
      tell(session.render(), report.error(), unable);
      continue;
    }
    all = all && report->finding.has_value();
    if (session.wants_json()) {
      files.push_back(foreign_json(*report));
    } else {
      print(session.render(), *report);
    }
  }
  if (session.wants_json() && !files.empty()) {
    Json json = document("trust-verify-identity");
    json.set("files", Json(std::move(files)));
    session.render().json(json);
  }
  if (unable) {
    return std::unexpected(*std::move(unable));
  }
  return all ? kDone : kVerdict;
}

constinit const Command kTrustInspect{
    .name = "trust inspect",
    .summary = "show what a bundle says: certificate, log entries, times, statement",
    .description = "Reads a Sigstore bundle and prints its claims. Nothing is verified.",
    .operands = {"BUNDLE", 1, 1, Completes::Files},
    .options = {},
    .examples = kInspectExamples,
    .json = JsonOutput::Offered,
    .run = run_inspect};

}  // namespace nono::cli
