// sigstore-vectors DIRECTORY: writes every case of cases.h: bundle, trusted root, artifact and key
// of each in a directory of its own, and index.json.
#include <sys/stat.h>

#include <cstdio>
#include <string>

#include "base/files.h"
#include "tests/sigstore/cases.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

bool write(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return false;
  }
  const bool whole = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && whole;
}

// directory_of makes a name without slashes.
std::string directory_of(std::string name) {
  for (char& letter : name) {
    letter = letter == '/' ? '.' : letter;
  }
  return name;
}

bool write_case(const std::string& directory, const Case& one) {
  const World world = make_world(one.recipe);
  ::mkdir(directory.c_str(), 0777);
  return write(directory + "/bundle.json", bundle(world)) &&
         write(directory + "/trusted_root.json", trusted_root(world)) &&
         write(directory + "/artifact", one.recipe.policy.artifact.value_or(one.recipe.artifact)) &&
         write(directory + "/key.pem", public_key(world));
}

Json row(const Case& one) {
  const Policy& policy = one.recipe.policy;
  const bool keyed = one.recipe.material == Material::PublicKey;
  const std::string artifact = policy.artifact.value_or(one.recipe.artifact);
  return Json(Json::Object{
      {"case", one.name},
      {"directory", directory_of(one.name)},
      {"expected", one.expected},
      {"kind", keyed ? "keyed" : "certificate"},
      {"content", one.recipe.content == Content::Statement ? "statement" : "message"},
      {"identity", policy.identity},
      {"issuer", policy.issuer},
      {"thresholds", Json::Object{{"logEntries", std::to_string(policy.log_entries)},
                                  {"scts", std::to_string(policy.scts)},
                                  {"times", std::to_string(policy.times)}}},
      {"digest",
       policy.by_digest ? Json("sha256:" + hex_encode(sha256(as_bytes(artifact)))) : Json()}});
}

int run(const std::string& target) {
  ::mkdir(target.c_str(), 0777);
  Json::Array rows;
  for (const Case& one : all_cases()) {
    if (!write_case(target + "/" + directory_of(one.name), one)) {
      std::perror(one.name.c_str());
      return 1;
    }
    rows.push_back(row(one));
  }
  if (!write(target + "/index.json", Json(rows).pretty())) {
    std::perror("index.json");
    return 1;
  }
  std::printf("sigstore-vectors: %zu cases in %s\n", rows.size(), target.c_str());
  return 0;
}

}  // namespace
}  // namespace nono::factory

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: sigstore-vectors DIRECTORY\n", stderr);
    return 2;
  }
  return nono::factory::run(argv[1]);
}
