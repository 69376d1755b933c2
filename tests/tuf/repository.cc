// tests/tuf/repository.cc: see repository.h.
#include "tests/tuf/repository.h"

#include "base/encoding.h"
#include "tuf/canonical.h"

namespace nono::tuf::test {

namespace {

Json header(std::string_view type) {
  Json json(Json::Object{});
  json.set("_type", type);
  json.set("spec_version", "1.0.31");
  json.set("version", 0);
  json.set("expires", kExpires);
  return json;
}

Json hashes_of(std::string_view text) {
  Json hashes(Json::Object{});
  hashes.set("sha256", hex_encode(factory::sha256(as_bytes(text))));
  return hashes;
}

Json role_json(const std::vector<Signer>& keys, std::int64_t threshold) {
  Json::Array ids;
  for (const Signer& each : keys) {
    ids.emplace_back(id_of(each));
  }
  Json json(Json::Object{});
  json.set("keyids", std::move(ids));
  json.set("threshold", threshold);
  return json;
}

std::string_view scheme_of(const Signer& key) {
  if (key.kind() == KeyKind::Ed25519) {
    return "ed25519";
  }
  if (factory::is_rsa(key.kind())) {
    return "rsassa-pss-sha256";
  }
  return key.kind() == KeyKind::P384 ? "ecdsa-sha2-nistp384" : "ecdsa-sha2-nistp256";
}

Result<std::optional<std::string>> serve(const std::map<std::string, std::string>& files,
                                         const std::string& name, std::size_t max_bytes) {
  const auto found = files.find(name);
  if (found == files.end()) {
    return std::nullopt;
  }
  if (found->second.size() > max_bytes) {
    return fail(ErrorKind::Exhausted, name + " is longer than " + std::to_string(max_bytes));
  }
  return found->second;
}

}  // namespace

Instant now() {
  return *parse_rfc3339("2026-06-01T00:00:00Z");
}

Signer key(std::string_view label, KeyKind kind) {
  return Signer::of(kind, "tuf-" + std::string(label));
}

std::string id_of(const Signer& key) {
  return hex_encode(factory::sha256(key.spki()));
}

Json json_of(const Signer& key) {
  const bool edwards = key.kind() == KeyKind::Ed25519;
  Json value(Json::Object{});
  value.set("public", edwards ? hex_encode(key.raw()) : key.spki_pem());
  Json json(Json::Object{});
  const std::string_view other = factory::is_rsa(key.kind()) ? "rsa" : "ecdsa";
  json.set("keytype", edwards ? "ed25519" : other);
  json.set("scheme", scheme_of(key));
  json.set("keyval", std::move(value));
  return json;
}

std::string signed_text(const Json& signed_part, const std::vector<Signer>& keys) {
  const std::string message = *canonical_json(signed_part);
  Json::Array signatures;
  for (const Signer& each : keys) {
    const bool rsa = factory::is_rsa(each.kind());
    Json one(Json::Object{});
    one.set("keyid", id_of(each));
    one.set("sig", hex_encode(rsa ? each.sign_pss(as_bytes(message), factory::Hash::Sha256)
                                  : each.sign(as_bytes(message))));
    signatures.push_back(std::move(one));
  }
  Json file(Json::Object{});
  file.set("signatures", std::move(signatures));
  file.set("signed", signed_part);
  return file.pretty();
}

Json meta_of(std::int64_t version, std::string_view text, bool with_digests) {
  Json json(Json::Object{});
  json.set("version", version);
  if (with_digests) {
    json.set("length", static_cast<std::int64_t>(text.size()));
    json.set("hashes", hashes_of(text));
  }
  return json;
}

TestRepository::TestRepository() {
  for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    signed_parts_.emplace(role, header(role));
  }
  Json& root = signed_part(kRoot);
  root.set("consistent_snapshot", true);
  root.set("keys", Json(Json::Object{}));
  root.set("roles", Json(Json::Object{}));
  for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    trust(role, {key(role)});
  }
  signed_part(kTimestamp).set("meta", Json(Json::Object{}));
  signed_part(kSnapshot).set("meta", Json(Json::Object{}));
  signed_part(kTargets).set("targets", Json(Json::Object{}));
  publish(kRoot);
  publish_all();
}

