// tests/engine/fake_sigstore.cc: what each service makes of a request.
#include "tests/engine/fake_sigstore.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "base/encoding.h"
#include "crypto/der.h"
#include "crypto/keys.h"
#include "tests/sigstore/cases.h"
#include "tests/sigstore/timestamp.h"

namespace nono::engine::testing {
namespace {

factory::Recipe two_logs() {
  factory::Recipe recipe = factory::second_generation();
  recipe.logs = {factory::LogRecipe{}, recipe.logs.front()};
  return recipe;
}

net::HttpResponse made(int status, std::string body, std::string_view type = "application/json") {
  net::HttpResponse response;
  response.status = status;
  response.headers = {{"content-type", std::string(type)}};
  response.body = std::move(body);
  return response;
}

std::string text_at(const Json& json, const std::vector<std::string_view>& path) {
  Json copy = json;
  return *factory::member(copy, path).string();
}

Bytes decoded(const std::string& base64) {
  return base64_decode(base64, Base64::Strict).value();
}

std::string hexed(const Json& base64) {
  return hex_encode(decoded(*base64.string()));
}

Json number(const Json& text) {
  return Json(std::int64_t{std::stoll(*text.string())});
}

// As Rekor v1 answers an entry: hexadecimal and numbers, under its UUID.
Json v1_form(Json entry) {
  const Json& proof = factory::member(entry, {"inclusionProof"});
  Json::Array hashes;
  for (const Json& hash : *proof.find("hashes")->array()) {
    hashes.emplace_back(hexed(hash));
  }
  Json proof_v1(Json::Object{{"checkpoint", *proof.find("checkpoint")->find("envelope")},
                             {"hashes", hashes},
                             {"logIndex", number(*proof.find("logIndex"))},
                             {"rootHash", hexed(*proof.find("rootHash"))},
                             {"treeSize", number(*proof.find("treeSize"))}});
  Json verification(
      Json::Object{{"inclusionProof", proof_v1},
                   {"signedEntryTimestamp",
                    factory::member(entry, {"inclusionPromise", "signedEntryTimestamp"})}});
  Json inner(Json::Object{{"body", factory::member(entry, {"canonicalizedBody"})},
                          {"integratedTime", number(factory::member(entry, {"integratedTime"}))},
                          {"logID", hexed(factory::member(entry, {"logId", "keyId"}))},
                          {"logIndex", number(factory::member(entry, {"logIndex"}))},
                          {"verification", verification}});
  return Json(Json::Object{{std::string(80, 'b'), inner}});
}

std::string url_base64(std::string_view text) {
  std::string encoded = base64_encode(as_bytes(text));
  std::ranges::replace(encoded, '+', '-');
  std::ranges::replace(encoded, '/', '_');
  return encoded.substr(0, encoded.find('='));
}

Json service(std::string_view url, int version, std::string_view operator_name) {
  return Json(Json::Object{{"url", url},
                           {"majorApiVersion", version},
                           {"validFor", Json::Object{{"start", "2025-01-01T00:00:00Z"}}},
                           {"operator", operator_name}});
}

}  // namespace

FakeSigstore::FakeSigstore() : world_(factory::make_world(two_logs())) {
  entry_v2.log = 1;
}

Json FakeSigstore::signing_config(const std::vector<int>& logs) {
  Json::Array listed;
  for (const int version : logs) {
    listed.push_back(service(version == 1 ? kLogV1Url : kLogV2Url, version, "factory"));
  }
  const Json any(Json::Object{{"selector", "ANY"}});
  return Json(Json::Object{{"mediaType", "application/vnd.dev.sigstore.signingconfig.v0.2+json"},
                           {"caUrls", Json::Array{service(kFulcioUrl, 1, "factory")}},
                           {"oidcUrls", Json::Array{}},
                           {"rekorTlogUrls", listed},
                           {"rekorTlogConfig", any},
                           {"tsaUrls", Json::Array{service(kTsaUrl, 1, "factory")}},
                           {"tsaConfig", any}});
}

std::string FakeSigstore::token() {
  const Json claims(Json::Object{{"iss", "https://accounts.example.com"},
                                 {"aud", "sigstore"},
                                 {"sub", "1234"},
                                 {"email", "alice@example.com"},
                                 {"email_verified", true},
                                 {"exp", std::int64_t{1768478700}}});
  return url_base64(R"({"alg":"RS256"})") + "." + url_base64(claims.compact()) + ".c2ln";
}

int FakeSigstore::asked(std::string_view part_of_url) const {
  return static_cast<int>(std::ranges::count_if(
      requests, [&](const net::HttpRequest& one) { return one.url.contains(part_of_url); }));
}

Result<net::HttpResponse> FakeSigstore::send(const net::HttpRequest& request) {
  const std::scoped_lock lock(*mutex_);
  requests.push_back(request);
  if (before) {
    NONO_CHECK(before(request));
  }
  net::HttpResponse response = answer(request);
  if (change) {
    change(request, response);
  }
  return response;
}

net::HttpResponse FakeSigstore::answer(const net::HttpRequest& request) {
  if (request.url == kTsaUrl) {
    return stamp_it(request.body);
  }
  if (request.url == std::string(kFulcioUrl) + "/api/v2/configuration") {
    return made(200, R"({"issuers":[{"issuerUrl":"https://accounts.example.com",)"
                     R"("challengeClaim":"email"}]})");
  }
  const Json json = Json::parse(request.body, kBundleLimits).value_or(Json());
  if (request.url == std::string(kFulcioUrl) + "/api/v2/signingCert") {
    return certify(json);
  }
  if (request.url == std::string(kLogV1Url) + "/api/v1/log/entries") {
    return log_v1(json);
  }
  if (request.url == std::string(kLogV2Url) + "/api/v2/log/entries") {
    return log_v2(json);
  }
  return made(404, "404 page not found", "text/plain");
}

net::HttpResponse FakeSigstore::certify(const Json& request) {
  const auto key =
      crypto::PublicKey::parse_text(text_at(request, {"publicKeyRequest", "publicKey", "content"}));
  const Bytes proof = decoded(text_at(request, {"publicKeyRequest", "proofOfPossession"}));
  if (!key || !key->verifies(as_bytes("alice@example.com"), proof)) {
    return made(400, R"({"code":3,"message":"The signature supplied in the request could not be )"
                     R"(verified","details":[]})");
  }
  factory::LeafRecipe recipe = leaf;
  if (recipe.spki.empty()) {
    recipe.spki = key->spki_der();
  }
  const factory::Issued& issuer = world_.authorities.front().front();
  const factory::Issued issued = factory::issue_leaf(recipe, issuer, world_.ct_logs);
  const Json chain(
      Json::Object{{"certificates", Json::Array{Json(factory::pem("CERTIFICATE", issued.der)),
                                                Json(factory::pem("CERTIFICATE", issuer.der))}}});
  return made(200,
              Json(Json::Object{{"signedCertificateEmbeddedSct", Json::Object{{"chain", chain}}}})
                  .compact());
}

