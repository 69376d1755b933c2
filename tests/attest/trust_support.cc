// tests/attest/trust_support.cc: see trust_support.h.
#include "trust_support.h"

#include <string>
#include <utility>

#include "attest/trusted_log.h"
#include "base/encoding.h"
#include "support.h"

namespace nono::attest::test {

namespace {

std::string base64_of(std::span<const std::byte> bytes) {
  return base64_encode(bytes);
}

std::string snake_case(std::string_view name) {
  std::string spelling;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      spelling += '_';
      spelling += static_cast<char>(c + 32);
    } else {
      spelling += c;
    }
  }
  return spelling;
}

Json validity() {
  Json range;
  range.set("start", kStart);
  return range;
}

Json public_good(std::string_view list, std::string_view index) {
  Json root = *Json::parse(embedded_root().text, kTrustFileLimits);
  return at(root, {list, index});
}

Json second_generation_log() {
  const crypto::PublicKey key = make_key(crypto::KeyAlgorithm::Ed25519).public_key();
  Json log = log_instance("https://log2025.example", key, "PKIX_ED25519");
  at(log, {"logId", "keyId"}) = base64_of(note_key_id("log2025.example", key).bytes());
  return log;
}

}  // namespace

ChangeJson put(Path path, Json value) {
  return [path = std::move(path), value = std::move(value)](Json& document) {
    at(document, path) = value;
  };
}

ChangeJson add(Path path, std::string_view name, Json value) {
  return [path = std::move(path), name, value = std::move(value)](Json& document) {
    at(document, path).set(name, value);
  };
}

ChangeJson remove(Path path, std::string_view name) {
  return [path = std::move(path), name](Json& document) { drop(at(document, path), name); };
}

Json log_instance(std::string_view base_url, const crypto::PublicKey& key,
                  std::string_view key_details) {
  Json public_key;
  public_key.set("rawBytes", key.spki_base64());
  public_key.set("keyDetails", key_details);
  public_key.set("validFor", validity());
  Json id;
  id.set("keyId", base64_of(key.fingerprint().bytes()));
  Json log;
  log.set("baseUrl", base_url);
  log.set("hashAlgorithm", "SHA2_256");
  log.set("publicKey", std::move(public_key));
  log.set("logId", std::move(id));
  return log;
}

Json sound_root() {
  Json root;
  root.set("mediaType", "application/vnd.dev.sigstore.trustedroot+json;version=0.1");
  const crypto::PublicKey log_key = make_key().public_key();
  root.set("tlogs",
           Json::Array{log_instance("https://rekor.example", log_key, "PKIX_ECDSA_P256_SHA_256"),
                       second_generation_log()});
  root.set("certificateAuthorities", Json::Array{public_good("certificateAuthorities", "1")});
  const crypto::PublicKey ct_key = make_key().public_key();
  root.set("ctlogs",
           Json::Array{log_instance("https://ct.example/2025", ct_key, "PKIX_ECDSA_P256_SHA_256")});
  root.set("timestampAuthorities", Json::Array{public_good("timestampAuthorities", "0")});
  return root;
}

std::string error_text(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::InvalidInput:
      return "invalid: " + error.message();
    case ErrorKind::Unsupported:
      return "unsupported: " + error.message();
    case ErrorKind::NotFound:
      return "not found: " + error.message();
    case ErrorKind::Exhausted:
      return "exhausted: " + error.message();
    default:
      return "another kind: " + error.message();
  }
}

Json service(std::string_view url, std::string_view operator_name, std::int64_t version,
             std::string_view start, std::string_view end) {
  Json range;
  range.set("start", start);
  if (!end.empty()) {
    range.set("end", end);
  }
  Json entry;
  entry.set("url", url);
  entry.set("majorApiVersion", version);
  entry.set("validFor", std::move(range));
  entry.set("operator", operator_name);
  return entry;
}

Json sound_signing_config() {
  Json choice;
  choice.set("selector", "ANY");
  Json exact;
  exact.set("selector", "EXACT");
  exact.set("count", 1);
  Json config;
  config.set("mediaType", "application/vnd.dev.sigstore.signingconfig.v0.2+json");
  config.set("caUrls", Json::Array{service("https://fulcio.example", "a.example")});
  config.set("oidcUrls", Json::Array{service("https://oidc.example/auth", "a.example")});
  config.set("rekorTlogUrls", Json::Array{service("https://rekor.example", "a.example", 1),
                                          service("https://log.example", "b.example", 2)});
  config.set("rekorTlogConfig", std::move(choice));
  config.set("tsaUrls", Json::Array{service("https://tsa.example/api/v1/timestamp", "a.example")});
  config.set("tsaConfig", std::move(exact));
  return config;
}

Json in_snake_case(const Json& json) {
  if (const Json::Array* array = json.array()) {
    Json::Array copy;
    for (const Json& element : *array) {
      copy.push_back(in_snake_case(element));
    }
    return copy;
  }
  if (const Json::Object* object = json.object()) {
    Json::Object copy;
    for (const auto& [name, value] : *object) {
      copy.emplace_back(snake_case(name), in_snake_case(value));
    }
    return copy;
  }
  return json;
}

}  // namespace nono::attest::test
