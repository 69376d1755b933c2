// tests/engine/profile_saver_test.cc: what is written into a profile, and what is not.
#include "engine/profile_saver.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using sandbox::Access;
using sandbox::Expansion;
using sandbox::ExpansionKind;
using testing::must;

constexpr std::string_view kText =
    "{\n  \"extends\": [\"default\"],\n  \"filesystem\": {\n"
    "    \"read_file\": []\n  }\n}\n";

class ProfileSaverTest : public testing::EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    must(make_private_directories(profile_directory(user_)));
    path_ = profile_directory(user_) + "/mine.json";
    put(kText);
    used_ = AppliedProfile{"mine", path_, ProfileOrigin::User, true};
  }
  void put(std::string_view text, mode_t mode = 0640) const {
    must(replace_file(path_, text, mode));
  }
  std::string text() const { return must(read_file(path_, 1u << 20)); }
  ProfileSaver saver() const {
    return ProfileSaver({.profile = used_,
                         .user = user_,
                         .working_directory = tree_,
                         .capabilities = &capabilities_,
                         .policy = policy()});
  }
  static SavedGrant reading(const std::string& path) { return must(grant_of(Expansion{}, path)); }
  static SavedGrant reaching(const std::string& address) {
    Expansion expansion;
    expansion.kind = ExpansionKind::Connect;
    expansion.to = must(sandbox::parse_host_port(address)).literal;
    return must(grant_of(expansion, address));
  }
  // why_not is the error of a proposal that must not be made; the file stays as it is.
  std::string why_not(const SavedGrant& grant) const {
    const std::string before = text();
    const auto change = saver().propose(grant);
    EXPECT_FALSE(change) << change->diff;
    EXPECT_EQ(text(), before);
    return change ? "" : change.error().message() + "; " + change.error().remedy();
  }
  std::string why_not() const { return why_not(reading("/srv/a")); }
  void expect_why(const std::string& why, const std::string& part) const {
    EXPECT_NE(why.find(part), std::string::npos) << why;
  }
  profile::Composed next_run() const {
    const LoadedProfile loaded = must(find_profile(user_, "mine"));
    return must(compose_loaded(loaded, user_, tree_));
  }

  std::string path_;
  std::optional<AppliedProfile> used_;
  sandbox::CapabilitySet capabilities_;
};

TEST_F(ProfileSaverTest, WhatWasShownIsWrittenAndTheNextRunHasIt) {
  const std::size_t before = next_run().grants.size();
  const ProfileChange change = must(saver().propose(reading("/srv/a")));
  EXPECT_EQ(text(), kText);
  EXPECT_EQ(change.path, path_);
  EXPECT_EQ(change.diff, "--- " + path_ + "\n+++ " + path_ +
                             "\n@@ -1,6 +1,6 @@\n {\n   \"extends\": [\"default\"],\n"
                             "   \"filesystem\": {\n-    \"read_file\": []\n"
                             "+    \"read_file\": [\"/srv/a\"]\n   }\n }\n");
  EXPECT_EQ(change.before, crypto::Sha256::of(kText));
  must(saver().save(change));
  EXPECT_EQ(text(), change.text);
  EXPECT_EQ(change.after, crypto::Sha256::of(text()));
  const profile::Composed next = next_run();
  ASSERT_EQ(next.grants.size(), before + 1);
  EXPECT_EQ(next.grants.back().path, "/srv/a");
  EXPECT_EQ(next.grants.back().access, Access::read());
}

TEST_F(ProfileSaverTest, EachOperationHasItsMember) {
  struct Case {
    ExpansionKind kind;
    const char* list;
    Access access;
  };
  const Access both = Access::read() | Access::write();
  for (const Case& each : {Case{ExpansionKind::Read, "read_file", Access::read()},
                           Case{ExpansionKind::Write, "write_file", Access::write()},
                           Case{ExpansionKind::ReadWrite, "allow_file", both},
                           Case{ExpansionKind::Create, "allow_file", both}}) {
    Expansion expansion;
    expansion.kind = each.kind;
    const SavedGrant grant = must(grant_of(expansion, "/srv/a"));
    EXPECT_EQ(grant.place.section, "filesystem");
    EXPECT_EQ(grant.place.list, each.list);
    EXPECT_EQ(grant.access, each.access);
    EXPECT_TRUE(saver().propose(grant));
  }
}