net::HttpResponse FakeSigstore::stamp_it(std::string_view request) {
  using crypto::DerTag;
  auto query = crypto::DerReader(as_bytes(request)).take_inside(DerTag::Sequence);
  if (!query || query->take_small() != 1) {
    return made(400, "Error generating timestamp response", "text/plain");
  }
  auto imprint = query->take_inside(DerTag::Sequence).value();
  imprint.take(DerTag::Sequence).value();
  const auto digest = imprint.take(DerTag::OctetString).value();
  const auto nonce = query->take_unsigned().value();
  factory::StampRecipe recipe = stamp;
  recipe.nonce = false;
  recipe.message = factory::bytes_of("stands for what only the signer knows");
  recipe.info_before = [&](Bytes& info) {
    factory::replace_once(info, factory::sha256(*recipe.message), factory::bytes_of(digest));
    Bytes inside = factory::bytes_of(*crypto::DerReader(info).take(DerTag::Sequence));
    info = factory::der(factory::kSequence, {inside, factory::der_magnitude(nonce)});
    if (stamp.info_before) {
      stamp.info_before(info);
    }
  };
  const Bytes response = factory::stamp(recipe, {}, world_.timestampers.front().front());
  return made(201, std::string(as_text(response)), "application/timestamp-reply");
}

