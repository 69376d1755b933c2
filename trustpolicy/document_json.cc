// trustpolicy/document_json.cc: writes a trust-policy.json, and the one that users begin with.
#include <initializer_list>

#include "attest/predicate.h"
#include "trustpolicy/document.h"
#include "trustpolicy/publisher.h"

namespace nono::trustpolicy {
namespace {

Json texts(const std::vector<std::string>& values) {
  return Json::Array(values.begin(), values.end());
}

Json includes_json(const std::vector<Glob>& includes) {
  Json::Array array;
  for (const Glob& glob : includes) {
    array.emplace_back(glob.text());
  }
  return array;
}

Json blocked_digests_json(const std::vector<BlockedDigest>& entries) {
  Json::Array array;
  for (const BlockedDigest& entry : entries) {
    array.emplace_back(Json::Object{{"sha256", entry.digest.hex()},
                                    {"description", entry.description},
                                    {"added", entry.added}});
  }
  return array;
}

Json blocked_publishers_json(const std::vector<BlockedPublisher>& entries) {
  Json::Array array;
  for (const BlockedPublisher& entry : entries) {
    Json json(Json::Object{{"identity", entry.identity}});
    if (entry.repository) {
      json.set("repository", *entry.repository);
    }
    json.set("reason", entry.reason);
    json.set("added", entry.added);
    array.push_back(std::move(json));
  }
  return array;
}

Json publishers_json(const std::vector<Publisher>& publishers) {
  Json::Array array;
  for (const Publisher& publisher : publishers) {
    array.push_back(publisher_json(publisher));
  }
  return array;
}

void set_options(Json& json, const Document& document) {
  if (document.agent_config) {
    json.set("agent_config", name_of(*document.agent_config));
  }
  if (!document.unguarded.empty()) {
    json.set("unguard", texts(document.unguarded));
  }
  if (document.lock) {
    json.set("lock", true);
  }
  if (!document.root.empty()) {
    json.set("root", document.root);
  }
  if (document.strict_intercept) {
    json.set("intercept", "strict");
  }
}

Document including(std::initializer_list<std::string_view> patterns) {
  Document document;
  for (const std::string_view pattern : patterns) {
    if (auto glob = Glob::parse(pattern)) {
      document.includes.push_back(*std::move(glob));
    }
  }
  return document;
}

}  // namespace

Document Document::starter() {
  return including({"CLAUDE*", "AGENT*", "SKILL*", ".claude/**/*.md"});
}

// Enforcement deny asks for a pattern, so there is one.
Document Document::bare() {
  return including({"CLAUDE.md"});
}

Json Document::to_json() const {
  Json json(Json::Object{});
  if (has_predicate) {
    json.set("predicate", attest::kTrustPolicyV1);
  }
  if (has_version) {
    json.set("version", 1);
  }
  json.set("includes", includes_json(includes));
  if (!files.empty()) {
    json.set("files", texts(files));
  }
  json.set("publishers", publishers_json(publishers));
  json.set("blocklist", Json::Object{{"digests", blocked_digests_json(blocked_digests)},
                                     {"publishers", blocked_publishers_json(blocked_publishers)}});
  json.set("enforcement", name_of(enforcement));
  set_options(json, *this);
  return json;
}

}  // namespace nono::trustpolicy
