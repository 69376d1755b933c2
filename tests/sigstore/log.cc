// tests/sigstore/log.cc: RFC 6962 section 2.1, C2SP signed-note, tlog-checkpoint and
// tlog-cosignature, and the entry types of Rekor.
#include "tests/sigstore/log.h"

#include <bit>
#include <utility>

#include "tests/sigstore/der.h"

namespace nono::factory {
namespace {

constexpr const char* kTree = "1193050959916656506";

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

Bytes node(const Bytes& left, const Bytes& right) {
  return sha256(joined({big_endian(1, 1), left, right}));
}

std::string_view hash_name(Hash hash) {
  switch (hash) {
    case Hash::Sha384:
      return "sha384";
    case Hash::Sha512:
      return "sha512";
    default:
      return "sha256";
  }
}

std::string base64_text(std::string_view text) {
  return base64_encode(as_bytes(text));
}

Json hashedrekord_v1(const Logged& logged) {
  const Bytes value = digest(logged.hash, as_bytes(logged.message));
  const Json hash(
      Json::Object{{"algorithm", hash_name(logged.hash)}, {"value", hex_encode(value)}});
  const Json key(Json::Object{{"content", base64_text(logged.verifier_pem)}});
  const Json signature(
      Json::Object{{"content", base64_encode(logged.signature)}, {"publicKey", key}});
  return Json(Json::Object{{"data", Json::Object{{"hash", hash}}}, {"signature", signature}});
}

Json sha256_of(std::string_view text) {
  return Json(Json::Object{{"algorithm", "sha256"}, {"value", hex_encode(sha256(as_bytes(text)))}});
}

Json dsse_v1(const Logged& logged) {
  const Json signature(Json::Object{{"signature", base64_encode(logged.signature)},
                                    {"verifier", base64_text(logged.verifier_pem)}});
  return Json(Json::Object{{"envelopeHash", sha256_of(logged.envelope)},
                           {"payloadHash", sha256_of(logged.payload)},
                           {"signatures", Json::Array{signature}}});
}

Json intoto_v2(const Logged& logged) {
  const Json signature(Json::Object{{"publicKey", base64_text(logged.verifier_pem)},
                                    {"sig", base64_text(base64_encode(logged.signature))}});
  const Json envelope(
      Json::Object{{"payloadType", logged.payload_type}, {"signatures", Json::Array{signature}}});
  const Json content(Json::Object{{"envelope", envelope},
                                  {"hash", sha256_of(logged.envelope)},
                                  {"payloadHash", sha256_of(logged.payload)}});
  return Json(Json::Object{{"content", content}});
}

std::string_view logged_details(const Logged& logged) {
  return logged.key == KeyKind::Ed25519 ? "PKIX_ED25519_PH" : key_details(logged.key);
}

Json hashedrekord_v2(const Logged& logged) {
  const std::string algorithm = logged.hash == Hash::Sha384   ? "SHA2_384"
                                : logged.hash == Hash::Sha512 ? "SHA2_512"
                                                              : "SHA2_256";
  const Json raw(Json::Object{{"rawBytes", base64_encode(logged.verifier_der)}});
  const Json verifier(Json::Object{{"keyDetails", logged_details(logged)},
                                   {logged.certified ? "x509Certificate" : "publicKey", raw}});
  const Json data(
      Json::Object{{"algorithm", algorithm},
                   {"digest", base64_encode(digest(logged.hash, as_bytes(logged.message)))}});
  const Json signature(
      Json::Object{{"content", base64_encode(logged.signature)}, {"verifier", verifier}});
  return Json(
      Json::Object{{"hashedRekordV002", Json::Object{{"data", data}, {"signature", signature}}}});
}

struct Kind {
  std::string kind;
  std::string version;
};

Kind kind_of(const EntryRecipe& recipe, const TransparencyLog& log, Content content) {
  if (!recipe.kind.empty()) {
    return {recipe.kind, recipe.version};
  }
  if (log.recipe.api == 2) {
    return {"hashedrekord", "0.0.2"};
  }
  return {content == Content::Statement ? "dsse" : "hashedrekord", "0.0.1"};
}

// Members in the order of JCS (RFC 8785): by name, without spaces.
Json body(const Kind& kind, const Logged& logged) {
  Json spec;
  if (kind.kind == "dsse") {
    spec = dsse_v1(logged);
  } else if (kind.kind == "intoto") {
    spec = intoto_v2(logged);
  } else {
    spec = kind.version == "0.0.2" ? hashedrekord_v2(logged) : hashedrekord_v1(logged);
  }
  return Json(Json::Object{{"apiVersion", kind.version}, {"kind", kind.kind}, {"spec", spec}});
}

std::uint64_t seconds(Time at) {
  return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

Bytes promise(const EntryRecipe& recipe, const TransparencyLog& log, std::string_view body,
              std::uint64_t global_index) {
  std::string text = R"({"body":")" + base64_text(body) + R"(","integratedTime":)" +
                     number(seconds(recipe.integrated)) + R"(,"logID":")" + hex_encode(log.id) +
                     R"(","logIndex":)" + number(global_index) + "}";
  if (recipe.promise_before) {
    recipe.promise_before(text);
  }
  Bytes signature = log.key.sign(as_bytes(text), Hash::Sha256);
  if (recipe.promise_after) {
    recipe.promise_after(signature);
  }
  return signature;
}

