// engine/explain.cc: the gate's inputs, laid open.
#include "engine/explain.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>
#include <variant>

#include "attest/bundle.h"
#include "attest/evidence.h"
#include "attest/signature_check.h"
#include "base/files.h"
#include "engine/foreign.h"
#include "engine/object.h"
#include "trustpolicy/publisher.h"

namespace nono::engine {
namespace {

using attest::Evidence;
using attest::Place;
using trustpolicy::GuardClass;

Step file_step(const Judgement& judgement) {
  Step step{.name = "file", .facts = {{"path", judgement.path}}};
  if (judgement.digest) {
    step.facts.emplace_back("size", std::to_string(judgement.id.size));
    step.facts.emplace_back("sha256", judgement.digest->hex());
  }
  return step;
}

Step guard_step(const trustpolicy::Policy& policy, const Judgement& judgement) {
  const GuardClass guard_class = policy.guard().classify(judgement.path);
  Step step{.name = "guard", .facts = {{"class", std::string(name_of(guard_class))}}};
  if (guard_class == GuardClass::None) {
    step.facts.emplace_back("note", "not a guarded name: judged as an instruction file here");
  }
  step.facts.emplace_back("enforcement",
                          std::string(name_of(policy.enforcement(judgement.guard_class))));
  return step;
}

Step place_step(const Place& place) {
  Step step{.name = "place", .facts = {}};
  if (place.repository_root.empty()) {
    step.facts.emplace_back("repository", "none: a signature can bind the end of the path only");
  } else {
    step.facts.emplace_back("repository", place.repository_root);
    step.facts.emplace_back("path", place.repository_path);
  }
  return step;
}

void add_policy_steps(const trustpolicy::Policy& policy, std::vector<Step>& steps) {
  for (const trustpolicy::Layer& layer : policy.layers()) {
    Step step{.name = "policy", .facts = {{"layer", std::string(name_of(layer.kind))}}};
    if (!layer.path.empty()) {
      step.facts.emplace_back("path", layer.path);
    }
    if (!layer.standing.empty()) {
      step.facts.emplace_back("standing", layer.standing);
    }
    if (!layer.document.root.empty()) {
      step.facts.emplace_back("root", layer.document.root);
    }
    step.facts.emplace_back("publishers", std::to_string(layer.document.publishers.size()) +
                                              (layer.may_add_publishers ? "" : " (not counted)"));
    steps.push_back(std::move(step));
  }
}

void describe_bundle(const Evidence& evidence, Step& step) {
  const auto bundle = attest::Bundle::parse(evidence.bundle_text);
  if (!bundle) {
    return;
  }
  step.facts.emplace_back("media-type", bundle->media_type());
  if (const auto* hint = std::get_if<attest::KeyHint>(&bundle->material())) {
    step.facts.emplace_back("key-hint", hint->hint);
  } else {
    step.facts.emplace_back("signed-with", "a certificate");
  }
}

// What was proven about a certificate, with its times: from the same check that the verdict rests
// on.
void add_proof_steps(const trustpolicy::Policy& policy, const SealedFile& file,
                     const Evidence& evidence, std::vector<Step>& steps) {
  const auto bundle = attest::Bundle::parse(evidence.bundle_text);
  const Result<Bytes> contents = file.contents();
  if (!bundle || !contents || std::holds_alternative<attest::KeyHint>(bundle->material())) {
    return;
  }
  std::vector<attest::NamedRoot> roots{{.name = {}, .source = policy.shared_root()}};
  roots.insert(roots.end(), policy.named_roots().begin(), policy.named_roots().end());
  for (const attest::NamedRoot& root : roots) {
    const auto proof = attest::SignatureCheck(*root.source, *policy.keyring())
                           .check(*bundle, attest::Artifact::of_bytes(*contents),
                                  {.subjects = attest::SubjectRule::Caller});
    if (proof) {
      std::ranges::move(proof_steps(*proof), std::back_inserter(steps));
      return;
    }
  }
}

// roots_text names the trusted roots that vouched for a certificate; of a key there is none.
std::string roots_text(const attest::SignerIdentity& signer) {
  std::string text;
  if (const auto* keyless = std::get_if<attest::KeylessSigner>(&signer)) {
    for (const std::string& name : keyless->roots) {
      text += (text.empty() ? "" : ", ") + trustpolicy::root_text(name);
    }
  }
  return text;
}

Step evidence_step(const attest::Verifier& verifier, const SealedFile& file, const Place& place,
                   const Evidence& evidence, attest::Purpose purpose) {
  Step step{.name = "evidence", .facts = {{"path", evidence.bundle_path}}};
  describe_bundle(evidence, step);
  Result<SealedFile> copy = file.clone();
  if (!copy) {
    step.facts.emplace_back("error", copy.error().message());
    return step;
  }
  const auto examined = verifier.examine(*std::move(copy), place, std::span(&evidence, 1), purpose);
  if (!examined) {
    step.facts.emplace_back("error", examined.error().message());
  } else if (const attest::Finding& finding = examined->finding(); finding) {
    step.facts.emplace_back("finding", "verified");
    step.facts.emplace_back("signer", signer_text(finding->signer()));
    if (std::string roots = roots_text(finding->signer()); !roots.empty()) {
      step.facts.emplace_back("vouched-for-by", std::move(roots));
    }
    step.facts.emplace_back("predicate-type", finding->predicate_type());
    step.facts.emplace_back("binding", binding_text(finding->binding()));
  } else {
    step.facts.emplace_back("finding", std::string(attest::code(finding.error().reason)));
    step.facts.emplace_back("detail", finding.error().detail);
  }
  return step;
}

void add_evidence_steps(const trustpolicy::Policy& policy, const std::string& path,
                        std::vector<Step>& steps) {
  const Place place = attest::place_of(path);
  const Result<OpenedFile> file = open_named(path);
  const Result<std::vector<Evidence>> evidence = attest::find_evidence(place);
  if (!file || !evidence) {
    const Error& error = file ? evidence.error() : file.error();
    steps.push_back({.name = "evidence", .facts = {{"error", error.message()}}});
    return;
  }
  if (evidence->empty()) {
    steps.push_back({.name = "evidence",
                     .facts = {{"finding", "no-bundle"}, {"looked-for", path + ".bundle"}}});
  }
  const attest::Verifier verifier = policy.verifier();
  for (const Evidence& candidate : *evidence) {
    steps.push_back(evidence_step(verifier, file->sealed, place, candidate, purpose_of(path)));
    add_proof_steps(policy, file->sealed, candidate, steps);
  }
}

Step decision_step(const FileReport& report) {
  const Judgement& judgement = report.judgement;
  Step step{.name = "decision", .facts = {{"status", std::string(word_for(report.status))}}};
  step.facts.emplace_back("admitted", judgement.admitted() ? "yes" : "no");
  if (!judgement.publisher().empty()) {
    step.facts.emplace_back("publisher", judgement.publisher());
  }
  if (!judgement.finding_code.empty()) {
    step.facts.emplace_back("reason", judgement.finding_code);
    step.facts.emplace_back("detail", judgement.reason());
  }
  if (!judgement.remedy.empty()) {
    step.facts.emplace_back("mend", judgement.remedy);
  }
  return step;
}

}  // namespace

Explanation explain(Gate& gate, const std::string& path) {
  const trustpolicy::Policy& policy = gate.policy();
  FileReport report = verify_file(gate, path);
  std::vector<Step> steps;
  steps.push_back(file_step(report.judgement));
  steps.push_back(guard_step(policy, report.judgement));
  steps.push_back(place_step(attest::place_of(report.judgement.path)));
  add_policy_steps(policy, steps);
  add_evidence_steps(policy, report.judgement.path, steps);
  steps.push_back(decision_step(report));
  return {.steps = std::move(steps), .report = std::move(report)};
}

std::string binding_text(attest::NameBinding binding) {
  switch (binding) {
    case attest::NameBinding::Path:
      return "signed for this path of the repository";
    case attest::NameBinding::BundlePath:
      return "signed for its path from the bundle's directory";
    case attest::NameBinding::BasenameOnly:
      return "signed under its base name only: it could be replayed under that name elsewhere";
    case attest::NameBinding::DigestOnly:
      return "signed without a name: it could be replayed under any name";
  }
  std::unreachable();
}

std::string_view binding_code(attest::NameBinding binding) {
  switch (binding) {
    case attest::NameBinding::Path:
      return "path";
    case attest::NameBinding::BundlePath:
      return "bundle-path";
    case attest::NameBinding::BasenameOnly:
      return "basename-only";
    case attest::NameBinding::DigestOnly:
      return "digest-only";
  }
  std::unreachable();
}

std::string signer_text(const attest::SignerIdentity& signer) {
  if (const auto* keyed = std::get_if<attest::KeyedSigner>(&signer)) {
    return keyed->fingerprint.short_form();
  }
  const auto& keyless = std::get<attest::KeylessSigner>(signer);
  const std::string& who = keyless.repository.empty() ? keyless.subject : keyless.repository;
  return who + " via " + keyless.issuer;
}

}  // namespace nono::engine