TEST_F(ProfileSaverTest, TheModeIsKeptAndNothingIsLeftBeside) {
  put(kText, 0600);
  must(saver().save(must(saver().propose(reading("/srv/a")))));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  EXPECT_EQ(must(list_profiles(user_)).back().error, "");
  const std::string command = "test $(ls -A " + profile_directory(user_) + " | wc -l) = 1";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST_F(ProfileSaverTest, AFileThatSomebodyElseChangedIsNotWritten) {
  const ProfileChange first = must(saver().propose(reading("/srv/a")));
  const ProfileChange second = must(saver().propose(reading("/srv/b")));
  must(saver().save(first));
  const auto late = saver().save(second);
  ASSERT_FALSE(late);
  expect_why(late.error().message(), "was changed meanwhile");
  EXPECT_EQ(text(), first.text);
}

TEST_F(ProfileSaverTest, AFileThatSomebodyHoldsIsNotWritten) {
  const ProfileChange change = must(saver().propose(reading("/srv/a")));
  const OwnedFd directory = open_as(profile_directory(user_), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(::flock(BorrowedFd(directory).raw(), LOCK_EX), 0);
  const auto late = saver().save(change);
  ASSERT_FALSE(late);
  expect_why(late.error().message(), "holds the lock");
  EXPECT_EQ(text(), kText);
}

TEST_F(ProfileSaverTest, AFileThatBecameALinkMeanwhileIsNotWritten) {
  const ProfileChange change = must(saver().propose(reading("/srv/a")));
  const std::string other = base_ + "/other.json";
  ASSERT_EQ(::rename(path_.c_str(), other.c_str()), 0);
  ASSERT_EQ(::symlink(other.c_str(), path_.c_str()), 0);
  const auto late = saver().save(change);
  ASSERT_FALSE(late);
  expect_why(late.error().message(), "is a symbolic link");
  EXPECT_EQ(must(read_file(other, 1u << 20)), kText);
}

TEST_F(ProfileSaverTest, AParentThatDeniesItMeanwhileKeepsItOut) {
  must(replace_file(profile_directory(user_) + "/base.json", "{}", 0600));
  put(R"({"extends": "base"})");
  const ProfileChange change = must(saver().propose(reading("/srv/a")));
  must(replace_file(profile_directory(user_) + "/base.json",
                    R"({"filesystem": {"deny": ["/srv"]}})", 0600));
  const auto late = saver().save(change);
  ASSERT_FALSE(late);
  expect_why(late.error().message(), "lies in what is denied");
}

TEST_F(ProfileSaverTest, WithoutAProfileOfOnesOwnThereIsNothingToChange) {
  used_.reset();
  expect_why(why_not(), "this run has no profile; nono profile init NAME");
  used_ = AppliedProfile{"claude-code", "", ProfileOrigin::BuiltIn, true};
  expect_why(why_not(), "comes with nono; nono profile init NAME --extends claude-code");
  used_ = AppliedProfile{"p", path_, ProfileOrigin::Project, true};
  expect_why(why_not(), "the project's");
}

TEST_F(ProfileSaverTest, OtherLanguagesAreNotEdited) {
  for (const auto& [ending, name] :
       {std::pair("toml", "TOML"), std::pair("yaml", "YAML"), std::pair("yml", "YAML")}) {
    used_ = AppliedProfile{"p", base_ + "/p." + ending, ProfileOrigin::File, true};
    must(replace_file(used_->path, "", 0600));
    expect_why(why_not(), std::string(name) + ", and only profiles in JSON");
  }
}

TEST_F(ProfileSaverTest, LinksAreNotFollowedAndSeveralNamesNotParted) {
  const std::string other = base_ + "/other.json";
  ASSERT_EQ(::link(path_.c_str(), other.c_str()), 0);
  expect_why(why_not(), "several names (hard links)");
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_EQ(::symlink(other.c_str(), path_.c_str()), 0);
  expect_why(why_not(), "is a symbolic link; name the file that it leads to");
}

TEST_F(ProfileSaverTest, AFileThatTheAgentMayWriteIsNotChanged) {
  const std::string file = write("p.json", kText);
  used_ = AppliedProfile{"p", file, ProfileOrigin::File, true};
  EXPECT_TRUE(saver().propose(reading("/srv/a")));
  must(capabilities_.allow_path(tree_, Access::read(), "a test"));
  EXPECT_TRUE(saver().propose(reading("/srv/a")));
  must(capabilities_.allow_path(tree_, Access::write(), "a test"));
  expect_why(why_not(), "the agent may write");
}

TEST_F(ProfileSaverTest, AFileThatTheAgentWasAllowedToWriteIsNotChanged) {
  const auto allowed = [&](ExpansionKind kind, const std::string& object, const std::string& path) {
    ProfileSaver out = saver();
    Expansion expansion;
    expansion.kind = kind;
    expansion.object = OwnedFd(::open(object.c_str(), O_PATH | O_CLOEXEC));
    out.note_allowed(expansion, path);
    return out.propose(reading("/srv/a")).has_value();
  };
  EXPECT_TRUE(allowed(ExpansionKind::Read, path_, path_));
  EXPECT_TRUE(allowed(ExpansionKind::Write, base_, base_ + "/x"));
  EXPECT_FALSE(allowed(ExpansionKind::Write, path_, "/another/name"));
  EXPECT_FALSE(allowed(ExpansionKind::ReadWrite, path_, path_));
  EXPECT_FALSE(allowed(ExpansionKind::Create, profile_directory(user_), path_));
}

// A grant is of the directory, whatever it is called by now.
TEST_F(ProfileSaverTest, AFileThatTheAgentMayWriteByAnotherNameIsNotChanged) {
  write("below/p.json", kText);
  must(capabilities_.allow_path(tree_, Access::write(), "a test"));
  const std::string moved = base_ + "/moved";
  ASSERT_EQ(::rename(tree_.c_str(), moved.c_str()), 0);
  make_directory(tree_);
  used_ = AppliedProfile{"p", moved + "/below/p.json", ProfileOrigin::File, true};
  expect_why(why_not(), "the agent may write");
}

// The file was away for a moment, as in the hands of an editor: what is there then is the agent's.
TEST_F(ProfileSaverTest, AFileThatTheAgentWasAllowedToMakeIsNotChanged) {
  const auto makes = [&](const std::string& name, const std::string& path) {
    ProfileSaver out = saver();
    Expansion expansion;
    expansion.kind = ExpansionKind::Create;
    expansion.object = OwnedFd(::open(profile_directory(user_).c_str(), O_PATH | O_CLOEXEC));
    expansion.name = name;
    EXPECT_EQ(::unlink(path_.c_str()), 0);
    out.note_allowed(expansion, path);
    put(kText);
    return out.propose(reading("/srv/a"));
  };
  EXPECT_TRUE(makes("other.json", profile_directory(user_) + "/other.json"));
  for (const std::string& path : {path_, std::string("/another/name")}) {
    const auto change = makes("mine.json", path);
    ASSERT_FALSE(change);
    expect_why(change.error().message(), "the agent may write");
  }
}

TEST_F(ProfileSaverTest, AFileThatItsOwnerMadeReadOnlyIsNotChanged) {
  for (const mode_t mode : {0400U, 0444U}) {
    put(kText, mode);
    expect_why(why_not(), "is read-only; chmod u+w");
  }
  put(kText, 0600);
  EXPECT_TRUE(saver().propose(reading("/srv/a")));
}

// What the agent may put there could be a link, by which the next run would grant something else.
TEST_F(ProfileSaverTest, WhatLiesWhereTheAgentMayWriteIsNotSaved) {
  const std::string file = write("file", "x");
  EXPECT_TRUE(saver().propose(reading(file)));
  must(capabilities_.allow_path(file, Access::write(), "a test"));
  EXPECT_TRUE(saver().propose(reading(file)));
  must(capabilities_.allow_path(tree_, Access::write(), "a test"));
  expect_why(why_not(reading(file)), "the agent may put something else in the place of " + file);
  expect_why(why_not(reading(in("below/") + "file")), "the agent may put something else");
  EXPECT_TRUE(saver().propose(reading(base_ + "/file")));
}

TEST_F(ProfileSaverTest, AFileThatAListOfAccessSharesIsNotChanged) {
  put(kText, 0660);
  // acl(5): the owner, user 4242 and the mask read and write; the group and others nothing.
  const std::string_view list(
      "\2\0\0\0"
      "\1\0\6\0\xff\xff\xff\xff"
      "\2\0\6\0\x92\x10\0\0"
      "\4\0\0\0\xff\xff\xff\xff"
      "\x10\0\6\0\xff\xff\xff\xff"
      "\x20\0\0\0\xff\xff\xff\xff",
      44);
  ASSERT_TRUE(saver().propose(reading("/srv/a")));
  const int set = ::setxattr(path_.c_str(), "system.posix_acl_access", list.data(), list.size(), 0);
  if (set != 0 && errno == EOPNOTSUPP) {
    GTEST_SKIP() << "this file system has no access control lists";
  }
  ASSERT_EQ(set, 0);
  expect_why(why_not(), "is shared by an access control list; setfacl -b");
}

TEST_F(ProfileSaverTest, AFileThatAnotherGroupSharesIsNotChanged) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a file away";
  }
  const auto given = [&](mode_t mode) {
    put(kText, mode);
    EXPECT_EQ(::chown(path_.c_str(), 0, 12345), 0);
  };
  for (const mode_t mode : {0600U, 0644U, 0666U}) {  // what all others may, the group may, too
    given(mode);
    EXPECT_TRUE(saver().propose(reading("/srv/a")));
  }
  for (const mode_t mode : {0640U, 0660U, 0604U}) {
    given(mode);
    expect_why(why_not(), "belongs to another group than a new file would; chgrp");
  }
  // Where the directory hands its group on, that is what a new file would have.
  ASSERT_EQ(::chown(profile_directory(user_).c_str(), 0, 12345), 0);
  ASSERT_EQ(::chmod(profile_directory(user_).c_str(), 02700), 0);
  given(0640);
  EXPECT_TRUE(saver().propose(reading("/srv/a")));
}

