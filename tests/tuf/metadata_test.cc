// tests/tuf/metadata_test.cc: reading the four kinds: one row per refusal.
#include "tuf/metadata.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "tests/tuf/repository.h"

namespace nono::tuf {
namespace {

using test::TestRepository;

Json sound(std::string_view role) {
  TestRepository repository;
  if (role == kTargets) {
    repository.add_target(kTargets, "file", "bytes");
    repository.delegate({.name = "role"});
  }
  return repository.signed_part(role);
}

std::string error_of(std::string_view role, const Json& json) {
  const JsonView view(json);
  if (role == kRoot) {
    return test::error_of(Root::parse(view));
  }
  if (role == kTimestamp) {
    return test::error_of(Timestamp::parse(view));
  }
  return role == kSnapshot ? test::error_of(Snapshot::parse(view))
                           : test::error_of(Targets::parse(view));
}

// A Fault puts `value` at a path of the sound document of `role`; null is absence.
struct Fault {
  std::string_view name;
  std::string_view role;
  std::vector<std::string_view> path;
  std::string_view value;
  std::string_view error;
};

void put(Json& json, const Fault& fault) {
  Json* here = &json;
  for (std::size_t i = 0; i + 1 < fault.path.size(); ++i) {
    here = here->array() != nullptr ? &here->array()->front() : here->find(fault.path[i]);
  }
  here->set(fault.path.back(), *Json::parse(fault.value, {.bytes = 4096}));
}

class MetadataFault : public testing::TestWithParam<Fault> {};

TEST_P(MetadataFault, IsRefused) {
  Json json = sound(GetParam().role);
  ASSERT_EQ(error_of(GetParam().role, json), "");
  put(json, GetParam());
  EXPECT_EQ(error_of(GetParam().role, json), GetParam().error);
}

constexpr auto kName = [](const auto& row) { return std::string(row.param.name); };

INSTANTIATE_TEST_SUITE_P(
    Header, MetadataFault,
    testing::Values(
        Fault{
            "AnotherType", kSnapshot, {"_type"}, R"("timestamp")", "/_type: must be \"snapshot\""},
        Fault{"NoType", kRoot, {"_type"}, "null", "/_type: is missing"},
        Fault{"SpecificationTwo",
              kRoot,
              {"spec_version"},
              R"("2.0.0")",
              "/signed/spec_version: TUF 2.0.0 is unknown to this version, which reads 1.x"},
        Fault{"SpecificationTen",
              kRoot,
              {"spec_version"},
              R"("10.0")",
              "/signed/spec_version: TUF 10.0 is unknown to this version, which reads 1.x"},
        Fault{"SpecificationInWords",
              kRoot,
              {"spec_version"},
              R"("1.x")",
              "/signed/spec_version: TUF 1.x is unknown to this version, which reads 1.x"},
        Fault{"NoSpecification", kRoot, {"spec_version"}, "null", "/spec_version: is missing"},
        Fault{"VersionZero", kRoot, {"version"}, "0", "/version: must be 1 or more"},
        Fault{"VersionNegative", kTargets, {"version"}, "-1", "/version: must be 1 or more"},
        Fault{"VersionText", kTargets, {"version"}, R"("1")", "/version: must be an integer"},
        Fault{"VersionMissing", kTimestamp, {"version"}, "null", "/version: is missing"},
        Fault{"VersionBeyond",
              kRoot,
              {"version"},
              "18446744073709551615",
              "/version: is beyond 64 bits"},
        Fault{"VersionWithoutSuccessor",
              kRoot,
              {"version"},
              "9223372036854775807",
              "/version: is too large: none could follow"},
        Fault{"ExpiresMissing", kRoot, {"expires"}, "null", "/expires: is missing"},
        Fault{"ExpiresADay",
              kRoot,
              {"expires"},
              R"("2030-01-01")",
              "/expires: must be a time such as 2030-01-01T00:00:00Z"},
        Fault{"ExpiresNoDay",
              kRoot,
              {"expires"},
              R"("2030-02-30T00:00:00Z")",
              "/expires: must be a time such as 2030-01-01T00:00:00Z"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Root, MetadataFault,
    testing::Values(
        Fault{"NoKeys", kRoot, {"keys"}, "null", "/keys: is missing"},
        Fault{"KeysNoObject", kRoot, {"keys"}, "1", "/keys: must be an object"},
        Fault{"EmptyKeyId",
              kRoot,
              {"keys", ""},
              "{}",
              "/keys: has a key id that is empty or longer than 256 bytes"},
        Fault{"NoRoles", kRoot, {"roles"}, "null", "/roles: is missing"},
        Fault{"RoleMissing", kRoot, {"roles", "snapshot"}, "null", "/roles/snapshot: is missing"},
        Fault{"ThresholdZero",
              kRoot,
              {"roles", "targets", "threshold"},
              "0",
              "/roles/targets/threshold: must be 1 or more"},
        Fault{"ThresholdMissing",
              kRoot,
              {"roles", "targets", "threshold"},
              "null",
              "/roles/targets/threshold: is missing"},
        Fault{"KeyIdTwice",
              kRoot,
              {"roles", "root", "keyids"},
              R"(["a","b","a"])",
              "/roles/root/keyids/2: is there twice"},
        Fault{"ConsistentNoTruth",
              kRoot,
              {"consistent_snapshot"},
              "1",
              "/consistent_snapshot: must be true or false"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    TimestampAndSnapshot, MetadataFault,
    testing::Values(
        Fault{"NoMeta", kTimestamp, {"meta"}, "null", "/meta: is missing"},
        Fault{"NoSnapshot", kTimestamp, {"meta"}, "{}", "/meta/snapshot.json: is missing"},
        Fault{"NoTargets", kSnapshot, {"meta"}, "{}", "/meta/targets.json: is missing"},
        Fault{"NameWithoutSuffix",
              kSnapshot,
              {"meta", "role"},
              R"({"version":1})",
              "/meta/role: is no name of a metadata file: NAME.json"},
        Fault{"NameOfSuffixOnly",
              kSnapshot,
              {"meta", ".json"},
              R"({"version":1})",
              "/meta/.json: is no name of a metadata file: NAME.json"},
        Fault{"FileVersionZero",
              kSnapshot,
              {"meta", "targets.json", "version"},
              "0",
              "/meta/targets.json/version: must be 1 or more"},
        Fault{"LengthNegative",
              kTimestamp,
              {"meta", "snapshot.json", "length"},
              "-1",
              "/meta/snapshot.json/length: must be 0 or more"},
        Fault{"NoKnownHash",
              kTimestamp,
              {"meta", "snapshot.json", "hashes"},
              R"({"blake3":"00"})",
              "/meta/snapshot.json/hashes: has no hash that is known: sha256, sha384, sha512"},
        Fault{"ShortHash",
              kTimestamp,
              {"meta", "snapshot.json", "hashes"},
              R"({"sha256":"00"})",
              "/meta/snapshot.json/hashes/sha256: must be 64 hexadecimal digits"}),
    kName);

INSTANTIATE_TEST_SUITE_P(
    Targets, MetadataFault,
    testing::Values(
        Fault{"NoTargetsMember", kTargets, {"targets"}, "null", "/targets: is missing"},
        Fault{"NoLength",
              kTargets,
              {"targets", "file", "length"},
              "null",
              "/targets/file/length: is missing"},
        Fault{"NoHashes",
              kTargets,
              {"targets", "file", "hashes"},
              "null",
              "/targets/file/hashes: is missing"},
        Fault{"NoDelegatedKeys",
              kTargets,
              {"delegations", "keys"},
              "null",
              "/delegations/keys: is missing"},
        Fault{"NoDelegatedRoles",
              kTargets,
              {"delegations", "roles"},
              "null",
              "/delegations/roles: is missing"},
        Fault{"Succinct",
              kTargets,
              {"delegations", "succinct_roles"},
              "{}",
              "/signed/delegations/succinct_roles: succinct delegations (TAP 15) are not read"},
        Fault{"RoleWithoutName",
              kTargets,
              {"delegations", "roles", "0", "name"},
              R"("")",
              "/delegations/roles/0/name: must not be empty"},
        Fault{"RoleNamedRoot",
              kTargets,
              {"delegations", "roles", "0", "name"},
              R"("root")",
              "/delegations/roles/0/name: is the name of a top-level role"},
        Fault{"RoleNamedTargets",
              kTargets,
              {"delegations", "roles", "0", "name"},
              R"("targets")",
              "/delegations/roles/0/name: is the name of a top-level role"},
        Fault{"NoTerminating",
              kTargets,
              {"delegations", "roles", "0", "terminating"},
              "null",
              "/delegations/roles/0/terminating: is missing"},
        Fault{"NeitherPathsNorPrefixes",
              kTargets,
              {"delegations", "roles", "0", "paths"},
              "null",
              "/delegations/roles/0: must have either paths or path_hash_prefixes"},
        Fault{"PathsAndPrefixes",
              kTargets,
              {"delegations", "roles", "0", "path_hash_prefixes"},
              "[]",
              "/delegations/roles/0: must have either paths or path_hash_prefixes"}),
    kName);

TEST(MetadataTest, ARoleThatIsDelegatedToTwiceIsRefused) {
  Json json = sound(kTargets);
  Json::Array& roles = *json.find("delegations")->find("roles")->array();
  roles.push_back(Json(roles.front()));
  EXPECT_EQ(error_of(kTargets, json), "/delegations/roles: names a role twice");
}

TEST(MetadataTest, PrefixesAreLowerCaseDigits) {
  Json json = sound(kTargets);
  Json& role = json.find("delegations")->find("roles")->array()->front();
  role.set("paths", Json());
  role.set("path_hash_prefixes", Json::Array{Json("ab")});
  EXPECT_EQ(error_of(kTargets, json), "");
  role.set("path_hash_prefixes", Json::Array{Json("AB")});
  EXPECT_EQ(error_of(kTargets, json),
            "/delegations/roles/0/path_hash_prefixes: must be lower-case hexadecimal digits");
}

TEST(MetadataTest, MembersThatAreNotKnownAreLeftAlone) {
  for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    Json json = sound(role);
    json.set("x-more", Json::Array{Json(1)});
    EXPECT_EQ(error_of(role, json), "");
  }
}

TEST(MetadataTest, ShortAndLongVersionsOfTheSpecificationAreRead) {
  for (const std::string_view version : {"1.0", "1.0.0", "1.33.7"}) {
    Json json = sound(kRoot);
    json.set("spec_version", version);
    EXPECT_EQ(error_of(kRoot, json), "");
  }
}

TEST(MetadataTest, EveryHashThatIsKnownMustBeRight) {
  const std::string text = "bytes";
  Json json = sound(kTargets);
  Json& hashes = *json.find("targets")->find("file")->find("hashes");
  hashes.set("blake3", "00");
  hashes.set("sha512", hex_encode(factory::digest(factory::Hash::Sha512, as_bytes(text))));
  const auto targets = Targets::parse(JsonView(json));
  ASSERT_TRUE(targets);
  const TargetFile& file = targets->files.at("file");
  EXPECT_EQ(file.digests.size(), 2u);
  EXPECT_EQ(test::error_of(file.admits(text)), "");
  EXPECT_EQ(test::error_of(file.admits("bytez")), "has another sha256 than it should");
  EXPECT_EQ(test::error_of(file.admits("byte")), "has 4 bytes, not 5 as it should");
  hashes.set("sha512", std::string(128, '0'));
  const auto wrong = Targets::parse(JsonView(json));
  EXPECT_EQ(test::error_of(wrong->files.at("file").admits(text)),
            "has another sha512 than it should");
}

}  // namespace
}  // namespace nono::tuf
