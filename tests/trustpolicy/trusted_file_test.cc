// tests/trustpolicy/trusted_file_test.cc: files believed for their owner and mode.
#include "trustpolicy/trusted_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "tests/trustpolicy/support.h"
#include "trustpolicy/self_keys.h"

namespace nono::trustpolicy {
namespace {

class TrustedFileTest : public testing::Test {
 protected:
  void expect_refused(const std::string& path, std::string_view why, std::string_view remedy) {
    const auto file = read_trusted(path, mine, 1000);
    ASSERT_FALSE(file) << path;
    EXPECT_EQ(file.error().kind(), ErrorKind::PermissionDenied);
    EXPECT_NE(file.error().message().find(why), std::string::npos) << file.error().message();
    EXPECT_NE(file.error().remedy().find(remedy), std::string::npos) << file.error().remedy();
  }

  test::TempDir directory;
  Keeper mine{.owner = ::geteuid()};
};

TEST_F(TrustedFileTest, OwnFileIsRead) {
  const std::string path = directory.write("d/f", "text", 0600);
  const auto file = read_trusted(path, mine, 1000);
  ASSERT_TRUE(file) << file.error().message();
  ASSERT_TRUE(*file);
  EXPECT_EQ((*file)->text, "text");
  EXPECT_EQ((*file)->path, path);
}

TEST_F(TrustedFileTest, AbsentFileIsNothing) {
  const auto file = read_trusted(directory.at("none/f"), mine, 1000);
  ASSERT_TRUE(file);
  EXPECT_FALSE(*file);
}

TEST_F(TrustedFileTest, FileThatOthersCanWriteIsRefused) {
  for (const mode_t mode : {0664U, 0646U, 0666U}) {
    const std::string path = directory.write("f", "text", mode);
    expect_refused(path, "can be written by others", "chmod go-w " + path);
  }
}

TEST_F(TrustedFileTest, DirectoryThatOthersCanWriteIsRefused) {
  const std::string path = directory.write("d/f", "text");
  for (const mode_t mode : {0775U, 0757U, 01777U}) {
    ASSERT_EQ(::chmod(directory.at("d").c_str(), mode), 0);
    expect_refused(path, directory.at("d") + ": can be written by others", "chmod go-w");
  }
  mine.check_directory = false;
  EXPECT_TRUE(read_trusted(path, mine, 1000));
}

TEST_F(TrustedFileTest, FileOfAnotherUserIsRefused) {
  const std::string path = directory.write("d/f", "text");
  mine.owner = ::geteuid() + 1;
  expect_refused(path, "belongs to user", "chown");
}

TEST_F(TrustedFileTest, FileOfRootIsTakenOnlyWhereAsked) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "needs root to make a file of root";
  }
  const std::string path = directory.write("d/f", "text");
  const Keeper other{.owner = 4711};
  EXPECT_FALSE(read_trusted(path, other, 1000));
  const Keeper either{.owner = 4711, .root_too = true};
  EXPECT_TRUE(read_trusted(path, either, 1000));
}

TEST_F(TrustedFileTest, LinkIsFollowedAndItsTargetJudged) {
  const std::string target = directory.write("elsewhere/f", "text");
  const std::string link = directory.make_directory("d") + "/f";
  ASSERT_EQ(::symlink(target.c_str(), link.c_str()), 0);
  const auto file = read_trusted(link, mine, 1000);
  ASSERT_TRUE(file && *file);
  EXPECT_EQ((*file)->path, target);
  ASSERT_EQ(::chmod(directory.at("elsewhere").c_str(), 0777), 0);
  expect_refused(link, "elsewhere: can be written by others", "chmod");
}

TEST_F(TrustedFileTest, DanglingLinkIsNotAbsence) {
  const std::string link = directory.at("f");
  ASSERT_EQ(::symlink("nowhere", link.c_str()), 0);
  const auto file = read_trusted(link, mine, 1000);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(file.error().message(), link + ": is a symbolic link to nowhere, and no file is there");
  EXPECT_NE(file.error().remedy().find("rm " + link), std::string::npos) << file.error().remedy();
}

TEST_F(TrustedFileTest, AnythingButARegularFileIsRefused) {
  ASSERT_EQ(::mkfifo(directory.at("fifo").c_str(), 0600), 0);
  EXPECT_FALSE(read_trusted(directory.at("fifo"), mine, 1000));
  EXPECT_FALSE(read_trusted(directory.make_directory("dir"), mine, 1000));
  EXPECT_FALSE(read_trusted("/dev/null", Keeper{.owner = 0}, 1000));
}

TEST_F(TrustedFileTest, LargeFileIsRefused) {
  const auto file = read_trusted(directory.write("f", std::string(1001, 'x')), mine, 1000);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind(), ErrorKind::InvalidInput);
}

class SelfKeysTest : public testing::Test {
 protected:
  test::TempDir directory;
  Keeper mine{.owner = ::geteuid()};
};

TEST_F(SelfKeysTest, NoDirectoryMeansNoKeys) {
  const auto keys = read_self_keys(directory.at("trust"), mine);
  ASSERT_TRUE(keys);
  EXPECT_TRUE(keys->empty());
}

TEST_F(SelfKeysTest, PublicKeysAreReadInOrder) {
  const auto one = test::make_key();
  const auto two = test::make_key();
  directory.write("trust/b.pub", one.public_key().spki_pem());
  directory.write("trust/a.pub", two.public_key().spki_base64());
  directory.write("trust/default.pem", "private, not looked at", 0600);
  directory.write("trust/.c.pub", "in the making");
  directory.write("trust/.pub", "no stem");
  const auto keys = read_self_keys(directory.at("trust"), mine);
  ASSERT_TRUE(keys) << keys.error().message();
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ(keys->at(0).key_id, "a");
  EXPECT_EQ(keys->at(0).alias, "self");
  EXPECT_EQ(keys->at(0).key.fingerprint(), two.public_key().fingerprint());
  EXPECT_EQ(keys->at(1).key_id, "b");
}

TEST_F(SelfKeysTest, BadKeyFileIsAnError) {
  directory.write("trust/a.pub", "no key");
  const auto keys = read_self_keys(directory.at("trust"), mine);
  ASSERT_FALSE(keys);
  EXPECT_NE(keys.error().message().find("a.pub"), std::string::npos);
}

TEST_F(SelfKeysTest, KeyThatOthersCanWriteIsAnError) {
  directory.write("trust/a.pub", test::make_key().public_key().spki_pem(), 0666);
  EXPECT_FALSE(read_self_keys(directory.at("trust"), mine));
}

TEST_F(SelfKeysTest, DirectoryThatOthersCanWriteIsAnError) {
  directory.write("trust/a.pub", test::make_key().public_key().spki_pem());
  ASSERT_EQ(::chmod(directory.at("trust").c_str(), 0777), 0);
  EXPECT_FALSE(read_self_keys(directory.at("trust"), mine));
}

}  // namespace
}  // namespace nono::trustpolicy