TEST_F(ProfileSaverTest, ASignedFileIsNotChanged) {
  must(replace_file(path_ + ".bundle", "{}", 0600));
  expect_why(why_not(), "is signed, and a change breaks that");
}

TEST_F(ProfileSaverTest, AnotherUsersFileIsNotChanged) {
  if (::geteuid() != 0) {
    GTEST_SKIP() << "only root can give a file away";
  }
  ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);
  expect_why(why_not(), "another user's");
}

TEST_F(ProfileSaverTest, ADirectoryThatCannotBeWrittenIsSaid) {
  if (::geteuid() == 0) {
    GTEST_SKIP() << "root writes in every directory";
  }
  ASSERT_EQ(::chmod(profile_directory(user_).c_str(), 0500), 0);
  expect_why(why_not(), "cannot be written");
}

TEST_F(ProfileSaverTest, AFileThatIsGoneOrNoProfileIsSaid) {
  put(R"({"filesystem": {"read_fil": []}})");
  expect_why(why_not(), "read_fil");
  put("{");
  expect_why(why_not(), "not JSON");
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  const auto gone = saver().propose(reading("/srv/a"));
  ASSERT_FALSE(gone);
  expect_why(gone.error().message(), "No such file");
}

TEST_F(ProfileSaverTest, WhatAnEntryCannotSayExactlyIsNotSaved) {
  EXPECT_FALSE(grant_of(Expansion{}, "/srv/\xff"));
  if (const char* name = ::getenv("USER"); name != nullptr && *name != '\0') {
    expect_why(why_not(reading("/srv/$USER/a")), "cannot say exactly that");
  }
  expect_why(why_not(reading("/srv/$UID")), "cannot say exactly that");
}

