// cli/documents.cc: values to JSON.
#include "cli/documents.h"

#include <algorithm>
#include <variant>

#include "base/encoding.h"
#include "base/text.h"

namespace nono::cli {
namespace {

constexpr std::size_t kWidestStep = 12;

Json signer_json(const std::optional<attest::SignerIdentity>& signer) {
  if (!signer) {
    return {};
  }
  if (const auto* keyed = std::get_if<attest::KeyedSigner>(&*signer)) {
    return Json::Object{{"kind", "keyed"},
                        {"fingerprint", keyed->fingerprint.hex()},
                        {"name", json_text(keyed->alias)},
                        {"key_id", json_text(keyed->key_id)}};
  }
  const auto& keyless = std::get<attest::KeylessSigner>(*signer);
  return Json::Object{{"kind", "keyless"},
                      {"issuer", json_text(keyless.issuer)},
                      {"subject", json_text(keyless.subject)},
                      {"repository", json_text(keyless.repository)},
                      {"workflow", json_text(keyless.workflow)},
                      {"ref", json_text(keyless.ref)},
                      {"build_signer_uri", json_text(keyless.build_signer_uri)}};
}

}  // namespace

Json document(std::string_view name) {
  return Json::Object{{"schema", "nono/" + std::string(name) + "/1"}};
}

Json json_text(std::string_view text) {
  return is_utf8(text) ? Json(text) : Json(printable(text));
}

Json text_or_null(std::string_view text) {
  return text.empty() ? Json() : json_text(text);
}

void set_path(Json& object, std::string_view key, std::string_view path) {
  object.set(key, json_text(path));
  if (!is_utf8(path)) {
    object.set(std::string(key) + "_base64", base64_encode(as_bytes(path)));
  }
}

Json file_json(const engine::FileReport& file) {
  const engine::Judgement& judgement = file.judgement;
  Json json(Json::Object{});
  set_path(json, "file", file.shown);
  set_path(json, "path", judgement.path);
  json.set("status", word_for(file.status));
  json.set("class", name_of(judgement.guard_class));
  json.set("sha256", judgement.digest ? Json(judgement.digest->hex()) : Json());
  json.set("publisher", text_or_null(judgement.publisher()));
  json.set("signer", signer_json(judgement.signer));
  json.set("binding", judgement.binding ? Json(engine::binding_code(*judgement.binding)) : Json());
  if (judgement.bundle_path.empty()) {
    json.set("bundle", Json());
  } else {
    set_path(json, "bundle", judgement.bundle_path);
  }
  json.set("admitted", judgement.admitted());
  json.set("reason", text_or_null(judgement.finding_code));
  json.set("detail", text_or_null(judgement.reason()));
  json.set("mend", text_or_null(judgement.remedy));
  return json;
}

void print_steps(Render& render, const std::vector<engine::Step>& steps) {
  for (const engine::Step& step : steps) {
    std::string head = step.name;
    head.append(kWidestStep - std::min(kWidestStep, head.size()), ' ');
    for (const auto& [key, value] : step.facts) {
      render.result(head + key + ": " + value);
      head.assign(kWidestStep, ' ');
    }
  }
}

Json steps_json(const std::vector<engine::Step>& steps) {
  Json::Array list;
  for (const engine::Step& step : steps) {
    Json json(Json::Object{{"step", step.name}});
    for (const auto& [key, value] : step.facts) {
      json.set(key, json_text(value));
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json tally_json(const engine::Tally& tally) {
  return Json::Object{{"verified", tally.verified},
                      {"unsigned", tally.unsigned_files},
                      {"failed", tally.failed},
                      {"complete", tally.complete}};
}

Json key_json(std::string_view id, const crypto::PublicKey& key) {
  return Json::Object{{"id", json_text(id)},
                      {"algorithm", name_of(key.algorithm())},
                      {"fingerprint", key.fingerprint().hex()}};
}

}  // namespace nono::cli
