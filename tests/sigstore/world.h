// tests/sigstore/world.h: a complete miniature Sigstore, made from a recipe, and what it hands out.
#pragma once

#include <string>
#include <vector>

#include "tests/sigstore/certificate.h"
#include "tests/sigstore/log.h"
#include "tests/sigstore/recipe.h"

namespace nono::factory {

struct World {
  Recipe recipe;
  std::vector<std::vector<Issued>> authorities;  // per authority, leaf's issuer first
  std::vector<CtLog> ct_logs;
  std::vector<TransparencyLog> logs;
  std::vector<std::vector<Issued>> timestampers;  // per timestamper, leaf first
  Issued leaf;
};

World make_world(const Recipe& recipe);

std::string trusted_root(const World& world);  // trusted_root.json
std::string bundle(const World& world);        // the recipe's bundle
std::string public_key(const World& world);    // PEM, of who signs

// member walks into a document by keys; "0" is an array's first element. It must be there.
Json& member(Json& document, const std::vector<std::string_view>& path);
void drop(Json& object, std::string_view key);

}  // namespace nono::factory