net::HttpResponse FakeSigstore::log_message_v1(const Json& request) {
  factory::EntryRecipe recipe = entry_v1;
  Json asked = request;
  recipe.body_before = [&](Json& body) {
    factory::member(body, {"spec", "data", "hash"}) =
        factory::member(asked, {"spec", "data", "hash"});
    if (entry_v1.body_before) {
      entry_v1.body_before(body);
    }
  };
  const factory::Logged logged{
      .content = factory::Content::Message,
      .signature = decoded(text_at(request, {"spec", "signature", "content"})),
      .verifier_pem = std::string(
          as_text(decoded(text_at(request, {"spec", "signature", "publicKey", "content"})))),
      .certified = true,
      .verifier_der = {},
      .key = factory::KeyKind::P256,
      .hash = factory::Hash::Sha256,
      .message = {},
      .payload = {},
      .payload_type = {},
      .envelope = {}};
  return made(201, v1_form(factory::log_entry(recipe, world_.logs.front(), logged)).compact());
}

net::HttpResponse FakeSigstore::log_v1(const Json& request) {
  if (text_at(request, {"kind"}) == "hashedrekord") {
    return log_message_v1(request);
  }
  const std::string envelope_text = text_at(request, {"spec", "proposedContent", "envelope"});
  const Json envelope = Json::parse(envelope_text, kBundleLimits).value();
  const std::string pem = std::string(
      as_text(decoded(text_at(request, {"spec", "proposedContent", "verifiers", "0"}))));
  const std::string payload(as_text(decoded(text_at(envelope, {"payload"}))));
  const factory::Logged logged{.content = factory::Content::Statement,
                               .signature = decoded(text_at(envelope, {"signatures", "0", "sig"})),
                               .verifier_pem = pem,
                               .certified = true,
                               .verifier_der = {},
                               .key = factory::KeyKind::P256,
                               .hash = factory::Hash::Sha256,
                               .message = {},
                               .payload = payload,
                               .payload_type = text_at(envelope, {"payloadType"}),
                               .envelope = envelope_text};
  return made(201, v1_form(factory::log_entry(entry_v1, world_.logs.front(), logged)).compact());
}

net::HttpResponse FakeSigstore::log_v2(const Json& request) {
  const auto at = [&](std::vector<std::string_view> path) {
    path.insert(path.begin(), "hashedRekordRequestV002");
    return text_at(request, path);
  };
  factory::EntryRecipe recipe = entry_v2;
  recipe.body_before = [&](Json& body) {
    factory::member(body, {"spec", "hashedRekordV002", "data", "digest"}) = Json(at({"digest"}));
    if (entry_v2.body_before) {
      entry_v2.body_before(body);
    }
  };
  const factory::Logged logged{
      .content = factory::Content::Statement,
      .signature = decoded(at({"signature", "content"})),
      .verifier_pem = {},
      .certified = true,
      .verifier_der = decoded(at({"signature", "verifier", "x509Certificate", "rawBytes"})),
      .key = factory::KeyKind::P256,
      .hash = factory::Hash::Sha256,
      .message = {},
      .payload = {},
      .payload_type = {},
      .envelope = {}};
  Json entry = factory::log_entry(recipe, world_.logs.back(), logged);
  entry.set("integratedTime", "0");
  entry.set("inclusionPromise", Json());
  return made(201, entry.compact());
}

}  // namespace nono::engine::testing
