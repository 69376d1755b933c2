// tests/sigstore/log.h: transparency logs, Rekor v1 and v2: entries, promises, proofs, checkpoints.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/encoding.h"
#include "base/json.h"
#include "tests/sigstore/key.h"
#include "tests/sigstore/recipe.h"

namespace nono::factory {

struct TransparencyLog {
  LogRecipe recipe;
  Key key;
  Bytes id;  // what an entry names it by
};
TransparencyLog make_log(const LogRecipe& recipe, std::string_view role);

// Logged is what a signer submits.
struct Logged {
  Content content;
  Bytes signature;
  std::string verifier_pem;  // certificate or public key
  bool certified;            // the verifier is a certificate
  Bytes verifier_der;
  KeyKind key;
  Hash hash;            // of the signature
  std::string message;  // what was signed: the artifact, or the PAE of the envelope
  std::string payload;  // of the envelope
  std::string payload_type;
  std::string envelope;  // its JSON
};

// log_entry makes the TransparencyLogEntry (ProtoJSON).
Json log_entry(const EntryRecipe& recipe, const TransparencyLog& log, const Logged& logged);

// Tree is a path to one leaf; what stands beside the path is made up, which nobody can tell.
struct Tree {
  Bytes root;
  std::vector<Bytes> path;  // leaf to root
};
Tree tree(std::uint64_t index, std::uint64_t size, const Bytes& leaf);

}  // namespace nono::factory
