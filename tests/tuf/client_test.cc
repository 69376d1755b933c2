// tests/tuf/client_test.cc: the workflow of a client against a repository that lies.
#include "tuf/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/tuf/repository.h"
#include "tuf/packed_store.h"

namespace nono::tuf {
namespace {

using test::Delegated;
using test::error_of;
using test::TestRepository;

class ClientTest : public testing::Test {
 protected:
  // refresh is one update by a client that starts anew; "" or the message.
  std::string refresh(Instant now = test::now()) {
    repository.asked.clear();
    Client client(repository, store, now);
    return error_of(client.refresh(anchor));
  }
  // target is "= BYTES" or the message.
  std::string target(std::string_view path) {
    repository.asked.clear();
    Client client(repository, store, test::now());
    if (const auto refreshed = client.refresh(anchor); !refreshed) {
      return "refresh: " + refreshed.error().message();
    }
    const auto bytes = client.target(path);
    return bytes ? "= " + *bytes : bytes.error().message();
  }
  // kept is the version of a role in the store, or 0.
  std::int64_t kept(std::string_view role) const {
    const auto text = store.metadata(role);
    return *text ? *Json::parse(**text, kMetadataLimits)->find("signed")->find("version")->integer()
                 : 0;
  }
  std::vector<std::string> asked_roles() const {  // below the top
    std::vector<std::string> names;
    for (const std::string& name : repository.asked) {
      if (!name.ends_with(".root.json") && !name.ends_with("timestamp.json") &&
          !name.ends_with(".snapshot.json") && !name.ends_with(".targets.json")) {
        names.push_back(name);
      }
    }
    return names;
  }
  TestRepository repository;
  PackedStore store;
  std::string anchor = repository.first_root();
};

using Names = std::vector<std::string>;

TEST_F(ClientTest, AsksInTheOrderOfTheSpecification) {
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(repository.asked,
            Names({"2.root.json", "timestamp.json", "1.snapshot.json", "1.targets.json"}));
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(repository.asked, Names({"2.root.json", "timestamp.json"}));
}

TEST_F(ClientTest, WithoutConsistentSnapshotsNamesHaveNoVersion) {
  repository.consistent = false;
  repository.signed_part(kRoot).set("consistent_snapshot", false);
  repository.publish(kRoot);
  repository.add_target(kTargets, "file", "bytes");
  repository.publish_all();
  EXPECT_EQ(target("file"), "= bytes");
  EXPECT_EQ(repository.asked, Names({"2.root.json", "3.root.json", "timestamp.json",
                                     "snapshot.json", "targets.json", "targets/file"}));
}

TEST_F(ClientTest, KeepsTheBytesThatCame) {
  repository.files["timestamp.json"] += " \n";
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(**store.metadata(kTimestamp), repository.files["timestamp.json"]);
}

// What must be signed: an update ends where it is not, and keeps what came before.
TEST_F(ClientTest, EachRoleMustBeSignedByItsKeys) {
  repository.signers(kTargets) = {test::key("stranger")};
  repository.publish_all();
  EXPECT_EQ(refresh(), "2.targets.json: is signed by 0 of the 1 keys that are needed");
  EXPECT_EQ(kept(kSnapshot), 2);
  EXPECT_EQ(kept(kTargets), 0);
  repository.signers(kSnapshot) = {test::key("stranger")};
  repository.publish_all();
  EXPECT_EQ(refresh(), "3.snapshot.json: is signed by 0 of the 1 keys that are needed");
  EXPECT_EQ(kept(kTimestamp), 3);
  EXPECT_EQ(kept(kSnapshot), 2);
  repository.signers(kTimestamp) = {test::key("stranger")};
  repository.publish_all();
  EXPECT_EQ(refresh(), "timestamp.json: is signed by 0 of the 1 keys that are needed");
  EXPECT_EQ(kept(kTimestamp), 3);
  repository.signers(kRoot) = {test::key("stranger")};
  repository.publish(kRoot);
  EXPECT_EQ(refresh(), "2.root.json: is signed by 0 of the 1 keys that are needed");
}

TEST_F(ClientTest, AMissingFileEndsTheUpdate) {
  for (const std::string name : {"timestamp.json", "1.snapshot.json", "1.targets.json"}) {
    TestRepository fresh;
    fresh.files.erase(name);
    PackedStore empty;
    Client client(fresh, empty, test::now());
    const auto refreshed = client.refresh(anchor);
    ASSERT_FALSE(refreshed);
    EXPECT_EQ(refreshed.error().kind(), ErrorKind::NotFound);
    EXPECT_EQ(refreshed.error().message(), "the repository has no " + name);
  }
}

TEST_F(ClientTest, AFileOfAnotherKindIsRefused) {
  repository.signers(kSnapshot) = {test::key(kTimestamp)};
  repository.publish(kSnapshot);
  repository.files["timestamp.json"] = repository.files["2.snapshot.json"];
  EXPECT_EQ(refresh(), "timestamp.json: /signed/_type: must be \"timestamp\"");
}

// Rollback.
TEST_F(ClientTest, ATimestampDoesNotGoBack) {
  repository.publish(kTimestamp);
  EXPECT_EQ(refresh(), "");
  repository.set_version(kTimestamp, 1);
  repository.publish_as_it_is(kTimestamp);
  EXPECT_EQ(refresh(), "timestamp.json: goes back from version 2 to 1");
  EXPECT_EQ(kept(kTimestamp), 2);
}

TEST_F(ClientTest, ATimestampOfTheSameVersionIsTheSame) {
  EXPECT_EQ(refresh(), "");
  repository.signed_part(kTimestamp).find("meta")->find("snapshot.json")->set("version", 100);
  repository.publish_as_it_is(kTimestamp);
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(repository.asked.back(), "timestamp.json");
}

TEST_F(ClientTest, ATimestampDoesNotTakeTheSnapshotBack) {
  for (const bool digests : {false, true}) {
    TestRepository fresh;
    fresh.with_digests = digests;
    fresh.publish_all();
    PackedStore own;
    Client first(fresh, own, test::now());
    ASSERT_EQ(error_of(first.refresh(anchor)), "");
    fresh.set_version(kSnapshot, 1);
    fresh.publish_as_it_is(kSnapshot);
    fresh.publish(kTimestamp);
    Client second(fresh, own, test::now());
    EXPECT_EQ(error_of(second.refresh(anchor)),
              "timestamp.json: takes the snapshot back from version 2 to 1");
  }
}

TEST_F(ClientTest, ASnapshotHasTheVersionThatTheTimestampSays) {
  repository.set_version(kSnapshot, 7);
  repository.publish_as_it_is(kSnapshot);
  repository.files["2.snapshot.json"] = repository.files["7.snapshot.json"];
  repository.signed_part(kTimestamp).find("meta")->find("snapshot.json")->set("version", 2);
  repository.publish(kTimestamp);
  EXPECT_EQ(refresh(), "2.snapshot.json: has version 7, not 2");
}

TEST_F(ClientTest, ASnapshotDoesNotTakeTargetsBack) {
  repository.publish_all();
  EXPECT_EQ(refresh(), "");
  repository.set_version(kTargets, 0);
  repository.publish_all();
  EXPECT_EQ(refresh(), "3.snapshot.json: takes targets back from version 2 to 1");
  EXPECT_EQ(kept(kSnapshot), 2);
}

TEST_F(ClientTest, ASnapshotDoesNotForgetARole) {
  repository.delegate({.name = "role"});
  repository.publish("role");
  repository.publish_all();
  EXPECT_EQ(refresh(), "");
  repository.signed_part(kSnapshot).set("meta", Json(Json::Object{}));
  repository.publish_all();
  EXPECT_EQ(refresh(), "3.snapshot.json: no longer names role");
}

TEST_F(ClientTest, TargetsHaveTheVersionThatTheSnapshotSays) {
  repository.publish(kTargets);
  repository.files["3.targets.json"] = repository.files["2.targets.json"];
  repository.signed_part(kSnapshot).find("meta")->find("targets.json")->set("version", 3);
  repository.publish(kSnapshot);
  repository.publish(kTimestamp);
  EXPECT_EQ(refresh(), "3.targets.json: has version 2, not 3");
}

TEST_F(ClientTest, DigestsAndLengthsOfMetadataCount) {
  repository.with_digests = true;
  repository.publish_all();
  EXPECT_EQ(refresh(), "");
  repository.publish_all();
  std::string& snapshot = repository.files["3.snapshot.json"];
  snapshot[snapshot.size() - 1] = ' ';
  EXPECT_EQ(refresh(), "3.snapshot.json: has another sha256 than it should");
  snapshot += " ";
  EXPECT_EQ(refresh().find("3.snapshot.json is longer than "), 0u);
  snapshot.resize(snapshot.size() - 2);
  EXPECT_NE(refresh().find(" bytes, not "), std::string::npos);
}

// Freeze: what has expired is not taken, nor is what was taken kept in use.
TEST_F(ClientTest, ExpiredMetadataIsNotTaken) {
  repository.signed_part(kTargets).set("expires", test::kPast);
  repository.publish_all();
  EXPECT_EQ(refresh(), "2.targets.json: expired on 2026-01-01T00:00:00Z");
  EXPECT_EQ(kept(kTargets), 0);
  repository.signed_part(kSnapshot).set("expires", test::kPast);
  repository.publish_all();
  EXPECT_EQ(refresh(), "3.snapshot.json: expired on 2026-01-01T00:00:00Z");
  EXPECT_EQ(kept(kSnapshot), 2);
  repository.signed_part(kTimestamp).set("expires", test::kPast);
  repository.publish_all();
  EXPECT_EQ(refresh(), "timestamp.json: expired on 2026-01-01T00:00:00Z");
  EXPECT_EQ(kept(kTimestamp), 3);
}

TEST_F(ClientTest, AFrozenRepositoryIsNoticed) {
  EXPECT_EQ(refresh(), "");
  const Instant end = *parse_rfc3339(test::kExpires);
  EXPECT_EQ(refresh(end - std::chrono::seconds(1)), "");
  EXPECT_EQ(refresh(end), "root.json: expired on 2027-01-01T00:00:00Z");
  repository.signed_part(kRoot).set("expires", "2028-01-01T00:00:00Z");
  repository.publish(kRoot);
  EXPECT_EQ(refresh(end), "timestamp.json: expired on 2027-01-01T00:00:00Z");
}

TEST_F(ClientTest, ExpiredMetadataOfOursStillForbidsARollback) {
  repository.publish_all();
  EXPECT_EQ(refresh(), "");
  const Instant later = *parse_rfc3339("2027-06-01T00:00:00Z");
  for (const std::string_view role : {kRoot, kTimestamp, kSnapshot, kTargets}) {
    repository.signed_part(role).set("expires", "2028-01-01T00:00:00Z");
  }
  repository.publish(kRoot);
  repository.set_version(kTimestamp, 0);
  repository.publish(kTimestamp);
  EXPECT_EQ(refresh(later), "timestamp.json: goes back from version 2 to 1");
  repository.set_version(kTimestamp, 2);
  repository.publish_all();
  EXPECT_EQ(refresh(later), "");
}

TEST_F(ClientTest, AnExpiredRootIsFollowedAndOnlyTheLastMustBeFresh) {
  repository.signed_part(kRoot).set("expires", test::kPast);
  repository.publish(kRoot);
  EXPECT_EQ(refresh(), "root.json: expired on 2026-01-01T00:00:00Z");
  EXPECT_TRUE((*store.root(2)).has_value());
  repository.signed_part(kRoot).set("expires", test::kExpires);
  repository.publish(kRoot);
  EXPECT_EQ(refresh(), "");
}

// Rotation.
TEST_F(ClientTest, RootsAreKeptAndNotAskedForAgain) {
  repository.publish(kRoot);
  repository.publish(kRoot);
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(repository.asked.front(), "4.root.json");
}

TEST_F(ClientTest, AKeptRootThatDoesNotFollowIsAskedForAgain) {
  repository.publish(kRoot);
  ASSERT_TRUE(store.write_root(2, "nonsense"));
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(**store.root(2), repository.files["2.root.json"]);
}

TEST_F(ClientTest, RootsOfOneUpdateAreCounted) {
  for (int i = 0; i < kMaxRootsPerUpdate + 5; ++i) {
    repository.publish(kRoot);
  }
  EXPECT_EQ(refresh(), "");
  EXPECT_TRUE((*store.root(kMaxRootsPerUpdate + 1)).has_value());
  EXPECT_FALSE((*store.root(kMaxRootsPerUpdate + 2)).has_value());
}

TEST_F(ClientTest, FastForwardedVersionsAreForgottenWithTheKeys) {
  repository.set_version(kTimestamp, 99'998);
  repository.set_version(kSnapshot, 99'998);
  repository.publish_all();
  EXPECT_EQ(refresh(), "");
  ASSERT_EQ(kept(kTimestamp), 99'999);
  repository.trust(kTimestamp, {test::key("new timestamp")});
  repository.trust(kSnapshot, {test::key("new snapshot")});
  repository.set_version(kTimestamp, 1);
  repository.set_version(kSnapshot, 1);
  repository.publish(kRoot);
  repository.publish_all();
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(kept(kTimestamp), 2);
  EXPECT_EQ(kept(kSnapshot), 2);
}

TEST_F(ClientTest, AKeyThatIsAddedForgetsNothing) {
  repository.publish(kTimestamp);
  EXPECT_EQ(refresh(), "");
  repository.trust(kTimestamp, {test::key(kTimestamp), test::key("second")});
  repository.publish(kRoot);
  repository.set_version(kTimestamp, 0);
  repository.publish(kTimestamp);
  EXPECT_EQ(refresh(), "timestamp.json: goes back from version 2 to 1");
}

// Endless data: the repository says Exhausted where there is more than was asked for.
TEST_F(ClientTest, NoFileIsLongerThanItsKindMayBe) {
  repository.files["timestamp.json"] += std::string(kMaxTimestampBytes, ' ');
  EXPECT_EQ(refresh(), "timestamp.json is longer than 16384");
  repository.publish(kTimestamp);
  repository.files["1.snapshot.json"] += std::string(kMaxSnapshotBytes, ' ');
  EXPECT_EQ(refresh(), "1.snapshot.json is longer than 2097152");
  repository.files["2.root.json"] = std::string(kMaxRootBytes + 1, ' ');
  EXPECT_EQ(refresh(), "2.root.json is longer than 524288");
}

TEST_F(ClientTest, ATargetIsNoLongerThanItShouldBe) {
  repository.add_target(kTargets, "file", "bytes");
  repository.publish_all();
  const std::string name = repository.target_files.begin()->first;
  repository.target_files[name] = "bytes and more";
  EXPECT_EQ(target("file"), name + " is longer than 5");
  repository.signed_part(kTargets).find("targets")->find("file")->set(
      "length", static_cast<std::int64_t>(kMaxTargetBytes + 1));
  repository.publish_all();
  EXPECT_EQ(target("file"), "the target file has 67108865 bytes, over the limit");
}

// Targets.
TEST_F(ClientTest, ATargetIsFetchedByItsDigestOnce) {
  repository.add_target(kTargets, "dir/file", "bytes");
  repository.publish_all();
  EXPECT_EQ(target("dir/file"), "= bytes");
  EXPECT_EQ(repository.asked.back(),
            "targets/dir/" + hex_encode(factory::sha256(as_bytes("bytes"))) + ".file");
  EXPECT_EQ(target("dir/file"), "= bytes");
  EXPECT_EQ(repository.asked.back(), "timestamp.json");
}

TEST_F(ClientTest, ATargetThatIsAnotherIsRefusedAndNotKept) {
  repository.add_target(kTargets, "file", "bytes");
  repository.publish_all();
  const std::string name = repository.target_files.begin()->first;
  repository.target_files[name] = "bytez";
  EXPECT_EQ(target("file"), name + ": has another sha256 than it should");
  EXPECT_FALSE((*store.target("file")).has_value());
  repository.target_files[name] = "byte";
  EXPECT_EQ(target("file"), name + ": has 4 bytes, not 5 as it should");
  repository.target_files.clear();
  EXPECT_EQ(target("file"), "the repository has no file " + name);
}

TEST_F(ClientTest, AKeptTargetThatIsNotTodaysIsFetchedAgain) {
  repository.add_target(kTargets, "file", "bytes");
  repository.publish_all();
  ASSERT_TRUE(store.write_target("file", "old bytes"));
  EXPECT_EQ(target("file"), "= bytes");
  EXPECT_EQ(**store.target("file"), "bytes");
}

TEST_F(ClientTest, WhatIsNoPathIsNotAskedFor) {
  ASSERT_EQ(refresh(), "");
  for (const std::string_view path : {"", "/file", "dir/", "a//b", ".", "../file", "a/../b"}) {
    EXPECT_EQ(target(path), "\"" + std::string(path) + "\" is no path of a target");
  }
}

TEST_F(ClientTest, OddPathsAreEncodedInTheUrl) {
  const std::string path = "d r/a?b#c%2e";
  repository.add_target(kTargets, path, "bytes");
  repository.publish_all();
  const std::string digest = hex_encode(factory::sha256(as_bytes("bytes")));
  repository.target_files["d%20r/" + digest + ".a%3Fb%23c%252e"] = "bytes";
  EXPECT_EQ(target(path), "= bytes");
}

// Delegations.
struct Graph {
  std::string_view name;
  std::vector<Delegated> delegations;
  Names order;
};

class DelegationGraph : public testing::TestWithParam<Graph> {};

TEST_P(DelegationGraph, IsSearchedDepthFirstInOrder) {
  TestRepository repository;
  for (const Delegated& delegated : GetParam().delegations) {
    repository.delegate(delegated);
  }
  Names roles;
  for (const Delegated& delegated : GetParam().delegations) {
    if (std::ranges::find(roles, delegated.name) == roles.end()) {
      roles.push_back(delegated.name);
      repository.publish(delegated.name);
    }
  }
  repository.publish_all();
  PackedStore store;
  Client client(repository, store, test::now());
  ASSERT_EQ(error_of(client.refresh(repository.first_root())), "");
  repository.asked.clear();
  EXPECT_EQ(error_of(client.target("missing")), "the repository has no target missing");
  Names expected;
  for (const std::string& role : GetParam().order) {
    expected.push_back("1." + role + ".json");
  }
  EXPECT_EQ(repository.asked, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Graphs, DelegationGraph,
    testing::Values(
        Graph{"One", {{.name = "A"}}, {"A"}},
        Graph{"Two", {{.name = "A"}, {.name = "B"}}, {"A", "B"}},
        Graph{
            "DepthFirst",
            {{.name = "A"}, {.name = "B"}, {.from = "A", .name = "C"}, {.from = "A", .name = "D"}},
            {"A", "C", "D", "B"}},
        Graph{
            "DepthFirstAgain",
            {{.name = "A"}, {.name = "B"}, {.from = "A", .name = "C"}, {.from = "C", .name = "D"}},
            {"A", "C", "D", "B"}},
        Graph{"TerminatingEndsTheSearch",
              {{.name = "A"},
               {.name = "B"},
               {.from = "A", .name = "C", .terminating = true},
               {.from = "A", .name = "D"}},
              {"A", "C"}},
        Graph{"TerminatingStillGoesDown",
              {{.name = "A"},
               {.name = "B"},
               {.from = "A", .name = "C", .terminating = true},
               {.from = "C", .name = "D"}},
              {"A", "C", "D"}},
        Graph{"TerminatingForOtherPathsDoesNotCount",
              {{.name = "A", .paths = {"*.py"}, .terminating = true}, {.name = "B"}},
              {"B"}},
        Graph{"OtherPathsAreNotEntered",
              {{.name = "A", .paths = {"*.py"}}, {.name = "B"}, {.from = "A", .name = "C"}},
              {"B"}},
        Graph{"LoopsAreWalkedOnce",
              {{.name = "A"},
               {.name = "B"},
               {.from = "B", .name = "C"},
               {.from = "C", .name = "D"},
               {.from = "D", .name = "B"}},
              {"A", "B", "C", "D"}},
        Graph{"ItselfToo", {{.name = "A"}, {.from = "A", .name = "A"}}, {"A"}},
        Graph{
            "TwoWaysToOne",
            {{.name = "A"}, {.name = "B"}, {.from = "B", .name = "C"}, {.from = "A", .name = "C"}},
            {"A", "C", "B"}}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(ClientTest, EveryRoleOfTheChainMustCoverThePath) {
  repository.delegate({.name = "B", .paths = {"releases/*/*"}});
  repository.delegate({.from = "B", .name = "D", .paths = {"releases/y/*.zip"}});
  repository.add_target("D", "releases/y/y.zip", "y");
  repository.add_target("D", "releases/z/z.zip", "z");
  repository.publish("D");
  repository.publish("B");
  repository.publish_all();
  EXPECT_EQ(target("releases/y/y.zip"), "= y");
  EXPECT_EQ(target("releases/z/z.zip"), "the repository has no target releases/z/z.zip");
}

TEST_F(ClientTest, TheFirstRoleThatKnowsThePathDecides) {
  repository.delegate({.name = "A"});
  repository.delegate({.name = "B"});
  repository.add_target("A", "file", "by A");
  repository.add_target("B", "file", "by B");
  repository.publish("A");
  repository.publish("B");
  repository.publish_all();
  EXPECT_EQ(target("file"), "= by A");
}

TEST_F(ClientTest, ARoleThatCannotBeVerifiedEndsTheSearch) {
  repository.delegate({.name = "A"});
  repository.delegate({.name = "B"});
  repository.add_target("B", "file", "by B");
  repository.signers("A") = {test::key("stranger")};
  repository.publish("A");
  repository.publish("B");
  repository.publish_all();
  EXPECT_EQ(target("file"), "1.A.json: is signed by 0 of the 1 keys that are needed");
  repository.signers("A") = {test::key("role A")};
  repository.signed_part("A").set("expires", test::kPast);
  repository.publish("A");
  repository.publish_all();
  EXPECT_EQ(target("file"), "2.A.json: expired on 2026-01-01T00:00:00Z");
  EXPECT_FALSE((*store.metadata("A")).has_value());
}

TEST_F(ClientTest, ARoleThatTheSnapshotDoesNotNameIsNotAskedFor) {
  repository.delegate({.name = "A"});
  repository.publish_all();
  EXPECT_EQ(target("file"), "the snapshot does not name the role A");
  EXPECT_EQ(asked_roles(), Names());
}

TEST_F(ClientTest, AKeptRoleIsVerifiedByTheDelegatorOfToday) {
  repository.delegate({.name = "A"});
  repository.add_target("A", "file", "by A");
  repository.publish("A");
  repository.publish_all();
  ASSERT_EQ(target("file"), "= by A");
  // The delegator now trusts another key; A's file is as it was, under its old key.
  Json& role =
      repository.signed_part(kTargets).find("delegations")->find("roles")->array()->front();
  role.set("keyids", Json::Array{Json(test::id_of(test::key("new A")))});
  repository.signed_part(kTargets)
      .find("delegations")
      ->find("keys")
      ->set(test::id_of(test::key("new A")), test::json_of(test::key("new A")));
  repository.publish_all();
  EXPECT_EQ(target("file"), "1.A.json: is signed by 0 of the 1 keys that are needed");
}

TEST_F(ClientTest, RolesOfOneSearchAreCounted) {
  for (std::size_t i = 0; i < kMaxVisitedRoles; ++i) {
    const std::string name = "r" + std::to_string(i);
    repository.delegate({.name = name});
    repository.publish(name);
  }
  repository.publish_all();
  EXPECT_EQ(target("file"), "the target file was not found in 32 roles");
  EXPECT_EQ(asked_roles().size(), kMaxVisitedRoles - 1);
}

TEST_F(ClientTest, OddRoleNamesAreEncoded) {
  for (const auto& [role, encoded] : std::vector<std::pair<std::string, std::string>>{
           {"?", "%3F"}, {"#", "%23"}, {"/a", "%2Fa"}, {"../a", "..%2Fa"}, {"ä", "%C3%A4"}}) {
    TestRepository fresh;
    fresh.delegate({.name = role});
    fresh.publish(role);
    fresh.publish_all();
    PackedStore own;
    Client client(fresh, own, test::now());
    ASSERT_EQ(error_of(client.refresh(anchor)), "");
    EXPECT_EQ(error_of(client.target("file")), "the repository has no target file");
    EXPECT_EQ(fresh.asked.back(), "1." + encoded + ".json");
  }
}

TEST_F(ClientTest, NothingIsTakenBeforeWhatVouchesForIt) {
  auto trusted = TrustedSet::start(anchor);
  const Freshness today = Freshness::as_of(test::now());
  EXPECT_EQ(error_of(trusted->check_timestamp(today)), "there is no trusted timestamp yet");
  EXPECT_EQ(error_of(trusted->take_snapshot(repository.files["1.snapshot.json"], today)),
            "there is no trusted timestamp yet");
  EXPECT_EQ(error_of(trusted->take_targets(kTargets, kRoot, "", today)),
            "there is no trusted snapshot yet");
  Client client(repository, store, test::now());
  EXPECT_EQ(client.find("file").error().kind(), ErrorKind::Internal);
}

// Offline: verified again, whatever time it is, and nothing is written.
TEST_F(ClientTest, OfflineReadsBackWhatAnUpdateLeft) {
  repository.publish(kRoot);
  repository.delegate({.name = "A"});
  repository.add_target("A", "file", "bytes");
  repository.publish("A");
  repository.publish_all();
  ASSERT_EQ(target("file"), "= bytes");
  Client offline = Client::offline(store);
  ASSERT_EQ(error_of(offline.refresh(anchor)), "");
  EXPECT_EQ(offline.trusted()->root().header.version, 2);
  EXPECT_EQ(*offline.target("file"), "bytes");
  EXPECT_EQ(error_of(offline.target("other")), "the repository has no target other");
}

TEST_F(ClientTest, OfflineNeedsEveryPiece) {
  repository.add_target(kTargets, "file", "bytes");
  repository.publish_all();
  for (const std::string_view role : {kTimestamp, kSnapshot, kTargets}) {
    ASSERT_EQ(target("file"), "= bytes");
    ASSERT_TRUE(store.forget_metadata(role));
    Client offline = Client::offline(store);
    EXPECT_EQ(offline.refresh(anchor).error().kind(), ErrorKind::NotFound) << role;
  }
  ASSERT_EQ(target("file"), "= bytes");
  ASSERT_TRUE(store.write_target("file", "bytez"));
  Client offline = Client::offline(store);
  ASSERT_EQ(error_of(offline.refresh(anchor)), "");
  EXPECT_EQ(error_of(offline.target("file")), "there is no verified file in the cache");
}

}  // namespace
}  // namespace nono::tuf