std::string note_line(std::string_view name, const Bytes& hint, const Bytes& signature) {
  return "\xE2\x80\x94 " + std::string(name) + " " + base64_encode(joined({hint, signature})) +
         "\n";
}

Bytes first_four(Bytes bytes) {
  bytes.resize(4);
  return bytes;
}

std::string cosignature(std::string_view text, int witness, Time at) {
  const std::string name = "witness" + std::to_string(witness) + ".example";
  const Key key = Key::of(KeyKind::Ed25519, name);
  const Bytes hint =
      first_four(sha256(joined({bytes_of(name + "\n"), big_endian(4, 1), key.raw()})));
  const std::string message =
      "cosignature/v1\ntime " + number(seconds(at)) + "\n" + std::string(text);
  return note_line(name, hint, joined({big_endian(seconds(at), 8), key.sign(as_bytes(message))}));
}

std::string checkpoint(const EntryRecipe& recipe, const TransparencyLog& log, const Bytes& root) {
  const std::string origin =
      !log.recipe.origin.empty()
          ? log.recipe.origin
          : log.recipe.host + (log.recipe.api == 1 ? std::string(" - ") + kTree : "");
  std::string text = origin + "\n" + number(recipe.tree_size) + "\n" + base64_encode(root) + "\n";
  if (recipe.checkpoint_before) {
    recipe.checkpoint_before(text);
  }
  const std::optional<Hash> hash =
      log.key.kind() == KeyKind::Ed25519 ? std::nullopt : std::optional(Hash::Sha256);
  const std::string own =
      note_line(log.recipe.host, first_four(log.id), log.key.sign(as_bytes(text), hash));
  std::string cosigned;
  for (int witness = 1; witness <= recipe.witnesses; ++witness) {
    cosigned += cosignature(text, witness, recipe.integrated);
  }
  std::string note = text + "\n" + (recipe.witness_first ? cosigned + own : own + cosigned);
  if (recipe.checkpoint_after) {
    recipe.checkpoint_after(note);
  }
  return note;
}

Json inclusion(const EntryRecipe& recipe, const TransparencyLog& log, std::string_view body) {
  const Bytes leaf = sha256(joined({big_endian(0, 1), bytes_of(body)}));
  const Tree grown = tree(recipe.index, recipe.tree_size, leaf);
  Json::Array hashes;
  for (const Bytes& hash : grown.path) {
    hashes.emplace_back(base64_encode(hash));
  }
  return Json(Json::Object{
      {"logIndex", number(recipe.index)},
      {"rootHash", base64_encode(grown.root)},
      {"treeSize", number(recipe.tree_size)},
      {"hashes", hashes},
      {"checkpoint", Json::Object{{"envelope", checkpoint(recipe, log, grown.root)}}}});
}

}  // namespace

Tree tree(std::uint64_t index, std::uint64_t size, const Bytes& leaf) {
  if (size < 2) {
    return {.root = leaf, .path = {}};
  }
  const std::uint64_t split = std::bit_floor(size - 1);
  const Bytes other =
      sha256(joined({bytes_of("beside"), big_endian(index, 8), big_endian(size, 8)}));
  const bool left = index < split;
  Tree below = left ? tree(index, split, leaf) : tree(index - split, size - split, leaf);
  below.root = left ? node(below.root, other) : node(other, below.root);
  below.path.push_back(other);
  return below;
}

// The key ids: Rekor v1 takes SHA-256 of the key; v2 the (whole) key id of a signed note.
TransparencyLog make_log(const LogRecipe& recipe, std::string_view role) {
  const Key key = Key::of(recipe.key, role);
  Bytes id = sha256(key.spki());
  if (recipe.api == 2 && key.kind() == KeyKind::Ed25519) {
    id = sha256(joined({bytes_of(recipe.host + "\n"), big_endian(1, 1), key.raw()}));
  } else if (recipe.api == 2 && is_rsa(key.kind())) {
    id = sha256(joined({bytes_of(recipe.host + "\n"), big_endian(0xFF, 1),
                        bytes_of("PKIX-RSA-PKCS#1v1.5"), key.spki()}));
  }
  return {recipe, key, id};
}

Json log_entry(const EntryRecipe& recipe, const TransparencyLog& log, const Logged& logged) {
  const Kind kind = kind_of(recipe, log, logged.content);
  Json content = body(kind, logged);
  if (recipe.body_before) {
    recipe.body_before(content);
  }
  std::string text = content.compact();
  if (recipe.body_text_before) {
    recipe.body_text_before(text);
  }
  const std::uint64_t global = log.recipe.first_index + recipe.index;
  Json entry(
      Json::Object{{"logIndex", number(global)},
                   {"logId", Json::Object{{"keyId", base64_encode(log.id)}}},
                   {"kindVersion", Json::Object{{"kind", kind.kind}, {"version", kind.version}}}});
  if (log.recipe.api == 1) {
    entry.set("integratedTime", number(seconds(recipe.integrated)));
    if (recipe.promise) {
      entry.set("inclusionPromise",
                Json::Object{
                    {"signedEntryTimestamp", base64_encode(promise(recipe, log, text, global))}});
    }
  }
  if (recipe.proof) {
    entry.set("inclusionProof", inclusion(recipe, log, text));
  }
  entry.set("canonicalizedBody", base64_text(text));
  if (recipe.entry_after) {
    recipe.entry_after(entry);
  }
  return entry;
}

}  // namespace nono::factory
