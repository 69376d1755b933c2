// tests/sigstore/trusted_root.cc: writing trusted_root.json (sigstore_trustroot.proto).
#include <utility>

#include "base/clock.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

Json valid_for(const Window& window) {
  Json out(Json::Object{{"start", format_rfc3339(window.start)}});
  if (window.end) {
    out.set("end", format_rfc3339(*window.end));
  }
  return out;
}

// Optional members are written only where the recipe names them: v0.1 does not know them all.
void set_operator(Json& instance, std::string_view name) {
  if (!name.empty()) {
    instance.set("operator", name);
  }
}

Json key_id(const Bytes& id) {
  return Json(Json::Object{{"keyId", base64_encode(id)}});
}

Json log_instance(const World& world, std::size_t number) {
  const TransparencyLog& log = world.logs[number];
  const LogRecipe& recipe = log.recipe;
  Json out(Json::Object{
      {"baseUrl", recipe.base_url.empty() ? "https://" + recipe.host : recipe.base_url},
      {"hashAlgorithm", "SHA2_256"},
      {"publicKey", Json::Object{{"rawBytes", base64_encode(log.key.spki())},
                                 {"keyDetails", key_details(log.key.kind())},
                                 {"validFor", valid_for(recipe.window)}}},
      {"logId", key_id(recipe.checkpoint_key_id ? sha256(log.key.spki()) : log.id)}});
  if (recipe.checkpoint_key_id) {
    out.set("checkpointKeyId", key_id(log.id));
  }
  set_operator(out, recipe.operator_name);
  return out;
}

Json ct_instance(const World& world, std::size_t number) {
  const CtLog& log = world.ct_logs[number];
  const CtLogRecipe& recipe = world.recipe.ct_logs[number];
  const Bytes key = recipe.pkcs1 ? log.key.pkcs1() : log.key.spki();
  Json out(Json::Object{
      {"baseUrl", recipe.base_url},
      {"hashAlgorithm", "SHA2_256"},
      {"publicKey", Json::Object{{"rawBytes", base64_encode(key)},
                                 {"keyDetails", recipe.pkcs1 ? std::string_view("PKCS1_RSA_PKCS1V5")
                                                             : key_details(recipe.key)},
                                 {"validFor", valid_for(recipe.window)}}},
      {"logId", key_id(log.id)}});
  set_operator(out, recipe.operator_name);
  return out;
}

Json certificates(const std::vector<Issued>& chain, Named named) {
  std::size_t from = named == Named::WithoutFirst ? 1 : 0;
  std::size_t until = chain.size();
  if (named == Named::WithoutRoot) {
    --until;
  } else if (named == Named::OnlyFirst) {
    until = 1;
  }
  Json::Array out;
  for (; from < until; ++from) {
    out.emplace_back(Json::Object{{"rawBytes", base64_encode(chain[from].der)}});
  }
  return Json(Json::Object{{"certificates", out}});
}

template <typename AuthorityRecipe>
Json authority(const AuthorityRecipe& recipe, const std::vector<Issued>& chain) {
  Json out(Json::Object{
      {"subject", Json::Object{{"organization", "factory.example"}, {"commonName", "factory"}}},
      {"uri", recipe.uri},
      {"certChain", certificates(chain, recipe.named)},
      {"validFor", valid_for(recipe.window)}});
  set_operator(out, recipe.operator_name);
  return out;
}

}  // namespace

std::string trusted_root(const World& world) {
  const Recipe& recipe = world.recipe;
  Json::Array logs;
  for (std::size_t i = 0; i < recipe.logs.size(); ++i) {
    if (recipe.logs[i].trusted) {
      logs.push_back(log_instance(world, i));
    }
  }
  Json::Array ct_logs;
  for (std::size_t i = 0; i < recipe.ct_logs.size(); ++i) {
    if (recipe.ct_logs[i].trusted) {
      ct_logs.push_back(ct_instance(world, i));
    }
  }
  Json::Array authorities;
  for (std::size_t i = 0; i < recipe.authorities.size(); ++i) {
    if (recipe.authorities[i].trusted) {
      authorities.push_back(authority(recipe.authorities[i], world.authorities[i]));
    }
  }
  Json::Array timestampers;
  for (std::size_t i = 0; i < recipe.timestampers.size(); ++i) {
    if (recipe.timestampers[i].trusted) {
      timestampers.push_back(authority(recipe.timestampers[i], world.timestampers[i]));
    }
  }
  Json out(Json::Object{{"mediaType", recipe.root_media_type},
                        {"tlogs", logs},
                        {"certificateAuthorities", authorities},
                        {"ctlogs", ct_logs},
                        {"timestampAuthorities", timestampers}});
  if (recipe.root_after) {
    recipe.root_after(out);
  }
  return out.pretty();
}

}  // namespace nono::factory
