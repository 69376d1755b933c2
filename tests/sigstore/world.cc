// tests/sigstore/world.cc: making a world, and writing its bundle.
#include "tests/sigstore/world.h"

#include <cstdlib>
#include <utility>

#include "tests/sigstore/der.h"
#include "tests/sigstore/timestamp.h"

namespace nono::factory {
namespace {

std::string role(std::string_view name, std::size_t number) {
  return std::string(name) + "-" + std::to_string(number);
}

std::vector<Issued> make_authority(const FulcioRecipe& recipe, std::size_t number) {
  std::vector<Issued> chain{certify(recipe.root, role("fulcio-root", number), nullptr)};
  if (recipe.intermediate) {
    chain.insert(chain.begin(), certify(*recipe.intermediate, role("fulcio-intermediate", number),
                                        &chain.front()));
  }
  return chain;
}

std::vector<Issued> make_timestamper(const TsaRecipe& recipe, std::size_t number) {
  std::vector<Issued> chain{certify(recipe.root, role("tsa-root", number), nullptr)};
  if (recipe.intermediate) {
    chain.insert(chain.begin(),
                 certify(*recipe.intermediate, role("tsa-intermediate", number), &chain.front()));
  }
  chain.insert(chain.begin(), certify(recipe.leaf, role("tsa", number), &chain.front()));
  return chain;
}

Json raw_bytes(const Bytes& der) {
  return Json(Json::Object{{"rawBytes", base64_encode(der)}});
}

std::string statement(const Recipe& recipe) {
  Json::Array subjects;
  for (const Subject& subject : recipe.subjects) {
    Json digests((Json::Object()));
    for (const auto& [algorithm, value] : subject.digests) {
      digests.set(algorithm, value);
    }
    if (subject.digests.empty()) {
      digests.set("sha256", hex_encode(sha256(as_bytes(recipe.artifact))));
    }
    subjects.emplace_back(Json::Object{{"name", subject.name}, {"digest", digests}});
  }
  Json out(Json::Object{{"_type", recipe.statement_type},
                        {"subject", subjects},
                        {"predicateType", recipe.predicate_type},
                        {"predicate", Json::Object{{"builder", "factory"}}}});
  if (recipe.statement_before) {
    recipe.statement_before(out);
  }
  return out.compact();
}

std::string pre_authentication(std::string_view type, std::string_view payload) {
  return "DSSEv1 " + std::to_string(type.size()) + " " + std::string(type) + " " +
         std::to_string(payload.size()) + " " + std::string(payload);
}

// Signature is what a signer makes before anybody logs or stamps it.
Logged make_signature(const World& world) {
  const Recipe& recipe = world.recipe;
  const bool certified = recipe.material != Material::PublicKey;
  Logged out{
      .content = recipe.content,
      .signature = {},
      .verifier_pem = certified ? pem("CERTIFICATE", world.leaf.der) : world.leaf.key.spki_pem(),
      .certified = certified,
      .verifier_der = certified ? world.leaf.der : world.leaf.key.spki(),
      .key = recipe.leaf.key,
      .hash = recipe.hash.value_or(usual_hash(recipe.leaf.key)),
      .message = recipe.artifact,
      .payload = {},
      .payload_type = recipe.payload_type,
      .envelope = {}};
  if (recipe.content == Content::Statement) {
    out.payload = statement(recipe);
    out.message = pre_authentication(recipe.payload_type, out.payload);
  }
  out.signature = recipe.pss ? world.leaf.key.sign_pss(as_bytes(out.message), out.hash)
                             : world.leaf.key.sign(as_bytes(out.message), out.hash);
  if (recipe.signature_after) {
    recipe.signature_after(out.signature);
  }
  return out;
}

Json envelope(const Logged& made) {
  const Json signature(Json::Object{{"sig", base64_encode(made.signature)}});
  return Json(Json::Object{{"payload", base64_encode(as_bytes(made.payload))},
                           {"payloadType", made.payload_type},
                           {"signatures", Json::Array{signature}}});
}

Json message_signature(const Recipe& recipe, const Logged& made) {
  Json out((Json::Object()));
  if (recipe.message_digest) {
    const std::string algorithm = made.hash == Hash::Sha384   ? "SHA2_384"
                                  : made.hash == Hash::Sha512 ? "SHA2_512"
                                                              : "SHA2_256";
    out.set("messageDigest",
            Json::Object{{"algorithm", algorithm},
                         {"digest", base64_encode(digest(made.hash, as_bytes(made.message)))}});
  }
  out.set("signature", base64_encode(made.signature));
  return out;
}

void set_signer(Json& material, const World& world) {
  const auto chain = [&](std::size_t above) {
    Json::Array certificates{raw_bytes(world.leaf.der)};
    const auto& authority = world.authorities.at(world.recipe.leaf.authority);
    for (std::size_t i = 0; i < above && i < authority.size(); ++i) {
      certificates.push_back(raw_bytes(authority[i].der));
    }
    material.set("x509CertificateChain", Json::Object{{"certificates", certificates}});
  };
  switch (world.recipe.material) {
    case Material::Certificate:
      material.set("certificate", raw_bytes(world.leaf.der));
      return;
    case Material::Chain:
      return chain(0);
    case Material::ChainWithIntermediate:
      return chain(1);
    case Material::ChainWithRoot:
      return chain(2);
    case Material::PublicKey:
      material.set("publicKey",
                   Json::Object{{"hint", base64_encode(sha256(world.leaf.key.spki()))}});
      return;
  }
}

}  // namespace

Recipe second_generation() {
  Recipe recipe;
  recipe.logs = {LogRecipe{.api = 2, .key = KeyKind::Ed25519, .host = "log2026.factory.example"}};
  recipe.timestampers = {TsaRecipe{}};
  recipe.stamps = {StampRecipe{}};
  return recipe;
}

World make_world(const Recipe& recipe) {
  std::vector<std::vector<Issued>> authorities;
  for (const FulcioRecipe& one : recipe.authorities) {
    authorities.push_back(make_authority(one, authorities.size()));
  }
  std::vector<CtLog> ct_logs;
  for (const CtLogRecipe& one : recipe.ct_logs) {
    const Key key = Key::of(one.key, role("ct-log", ct_logs.size()));
    ct_logs.push_back({key, sha256(key.spki())});
  }
  Issued leaf = issue_leaf(recipe.leaf, authorities.at(recipe.leaf.authority).front(), ct_logs);
  World world{.recipe = recipe,
              .authorities = std::move(authorities),
              .ct_logs = std::move(ct_logs),
              .logs = {},
              .timestampers = {},
              .leaf = std::move(leaf)};
  for (const LogRecipe& one : recipe.logs) {
    world.logs.push_back(make_log(one, role("rekor", world.logs.size())));
  }
  for (const TsaRecipe& one : recipe.timestampers) {
    world.timestampers.push_back(make_timestamper(one, world.timestampers.size()));
  }
  return world;
}

std::string bundle(const World& world) {
  const Recipe& recipe = world.recipe;
  Logged made = make_signature(world);
  const Json content =
      recipe.content == Content::Statement ? envelope(made) : message_signature(recipe, made);
  made.envelope = content.compact();
  Json material((Json::Object()));
  set_signer(material, world);
  Json::Array entries;
  for (const EntryRecipe& entry : recipe.entries) {
    entries.push_back(log_entry(entry, world.logs.at(entry.log), made));
  }
  material.set("tlogEntries", entries);
  Json::Array stamps;
  for (const StampRecipe& one : recipe.stamps) {
    const Issued& signer = world.timestampers.at(one.tsa).front();
    stamps.emplace_back(
        Json::Object{{"signedTimestamp", base64_encode(stamp(one, made.signature, signer))}});
  }
  if (!stamps.empty()) {
    material.set("timestampVerificationData", Json::Object{{"rfc3161Timestamps", stamps}});
  }
  Json out(Json::Object{
      {"mediaType", recipe.media_type},
      {"verificationMaterial", material},
      {recipe.content == Content::Statement ? "dsseEnvelope" : "messageSignature", content}});
  if (recipe.bundle_after) {
    recipe.bundle_after(out);
  }
  std::string text = out.compact();
  if (recipe.text_after) {
    recipe.text_after(text);
  }
  return text;
}

std::string public_key(const World& world) {
  return world.leaf.key.spki_pem();
}

Json& member(Json& document, const std::vector<std::string_view>& path) {
  Json* here = &document;
  for (const std::string_view key : path) {
    Json::Array* const array = here->array();
    here = array != nullptr ? &array->at(static_cast<std::size_t>(key.front() - '0'))
                            : here->find(key);
    if (here == nullptr) {
      std::abort();
    }
  }
  return *here;
}

void drop(Json& object, std::string_view key) {
  std::erase_if(*object.object(), [&](const JsonMember& one) { return one.first == key; });
}

}  // namespace nono::factory
