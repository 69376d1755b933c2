#include "engine/credentials.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using profile::CredentialPlace;
using testing::must;

class CredentialsTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    make_directory(user_.home + "/.ssh");
    must(replace_file(user_.home + "/.ssh/id_rsa", "ssh-secret\n", 0600));
    must(replace_file(in("token"), "value\n", 0644));
    list_.emplace(list({}));
  }
  profile::NeverGrantList list(const std::vector<std::string>& overrides) const {
    return must(profile::NeverGrantList::for_places({.home = user_.home,
                                                     .config_home = "",
                                                     .data_home = "",
                                                     .state_home = "",
                                                     .runtime_directory = ""},
                                                    overrides));
  }
  // outcome is the value, or the kind of the error with its message.
  std::string outcome(CredentialPlace place, const std::string& name) const {
    const profile::Credential wanted{"TOKEN", {place, name}, "--env-credential-map"};
    const trustpolicy::Guard guard;
    const CredentialRules rules{*list_, guard};
    const auto checked = check_credential(wanted, rules);
    const auto read = read_credential(wanted, rules);
    if (!read) {
      EXPECT_TRUE(checked || checked.error().message() == read.error().message());
      EXPECT_TRUE(read.error().message().contains("TOKEN")) << read.error().message();
      EXPECT_FALSE(read.error().message().contains("ssh-secret"));
      return read.error().message();
    }
    EXPECT_TRUE(checked);
    return std::string(read->text(crypto::SecretAccess::i_will_not_log_or_store_this()));
  }
  std::string of_file(const std::string& path) const {
    return outcome(CredentialPlace::File, path);
  }
  std::string of_bytes(const std::string& bytes, mode_t mode = 0600) const {
    must(replace_file(in("made"), bytes, mode));
    return of_file(in("made"));
  }

  std::optional<profile::NeverGrantList> list_;
};

TEST_F(CredentialsTest, AFileIsReadAndOneNewlineCutOff) {
  EXPECT_EQ(of_file(in("token")), "value");
  EXPECT_EQ(of_bytes("a\n\n"), "a\n");
  EXPECT_EQ(of_bytes("a b\nc"), "a b\nc");
  EXPECT_EQ(of_bytes(std::string(kMaxCredentialBytes, 'x')).size(), kMaxCredentialBytes);
}

TEST_F(CredentialsTest, WhatIsNoValueIsRefused) {
  for (const std::string& bytes : {std::string(), std::string("\n"), std::string("a\0b", 3)}) {
    EXPECT_TRUE(of_bytes(bytes).contains("is empty, larger than 64 KiB, or holds a NUL"));
  }
  EXPECT_TRUE(of_bytes(std::string(kMaxCredentialBytes + 1, 'x')).contains("is larger than"));
}

TEST_F(CredentialsTest, WhatOthersMayChangeIsRefused) {
  EXPECT_EQ(of_bytes("v", 0604), "v") << "who else may read it is the user's affair";
  EXPECT_TRUE(of_bytes("v", 0620).contains("can be changed by others"));
  EXPECT_TRUE(of_bytes("v", 0602).contains("can be changed by others"));
  if (::geteuid() == 0) {
    must(replace_file(in("foreign"), "v", 0600));
    ASSERT_EQ(::chown(in("foreign").c_str(), 12345, 12345), 0);
    EXPECT_TRUE(of_file(in("foreign")).contains("belongs to another user"));
  }
}

TEST_F(CredentialsTest, WhatIsNoFileIsRefusedAndNotWaitedFor) {
  ASSERT_EQ(::mkfifo(in("pipe").c_str(), 0600), 0);
  EXPECT_TRUE(of_file(in("pipe")).contains("named pipe"));
  EXPECT_TRUE(of_file(tree_).contains("directory"));
  EXPECT_TRUE(of_file(in("missing")).contains("No such file"));
  EXPECT_TRUE(of_file("/proc/version").contains("made by the kernel"));
  EXPECT_TRUE(of_file("/proc/self/environ").contains("leads through a link"));
}

TEST_F(CredentialsTest, ALinkLeadsNowhere) {
  ASSERT_EQ(::symlink(in("token").c_str(), in("soft").c_str()), 0);
  make_directory(in("d"));
  must(replace_file(in("d/token"), "v", 0600));
  ASSERT_EQ(::symlink(in("d").c_str(), in("e").c_str()), 0);
  EXPECT_EQ(of_file(in("d/token")), "v");
  EXPECT_TRUE(of_file(in("soft")).contains("is a link"));
  EXPECT_TRUE(of_file(in("e/token")).contains("leads through a link to " + in("d/token")));
}

TEST_F(CredentialsTest, WhatIsNeverGrantedIsNotHandedOn) {
  const std::string key = user_.home + "/.ssh/id_rsa";
  EXPECT_TRUE(of_file(key).contains("never granted (SSH keys")) << of_file(key);
  ASSERT_EQ(::link(key.c_str(), in("hard").c_str()), 0);
  EXPECT_TRUE(of_file(in("hard")).contains("(SSH keys")) << of_file(in("hard"));
  list_.emplace(list({key}));
  EXPECT_EQ(of_file(key), "ssh-secret");
}

TEST_F(CredentialsTest, AGuardedNameYieldsNoBytes) {
  for (const char* name : {"CLAUDE.md", "AGENTS.md", "claude.MD"}) {
    must(replace_file(in(name), "v", 0600));
    EXPECT_TRUE(of_file(in(name)).contains("guarded file")) << name;
  }
}

TEST_F(CredentialsTest, AVariableOfTheCallers) {
  ASSERT_EQ(::setenv("NOT_NONOS", "v", 1), 0);
  EXPECT_EQ(outcome(CredentialPlace::Variable, "NOT_NONOS"), "v");
  ASSERT_EQ(::setenv("NOT_NONOS", "", 1), 0);
  EXPECT_TRUE(outcome(CredentialPlace::Variable, "NOT_NONOS").contains("is empty"));
  ASSERT_EQ(::unsetenv("NOT_NONOS"), 0);
  EXPECT_TRUE(outcome(CredentialPlace::Variable, "NOT_NONOS").contains("is not set"));
}

}  // namespace
}  // namespace nono::engine
