// engine/gate.cc: capture, evidence, examination, decision: in this order and nowhere else.
#include "engine/gate.h"

#include <utility>

#include "base/json.h"
#include "base/sealed_file.h"
#include "engine/object.h"
#include "engine/remedy.h"

namespace nono::engine {
namespace {

using trustpolicy::Admitted;
using trustpolicy::Denied;
using trustpolicy::Guard;
using trustpolicy::GuardClass;

constexpr std::string_view kPolicyFile = "trust-policy.json";
constexpr std::string_view kUntrustedPublisher = "untrusted-publisher";

Judgement denial(const std::string& path, GuardClass guard_class, const Error& error) {
  Denied denied = Denied::because_of(error);
  std::string code = denied.code();
  return Judgement{.path = path,
                   .guard_class = guard_class,
                   .decision = std::move(denied),
                   .digest = {},
                   .signer = {},
                   .binding = {},
                   .bundle_path = {},
                   .remedy = error.remedy(),
                   .finding_code = std::move(code),
                   .id = {}};
}

void note_finding(Judgement& judged, const attest::Examined& examined) {
  judged.digest = examined.digest();
  const attest::Finding& finding = examined.finding();
  if (!finding) {
    judged.finding_code = attest::code(finding.error().reason);
    return;
  }
  judged.signer = finding->signer();
  judged.binding = finding->binding();
  judged.bundle_path = finding->bundle_path();
}

void note_decision(Judgement& judged, const trustpolicy::Policy& policy) {
  if (const auto* denied = std::get_if<Denied>(&judged.decision)) {
    judged.finding_code = denied->code();
  } else if (judged.proven()) {
    judged.finding_code.clear();
    return;
  } else if (judged.finding_code.empty()) {
    judged.finding_code = kUntrustedPublisher;
  }
  judged.remedy = remedy_for(judged.finding_code, judged.path);
  if (judged.finding_code.starts_with("blocked-")) {
    if (const std::string entry = blocking_entry(policy, judged.digest, judged.signer);
        !entry.empty()) {
      judged.remedy = "it is blocked by " + entry + "; only taking that entry out lets it through";
    }
  }
}

Result<std::vector<attest::Evidence>> one_bundle(const std::string& bundle_path) {
  NONO_TRY(const std::string absolute, absolute_path(bundle_path));
  NONO_TRY(std::string text, read_file(absolute, kBundleLimits.bytes));
  std::vector<attest::Evidence> evidence;
  evidence.push_back({.bundle_text = std::move(text),
                      .bundle_path = absolute,
                      .multi = base_name(absolute) == attest::kMultiBundleName});
  return evidence;
}

}  // namespace

attest::Purpose purpose_of(std::string_view path) {
  return base_name(path) == kPolicyFile ? attest::Purpose::TrustPolicy
                                        : attest::Purpose::InstructionFile;
}

bool Judgement::proven() const {
  const auto* admitted_file = std::get_if<Admitted>(&decision);
  return admitted_file != nullptr && !admitted_file->tolerated();
}

bool Judgement::unchangeable() const {
  const auto* denied = std::get_if<trustpolicy::Denied>(&decision);
  return denied != nullptr ? denied->rule() == trustpolicy::DenyRule::Unexaminable : proven();
}

std::string Judgement::publisher() const {
  const auto* admitted_file = std::get_if<Admitted>(&decision);
  return admitted_file == nullptr ? std::string() : admitted_file->publisher();
}

std::string Judgement::reason_code() const {
  return finding_code;
}

std::string Judgement::reason() const {
  if (const auto* denied = std::get_if<Denied>(&decision)) {
    return denied->reason();
  }
  const std::string text = std::get<Admitted>(decision).tolerated().value_or("");
  const std::string code = finding_code + ": ";
  return text.starts_with(code) ? text.substr(code.size()) : text;
}

Judgement Gate::judge(BorrowedFd object, const std::string& path, GuardClass guard_class) {
  return weigh(object, path, guard_class, attest::find_evidence(attest::place_of(path)));
}

Judgement Gate::judge_path(const std::string& path, GuardClass guard_class) {
  const Result<OwnedFd> object = open_object(path);
  if (!object) {
    return denial(absolute_path(path).value_or(path), guard_class, object.error());
  }
  const Result<std::string> resolved = path_of(*object);
  if (!resolved) {
    return denial(path, guard_class, resolved.error());
  }
  return judge(*object, *resolved, guard_class);
}

Judgement Gate::judge_with(const std::string& path, const std::string& bundle_path) {
  const Result<OwnedFd> object = open_object(path);
  if (!object) {
    return denial(absolute_path(path).value_or(path), GuardClass::Instruction, object.error());
  }
  const Result<std::string> resolved = path_of(*object);
  if (!resolved) {
    return denial(path, GuardClass::Instruction, resolved.error());
  }
  return weigh(*object, *resolved, policy_->guard().classify(*resolved), one_bundle(bundle_path));
}

Judgement Gate::weigh(BorrowedFd object, const std::string& path, GuardClass guard_class,
                      Result<std::vector<attest::Evidence>> evidence) {
  const Guard& guard = policy_->guard();
  const GuardClass named = guard.stricter_of(guard_class, guard.classify(path));
  const GuardClass asked = named == GuardClass::None ? GuardClass::Instruction : named;
  const Result<struct stat> status = status_of(object, path);
  if (!status) {
    return denial(path, asked, status.error());
  }
  Result<SealedFile> file = seal_object(object, path);
  if (!file) {
    return denial(path, asked, file.error());
  }
  if (!evidence) {
    return denial(path, asked, evidence.error());
  }
  const attest::Verifier verifier = policy_->verifier().with(head_start_);
  Result<attest::Examined> examined =
      verifier.examine(*std::move(file), attest::place_of(path), *evidence, purpose_of(path));
  if (!examined) {
    return denial(path, asked, examined.error());
  }
  Judgement judged = denial(path, asked, Error(ErrorKind::Internal, "not decided"));
  judged.id = file_id_of(*status);
  if (!evidence->empty()) {
    judged.bundle_path = evidence->front().bundle_path;
  }
  note_finding(judged, *examined);
  judged.decision = policy_->decide(*std::move(examined), asked, override_);
  note_decision(judged, *policy_);
  return judged;
}

}  // namespace nono::engine