std::int64_t TestRepository::version(std::string_view role) {
  return *signed_part(role).find("version")->integer();
}

void TestRepository::set_version(std::string_view role, std::int64_t version) {
  signed_part(role).set("version", version);
}

void TestRepository::publish(std::string_view role) {
  set_version(role, version(role) + 1);
  publish_as_it_is(role);
}

void TestRepository::publish_as_it_is(std::string_view role) {
  const std::string text = signed_text(signed_part(role), signers(role));
  std::string name = encoded_name(role) + ".json";
  if (role == kRoot || (consistent && role != kTimestamp)) {
    name.insert(0, std::to_string(version(role)) + ".");
  }
  files[name] = text;
  if (role != kRoot && role != kTimestamp) {
    Json* const meta = signed_part(role == kSnapshot ? kTimestamp : kSnapshot).find("meta");
    meta->set(std::string(role) + ".json", meta_of(version(role), text, with_digests));
  }
}

void TestRepository::publish_all(std::string_view role) {
  publish(role);
  publish(kSnapshot);
  publish(kTimestamp);
}

void TestRepository::trust(std::string_view role, const std::vector<Signer>& keys,
                           std::int64_t threshold) {
  Json& root = signed_part(kRoot);
  for (const Signer& each : keys) {
    root.find("keys")->set(id_of(each), json_of(each));
  }
  root.find("roles")->set(role, role_json(keys, threshold));
  signers(role) = keys;
}

void TestRepository::add_target(std::string_view role, std::string_view path,
                                std::string_view bytes) {
  Json file(Json::Object{});
  file.set("length", static_cast<std::int64_t>(bytes.size()));
  file.set("hashes", hashes_of(bytes));
  signed_part(role).find("targets")->set(path, std::move(file));
  const std::size_t slash = path.rfind('/');
  std::string name(path);
  if (consistent) {
    name.insert(slash == std::string_view::npos ? 0 : slash + 1,
                hex_encode(factory::sha256(as_bytes(bytes))) + ".");
  }
  target_files[name] = bytes;
}

void TestRepository::delegate(const Delegated& delegated) {
  const Signer own = key("role " + delegated.name);
  Json& from = signed_part(delegated.from);
  if (from.find("delegations") == nullptr) {
    Json empty(Json::Object{});
    empty.set("keys", Json(Json::Object{}));
    empty.set("roles", Json(Json::Array{}));
    from.set("delegations", std::move(empty));
  }
  Json* const delegations = from.find("delegations");
  delegations->find("keys")->set(id_of(own), json_of(own));
  Json role = role_json({own}, 1);
  role.set("name", delegated.name);
  Json::Array paths(delegated.paths.begin(), delegated.paths.end());
  role.set("paths", std::move(paths));
  role.set("terminating", delegated.terminating);
  delegations->find("roles")->array()->push_back(std::move(role));
  if (signed_parts_.find(delegated.name) == signed_parts_.end()) {
    Json targets = header(kTargets);
    targets.set("targets", Json(Json::Object{}));
    signed_parts_.emplace(delegated.name, std::move(targets));
    signers(delegated.name) = {own};
  }
}

Result<std::optional<std::string>> TestRepository::metadata(const std::string& name,
                                                            std::size_t max_bytes) {
  asked.push_back(name);
  return serve(files, name, max_bytes);
}

Result<std::optional<std::string>> TestRepository::target(const std::string& path,
                                                          std::size_t max_bytes) {
  asked.push_back("targets/" + path);
  return serve(target_files, path, max_bytes);
}

}  // namespace nono::tuf::test
