// tests/tuf/directory_store_test.cc: files, their names, and the lock.
#include "tuf/directory_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <thread>

#include "base/files.h"
#include "tests/tuf/repository.h"

namespace nono::tuf {
namespace {

namespace fs = std::filesystem;
using test::error_of;
using test::TestRepository;

class DirectoryStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "tuf-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory = pattern;
  }
  void TearDown() override { fs::remove_all(directory); }
  DirectoryStore store() const { return {at("metadata"), at("targets")}; }
  std::string at(const std::string& name) const { return directory + "/" + name; }
  std::vector<std::string> names(const std::string& below) const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(at(below))) {
      found.push_back(entry.path().filename());
    }
    std::ranges::sort(found);
    return found;
  }
  std::string directory;
};

TEST_F(DirectoryStoreTest, KeepsAnUpdate) {
  TestRepository repository;
  repository.publish(kRoot);
  repository.add_target(kTargets, "dir/file", "bytes");
  repository.publish_all();
  DirectoryStore own = store();
  Client client(repository, own, test::now());
  ASSERT_EQ(error_of(client.refresh(repository.first_root())), "");
  EXPECT_EQ(*client.target("dir/file"), "bytes");
  EXPECT_EQ(names("metadata"),
            (std::vector<std::string>{"root.json", "root_history", "snapshot.json", "targets.json",
                                      "timestamp.json"}));
  EXPECT_EQ(names("metadata/root_history"), std::vector<std::string>{"2.root.json"});
  EXPECT_EQ(names("targets"), std::vector<std::string>{"dir%2Ffile"});
  Client offline = Client::offline(own);
  EXPECT_EQ(error_of(offline.refresh(repository.first_root())), "");
  EXPECT_EQ(*offline.target("dir/file"), "bytes");
}

TEST_F(DirectoryStoreTest, FilesAndDirectoriesAreTheUsersOwn) {
  DirectoryStore own = store();
  ASSERT_TRUE(own.write_metadata(kTargets, "text"));
  struct stat status{};
  ASSERT_EQ(::stat(at("metadata").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  ASSERT_EQ(::stat(at("metadata/targets.json").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(DirectoryStoreTest, WhatIsNotThereIsNothing) {
  const DirectoryStore own = store();
  EXPECT_FALSE(own.metadata(kRoot)->has_value());
  EXPECT_FALSE(own.root(2)->has_value());
  EXPECT_FALSE(own.target("file")->has_value());
  EXPECT_TRUE(store().forget_metadata(kTimestamp));
}

TEST_F(DirectoryStoreTest, OddNamesStayWithinTheDirectory) {
  DirectoryStore own = store();
  for (const std::string_view role : {"../a", "/a", "a/b", "?", "..", ".", "ä", "a%2Fb"}) {
    ASSERT_TRUE(own.write_metadata(role, role)) << role;
    EXPECT_EQ(**own.metadata(role), role);
  }
  EXPECT_EQ(names(""), std::vector<std::string>{"metadata"});
  EXPECT_EQ(names("metadata").size(), 8u);
}

TEST_F(DirectoryStoreTest, ANameThatNoFileCanHaveIsAnError) {
  DirectoryStore own = store();
  EXPECT_FALSE(own.write_metadata(std::string(300, 'a'), ""));
  EXPECT_FALSE(own.write_metadata(std::string(81, '/'), ""));
  EXPECT_FALSE(own.write_metadata("", ""));
}

TEST_F(DirectoryStoreTest, AFileThatIsTooLongIsAnError) {
  ASSERT_TRUE(store().write_metadata(kTimestamp, ""));
  fs::resize_file(at("metadata/timestamp.json"), kMaxTargetsBytes + 1);
  const auto text = store().metadata(kTimestamp);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind(), ErrorKind::Exhausted);
}

TEST_F(DirectoryStoreTest, WhatIsInTheWayIsNamedWithWhatTakesItAway) {
  DirectoryStore own = store();
  fs::create_directories(at("metadata/timestamp.json/a"));
  EXPECT_EQ(own.metadata(kTimestamp).error().remedy(),
            "see what is there, then remove it: rm -r " + at("metadata/timestamp.json"));
  EXPECT_TRUE(own.write_metadata(kTimestamp, "text").error().remedy().starts_with("see what"));
  EXPECT_TRUE(own.forget_metadata(kTimestamp).error().remedy().starts_with("see what"));
  fs::create_symlink("/dev/null", at("metadata/.lock"));
  EXPECT_TRUE(own.lock(std::chrono::milliseconds(0)).error().remedy().ends_with("/.lock"));
  ASSERT_TRUE(replace_file(at("targets"), "", 0600));
  EXPECT_TRUE(own.target("file").error().remedy().ends_with("rm -r " + at("targets")));
}

TEST_F(DirectoryStoreTest, AClosedDirectoryIsNamed) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root reads every directory";
  }
  DirectoryStore own = store();
  ASSERT_TRUE(own.write_metadata(kTimestamp, "text"));
  fs::permissions(at("metadata"), fs::perms::none);
  const std::string mended = "see that it is yours, then: chmod -R u+rwX " + directory;
  EXPECT_EQ(own.lock(std::chrono::milliseconds(0)).error().remedy(), mended);
  EXPECT_EQ(own.metadata(kTimestamp).error().remedy(), mended);
  EXPECT_EQ(own.write_metadata(kTimestamp, "text").error().remedy(), mended);
  fs::permissions(at("metadata"), fs::perms::owner_all);
}

TEST_F(DirectoryStoreTest, OneHoldsTheLock) {
  auto first = store().lock(std::chrono::milliseconds(0));
  ASSERT_TRUE(first);
  const auto second = store().lock(std::chrono::milliseconds(50));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind(), ErrorKind::Exhausted);
  std::jthread release([&first] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    first->reset();
  });
  EXPECT_TRUE(store().lock(std::chrono::seconds(10)));
}

}  // namespace
}  // namespace nono::tuf
