// tests/tuf/packed_store_test.cc: what is packed is verified, whole, and read back strictly.
#include "tuf/packed_store.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/tuf/repository.h"

namespace nono::tuf {
namespace {

using test::error_of;
using test::TestRepository;

class PackedStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    repository.publish(kRoot);
    repository.delegate({.name = "A"});
    repository.add_target("A", "file", std::string("by\0tes", 6));
    repository.publish("A");
    repository.publish_all();
    Client client(repository, store, test::now());
    ASSERT_EQ(error_of(client.refresh(repository.first_root())), "");
    ASSERT_TRUE(client.target("file"));
  }
  Result<PackedStore> pack() {
    return PackedStore::pack(store, repository.first_root(), std::vector<std::string>{"file"});
  }
  TestRepository repository;
  PackedStore store;
};

TEST_F(PackedStoreTest, HoldsWhatAnOfflineClientNeeds) {
  auto packed = pack();
  ASSERT_TRUE(packed) << packed.error().message();
  auto read = PackedStore::parse(packed->text());
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->text(), packed->text());
  EXPECT_EQ(read->newest_root(), 2);
  Client client = Client::offline(*read);
  ASSERT_EQ(error_of(client.refresh(repository.first_root())), "");
  EXPECT_EQ(client.trusted()->root().header.version, 2);
  EXPECT_EQ(*client.target("file"), std::string("by\0tes", 6));
}

TEST_F(PackedStoreTest, NothingIsPackedThatDoesNotVerify) {
  ASSERT_TRUE(store.write_target("file", "else"));
  EXPECT_FALSE(pack());
  ASSERT_TRUE(store.write_target("file", std::string("by\0tes", 6)));
  EXPECT_TRUE(pack());
  ASSERT_TRUE(store.write_metadata(kSnapshot, "{}"));
  EXPECT_FALSE(pack());
}

TEST_F(PackedStoreTest, AnotherAnchorDoesNotOpenIt) {
  const auto packed = pack();
  auto read = PackedStore::parse(packed->text());
  TestRepository other;
  other.trust(kRoot, {test::key("other root")});
  other.set_version(kRoot, 0);
  other.publish(kRoot);
  Client client = Client::offline(*read);
  // The second root does not follow the other one, under which the rest is signed all the same.
  ASSERT_EQ(error_of(client.refresh(other.first_root())), "");
  EXPECT_EQ(client.trusted()->root().header.version, 1);
  other.trust(kTimestamp, {test::key("other timestamp")});
  other.set_version(kRoot, 0);
  other.publish(kRoot);
  Client stranger = Client::offline(*read);
  EXPECT_FALSE(stranger.refresh(other.first_root()));
}

struct Row {
  std::string_view name;
  std::string_view text;
  std::string_view error;
};

class PackedForm : public testing::TestWithParam<Row> {};

TEST_P(PackedForm, IsRefused) {
  EXPECT_EQ(error_of(PackedStore::parse(GetParam().text)), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, PackedForm,
    testing::Values(
        Row{"AnotherSchema",
            R"({"schema":"nono/tuf-cache/2","roots":{},"metadata":{},"targets":{}})",
            "/schema: must be \"nono/tuf-cache/1\""},
        Row{"NoSchema", R"({"roots":{},"metadata":{},"targets":{}})", "/schema: is missing"},
        Row{"MoreMembers",
            R"({"schema":"nono/tuf-cache/1","newest_root":1,"roots":{},"metadata":{},"targets":{},"x":1})",
            "/x: is not a known member"},
        Row{"NoRoots",
            R"({"schema":"nono/tuf-cache/1","newest_root":1,"metadata":{},"targets":{}})",
            "/roots: is missing"},
        Row{"NoNewestRoot",
            R"({"schema":"nono/tuf-cache/1","roots":{},"metadata":{},"targets":{}})",
            "/newest_root: is missing"},
        Row{"RootWithoutVersion",
            R"({"schema":"nono/tuf-cache/1","newest_root":1,"roots":{"x":""},"metadata":{},"targets":{}})",
            "/roots: has a member that is no version"},
        Row{"RootWithZeroInFront",
            R"({"schema":"nono/tuf-cache/1","newest_root":1,"roots":{"02":""},"metadata":{},"targets":{}})",
            "/roots: has a member that is no version"},
        Row{"MetadataNoText",
            R"({"schema":"nono/tuf-cache/1","newest_root":1,"roots":{},"metadata":{"a":1},"targets":{}})",
            "/metadata/a: must be a string"},
        Row{"TargetNoBase64",
            R"({"schema":"nono/tuf-cache/1","newest_root":1,"roots":{},"metadata":{},"targets":{"a":"?"}})",
            "/targets: has a member that is not base64"}),
    [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace nono::tuf