TEST_F(ProfileSaverTest, WhatIsThereAlreadyIsSaid) {
  put(R"({"filesystem": {"read_file": ["/srv/a"]}})");
  expect_why(why_not(), "names it already");
}

TEST_F(ProfileSaverTest, WhatIsNeverGrantedIsNotSaved) {
  put("{}");
  expect_why(why_not(reading("/etc/shadow")), "never");
}

TEST_F(ProfileSaverTest, AChangeThatCannotBeShownIsNotMade) {
  put(R"({"groups": [)" + std::string(ProfileSaver::kMaxDiff, ' ') + "]}");
  expect_why(why_not(), "too long to be shown");
}

TEST_F(ProfileSaverTest, AConnectIsSavedWhereTheProfileSaysWhatIsReached) {
  put(R"({"network": {"connect": ["192.0.2.9:443"]}})");
  must(saver().save(must(saver().propose(reaching("192.0.2.1:443")))));
  EXPECT_EQ(text(), R"({"network": {"connect": ["192.0.2.9:443", "192.0.2.1:443"]}})");
  must(saver().save(must(saver().propose(reaching("[2001:db8::1]:80")))));
  EXPECT_EQ(next_run().network.connect_to.size(), 3U);
  put(R"({"network": {"connect_port": [443]}})");
  must(saver().save(must(saver().propose(reaching("192.0.2.1:80")))));
  EXPECT_EQ(next_run().network.connect_to.at(0).text(), "192.0.2.1:80");
}

TEST_F(ProfileSaverTest, ASocketIsSavedAsOne) {
  put("{}");
  Expansion socket;
  socket.kind = ExpansionKind::Connect;
  must(saver().save(must(saver().propose(must(grant_of(socket, "/srv/s"))))));
  const auto grants = next_run().grants;
  ASSERT_EQ(grants.size(), 1U);
  EXPECT_EQ(grants[0].path, "/srv/s");
  EXPECT_EQ(grants[0].access, Access::connect());
  EXPECT_EQ(grants[0].kind, sandbox::WantedKind::Socket);
}

TEST_F(ProfileSaverTest, AConnectIsNotSavedWhereItWouldCloseTheRestOrCountForNothing) {
  expect_why(why_not(reaching("192.0.2.1:443")), "would close the rest of the network");
  put(R"({"network": {"block": true}})");
  expect_why(why_not(reaching("192.0.2.1:443")), "the profile names no hosts or ports");
  put(R"({"network": {"connect": ["192.0.2.9:443"]}})");
  used_->rules_network = false;
  expect_why(why_not(reaching("192.0.2.1:443")), "options of this run");
}

}  // namespace
}  // namespace nono::engine
