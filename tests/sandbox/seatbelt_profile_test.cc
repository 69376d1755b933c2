// tests/sandbox/seatbelt_profile_test.cc: what the text lets through, rule by rule.
#include "sandbox/seatbelt_profile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <random>

#include "sandbox/name_rules.h"
#include "sandbox/protected_names.h"
#include "sandbox/seatbelt_text.h"
#include "tests/sandbox/seatbelt_support.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox::testing {
namespace {

const Access kAll = Access::read() | Access::write() | Access::execute();

class SeatbeltProfileTest : public ::testing::Test {
 protected:
  SeatbeltProfileTest() {
    tree_.directory("work");
    tree_.file("work/file", "text");
  }
  std::string at(std::string_view name) const { return tree_.path(name); }
  void grant(const std::string& path, Access access) {
    ASSERT_TRUE(capabilities_.allow_path(path, access, "test"));
  }
  bool allows(const Attempted& attempted, const SeatbeltRules& rules = {}) const {
    return read_back(capabilities_, rules).allows(attempted);
  }
  const TemporaryTree tree_;
  CapabilitySet capabilities_;
};

TEST_F(SeatbeltProfileTest, NothingIsGrantedByDefault) {
  const SeatbeltEvaluator none = read_back(capabilities_);
  for (const char* operation :
       {"file-read-data", "file-read-xattr", "file-write-data", "file-write-create",
        "file-write-unlink", "file-write-mode", "process-exec", "file-map-executable", "file-ioctl",
        "network-outbound", "file-mknod", "file-link", "file-mount", "file-chroot"}) {
    for (const char* path : {"/Users/u/.ssh/id_ed25519", "/private/etc/master.passwd", "/tmp/x",
                             "/private/var/run/docker.sock", "/usr/bin/osascript"}) {
      EXPECT_FALSE(none.allows(at_file(operation, path))) << operation << " " << path;
    }
  }
  for (const char* operation :
       {"mach-register", "mach-priv-task-port", "iokit-open", "system-socket", "appleevent-send",
        "user-preference-read", "ipc-posix-shm-read-data", "sysctl-write", "job-creation"}) {
    EXPECT_FALSE(none.allows({.operation = operation})) << operation;
  }
  Attempted service{.operation = "mach-lookup"};
  for (const char* name : {"com.apple.securityd.xpc", "com.apple.pasteboard.1", "com.apple.tccd",
                           "com.apple.coreservices.launchservicesd"}) {
    service.name = name;
    EXPECT_FALSE(none.allows(service)) << name;
  }
}

TEST_F(SeatbeltProfileTest, ProcessesStartAndSeeNobodyElse) {
  const SeatbeltEvaluator none = read_back(capabilities_);
  EXPECT_TRUE(none.allows({.operation = "process-fork"}));
  EXPECT_TRUE(none.allows({.operation = "sysctl-read"}));
  Attempted signal{.operation = "signal"};
  EXPECT_FALSE(none.allows(signal));
  signal.target = "same-sandbox";
  EXPECT_TRUE(none.allows(signal));
}

TEST_F(SeatbeltProfileTest, PathsAreResolvedEverywhere) {
  EXPECT_TRUE(allows(at_file("file-read-metadata", "/Users/u/project", "DIRECTORY")));
  EXPECT_FALSE(allows(at_file("file-read-data", "/Users/u/project", "DIRECTORY")));
}

TEST_F(SeatbeltProfileTest, EachRightIsItsOwn) {
  struct Row {
    Access access;
    const char* operation;
    bool allowed;
  };
  const Row rows[] = {
      {Access::read(), "file-read-data", true},
      {Access::read(), "file-read-xattr", true},
      {Access::read(), "file-write-data", false},
      {Access::read(), "process-exec", false},
      {Access::read(), "file-map-executable", false},
      {Access::write(), "file-read-data", false},
      {Access::write(), "file-write-data", true},
      {Access::write(), "file-write-create", true},
      {Access::write(), "file-write-unlink", true},
      {Access::write(), "file-write-mode", true},
      {Access::write(), "process-exec", false},
      {Access::execute(), "process-exec", false},
      {Access::execute(), "file-read-data", false},
      {Access::read() | Access::execute(), "process-exec", true},
      {Access::read() | Access::execute(), "file-map-executable", true},
      {Access::read() | Access::execute(), "file-write-data", false},
  };
  for (const Row& row : rows) {
    CapabilitySet one;
    ASSERT_TRUE(one.allow_path(at("work"), row.access, "test"));
    EXPECT_EQ(read_back(one).allows(at_file(row.operation, at("work/x"))), row.allowed)
        << row.access.text() << " " << row.operation;
  }
}

TEST_F(SeatbeltProfileTest, AFileIsWrittenAndItsNameIsNot) {
  grant(at("work/file"), Access::read() | Access::write());
  EXPECT_TRUE(allows(at_file("file-write-data", at("work/file"))));
  EXPECT_FALSE(allows(at_file("network-outbound", at("work/file"))));
  EXPECT_FALSE(allows(at_file("file-write-unlink", at("work/file"))));
  EXPECT_FALSE(allows(at_file("file-write-create", at("work/file"))));
  EXPECT_FALSE(allows(at_file("file-write-data", at("work/file/x"))));
}

TEST_F(SeatbeltProfileTest, SocketsBeneathADirectoryAreNotConnectedTo) {
  grant(at("work"), kAll);
  EXPECT_FALSE(allows(at_file("network-outbound", at("work/agent.sock"), "SOCKET")));
}

TEST_F(SeatbeltProfileTest, AGrantedSocketIsConnectedToAndNothingElse) {
  grant(at("work/file"), Access::connect());
  EXPECT_TRUE(allows(at_file("network-outbound", at("work/file"), "SOCKET")));
  EXPECT_FALSE(allows(at_file("network-outbound", at("work/other"), "SOCKET")));
  EXPECT_FALSE(allows(at_file("file-read-data", at("work/file"), "SOCKET")));
  EXPECT_FALSE(allows(at_file("file-write-data", at("work/file"), "SOCKET")));
}

TEST_F(SeatbeltProfileTest, AGrantOfTmpIsOneOfItsOtherName) {
  grant(at("work"), kAll);
  EXPECT_TRUE(allows(at_file("file-write-data", "/private" + at("work/file"))));
  EXPECT_FALSE(allows(at_file("file-write-unlink", "/private" + at("work"), "DIRECTORY")));
}

TEST_F(SeatbeltProfileTest, DevicesHaveTheirIoctls) {
  grant("/dev/null", Access::read());
  grant(at("work"), kAll);
  EXPECT_TRUE(allows(at_file("file-ioctl", "/dev/null", "CHARACTER-DEVICE")));
  EXPECT_FALSE(allows(at_file("file-ioctl", "/dev/zero", "CHARACTER-DEVICE")));
  EXPECT_FALSE(allows(at_file("file-ioctl", at("work/file"))));
}

Attempted socket_to(std::string operation, std::string protocol, int port) {
  Attempted out;
  out.direction = operation == "network-outbound" ? "remote" : "local";
  out.operation = std::move(operation);
  out.protocol = std::move(protocol);
  out.port = port;
  return out;
}

TEST_F(SeatbeltProfileTest, TheNetworkIsBlockedByPortsOrOpen) {
  struct Row {
    const char* operation;
    const char* protocol;
    int port;
    bool by_ports;
  };
  const Row rows[] = {
      {"network-outbound", "tcp", 443, true}, {"network-outbound", "tcp", 80, false},
      {"network-outbound", "udp", 53, false}, {"network-outbound", "udp", 443, false},
      {"network-inbound", "tcp", 8080, true}, {"network-bind", "tcp", 8080, true},
      {"network-bind", "tcp", 443, false},    {"network-inbound", "udp", 8080, false},
      {"network-outbound", "tcp", 44, false}, {"network-outbound", "tcp", 4430, false},
  };
  CapabilitySet ports;
  ports.allow_ports({{443}, {8080}});
  CapabilitySet open;
  open.allow_all_network(NoNetworkFilter::i_accept_exfiltration_risk());
  for (const Row& row : rows) {
    const Attempted attempted = socket_to(row.operation, row.protocol, row.port);
    EXPECT_FALSE(read_back(capabilities_).allows(attempted)) << row.operation << row.port;
    EXPECT_EQ(read_back(ports).allows(attempted), row.by_ports) << row.operation << row.port;
    EXPECT_TRUE(read_back(open).allows(attempted)) << row.operation << row.port;
  }
  const Attempted resolver =
      at_file("network-outbound", "/private/var/run/mDNSResponder", "SOCKET");
  const Attempted docker = at_file("network-outbound", "/private/var/run/docker.sock", "SOCKET");
  EXPECT_TRUE(read_back(open).allows(resolver));
  EXPECT_FALSE(read_back(ports).allows(resolver)) << "a way out for data";
  EXPECT_FALSE(read_back(open).allows(docker));
}

TEST_F(SeatbeltProfileTest, AHostThatWasNamedStaysClosed) {
  NetworkPorts ports;
  ports.connect = {443};
  ports.destinations.emplace_back();
  CapabilitySet one;
  one.allow_ports(ports);
  EXPECT_TRUE(read_back(one).allows(socket_to("network-outbound", "tcp", 443)));
  EXPECT_FALSE(read_back(one).allows(socket_to("network-outbound", "tcp", 22)));
}

TEST_F(SeatbeltProfileTest, AGuardedNameIsReadOnlyWhereItWasAdmitted) {
  grant(at("work"), kAll);
  SeatbeltRules rules;
  rules.guarded = {{.regex = "/CLAUDE\\.md(\\.bundle)?$", .but_bundles = true}};
  rules.admitted = {at("work/CLAUDE.md"), "/elsewhere/CLAUDE.md"};
  rules.not_admitted = {at("work/notes.txt")};
  EXPECT_TRUE(allows(at_file("file-read-data", at("work/CLAUDE.md")), rules));
  EXPECT_FALSE(allows(at_file("file-read-data", at("work/sub/CLAUDE.md")), rules));
  EXPECT_FALSE(allows(at_file("file-map-executable", at("work/sub/CLAUDE.md")), rules));
  EXPECT_FALSE(allows(at_file("file-read-data", at("work/sub/CLAUDE.md"), "FIFO"), rules));
  EXPECT_TRUE(allows(at_file("file-read-data", at("work/CLAUDE.md"), "DIRECTORY"), rules));
  EXPECT_TRUE(allows(at_file("file-read-data", at("work/sub/CLAUDE.md.bundle")), rules));
  EXPECT_FALSE(allows(at_file("file-read-data", at("work/notes.txt")), rules));
  EXPECT_FALSE(allows(at_file("file-read-data", "/private" + at("work/notes.txt")), rules));
  EXPECT_FALSE(allows(at_file("file-read-data", "/elsewhere/CLAUDE.md"), rules))
      << "a verdict is no grant";
}

TEST_F(SeatbeltProfileTest, InstructionsAreWrittenOnlyWhereDraftsMayBe) {
  grant(at("work"), kAll);
  SeatbeltRules rules;
  rules.guarded = {{.regex = "/CLAUDE\\.md(\\.bundle)?$", .but_bundles = true, .instructs = true},
                   {.regex = "/\\.envrc-like$"}};
  for (const char* operation : {"file-write-data", "file-write-create", "file-write-unlink"}) {
    const auto writes = [&](const char* path, const char* type = "REGULAR-FILE") {
      return allows(at_file(operation, at(path), type), rules);
    };
    rules.drafts = false;
    EXPECT_FALSE(writes("work/CLAUDE.md")) << operation;
    EXPECT_FALSE(writes("work/sub/CLAUDE.md", "SYMLINK")) << operation;
    EXPECT_TRUE(writes("work/CLAUDE.md", "DIRECTORY")) << operation;
    EXPECT_TRUE(writes("work/CLAUDE.md.bundle")) << operation;
    EXPECT_TRUE(writes("work/node_modules/x/CLAUDE.md")) << operation;
    EXPECT_TRUE(writes("work/.envrc-like")) << "of another class";
    rules.drafts = true;
    EXPECT_TRUE(writes("work/CLAUDE.md")) << operation;
  }
}

TEST_F(SeatbeltProfileTest, WhatWasNotAdmittedStaysClosedWhateverElseIsSaid) {
  grant(at("work"), kAll);
  SeatbeltRules rules;
  rules.admitted = {at("work/x")};
  rules.not_admitted = {at("work/x")};
  EXPECT_FALSE(allows(at_file("file-read-data", at("work/x")), rules));
}

TEST_F(SeatbeltProfileTest, VerifiedFilesDoNotChangeNorDoTheirDirectoriesMove) {
  grant(at("work"), kAll);
  SeatbeltRules rules;
  rules.unchangeable = {at("work/sub/CLAUDE.md")};
  for (const char* operation :
       {"file-write-data", "file-write-unlink", "file-write-create", "file-write-mode"}) {
    EXPECT_FALSE(allows(at_file(operation, at("work/sub/CLAUDE.md")), rules)) << operation;
    EXPECT_TRUE(allows(at_file(operation, at("work/sub/other")), rules)) << operation;
  }
  EXPECT_FALSE(allows(at_file("file-write-unlink", at("work/sub"), "DIRECTORY"), rules));
  EXPECT_TRUE(allows(at_file("file-write-create", at("work/sub/new")), rules));
}

// A path of random components, many of them of the table.
std::string random_path(std::mt19937& random, const std::vector<std::string>& words,
                        std::span<const HomePlace> homes) {
  const std::size_t place = random() % (homes.size() * 2);
  std::string path(place < homes.size() ? homes[place].path : "/work");
  for (std::size_t left = random() % 5 + 1; left > 0; --left) {
    path += "/" + words[random() % words.size()];
  }
  return path;
}

std::vector<std::string> words_of_table() {
  std::vector<std::string> words = {"x",   "node_modules",  "site-packages", "Node_modules",
                                    ".gi", "x.config.toml", "X.Config.tomL", ".config.toml"};
  for (const ProtectedName& name : protected_names()) {
    std::string_view rest = name.pattern;
    while (!rest.empty()) {
      const std::size_t slash = std::min(rest.find('/'), rest.size());
      if (rest[0] != '~' && rest[0] != '*') {
        words.emplace_back(rest.substr(0, slash));
        std::string upper = words.back();
        upper[upper.size() / 2] =
            static_cast<char>(std::toupper(static_cast<unsigned char>(upper[upper.size() / 2])));
        words.push_back(upper);
      }
      rest.remove_prefix(std::min(slash + 1, rest.size()));
    }
  }
  return words;
}

// beneath_modules: where the text is stricter than the broker.
bool beneath_modules(std::string path) {
  std::ranges::transform(path, path.begin(), [](unsigned char c) { return std::tolower(c); });
  return path.contains("/.git/modules/");
}

TEST_F(SeatbeltProfileTest, WriteDenyNamesAreThoseOfTheBroker) {
  CapabilitySet everything;
  ASSERT_TRUE(everything.allow_path("/", kAll, "test"));
  SeatbeltRules rules;
  rules.homes = {
      {.path = "/Users/u (1)"},
      {.path = "/Users/v"},
      {.path = "/cfg", .stands_for = ".config/"},
      {.path = "/work/x/.config", .stands_for = ".claude/"},
      {.path = "/work/.bashrc/x", .stands_for = ".profile"},
      {.path = "/Users/v/x/hooks", .stands_for = ".config/git/"},
      {.path = "/work/nothing", .stands_for = ".nothing"},
  };
  const SeatbeltEvaluator text = read_back(everything, rules);
  const std::vector<std::string> words = words_of_table();
  std::mt19937 random(20261121);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::string path = random_path(random, words, rules.homes);
    if (beneath_modules(path)) {
      EXPECT_FALSE(text.allows(at_file("file-write-data", path))) << path;
      EXPECT_FALSE(text.allows(at_file("file-write-unlink", path))) << path;
      EXPECT_FALSE(text.allows(at_file("file-write-create", path, "DIRECTORY"))) << path;
      ++refused;
      continue;
    }
    const ProtectedMatch match = protection_of(path, rules.homes);
    const bool changed = !refuses_name(match, path, 0);
    refused += changed ? 0 : 1;
    EXPECT_EQ(text.allows(at_file("file-write-data", path)), changed) << path;
    EXPECT_EQ(text.allows(at_file("file-write-unlink", path)), changed) << path;
    EXPECT_EQ(text.allows(at_file("file-write-create", path, "DIRECTORY")),
              !refuses_name(match, path, S_IFDIR))
        << path;
    EXPECT_EQ(text.allows(at_file("file-write-create", path, "SYMLINK")),
              !refuses_name(match, path, S_IFLNK))
        << path;
    // The broker lets a file be made that is called .git, exactly so and wherever it lies: the text
    // goes by the row, and folds.
    const bool gitfile =
        path.size() > 4 && strcasecmp(path.c_str() + path.size() - 5, "/.git") == 0;
    EXPECT_TRUE(gitfile || text.allows(at_file("file-write-create", path)) ==
                               !refuses_name(match, path, S_IFREG))
        << path;
    EXPECT_TRUE(text.allows(at_file("file-read-data", path))) << path;
  }
  EXPECT_GT(refused, 2000) << "the paths do not meet the table";
}

TEST_F(SeatbeltProfileTest, AGitfileIsMadeWhereNoneIsAndNeverALink) {
  grant(at("work"), kAll);
  EXPECT_TRUE(allows(at_file("file-write-create", at("work/tree/.git"))));
  EXPECT_TRUE(allows(at_file("file-write-create", at("work/tree/.git"), "DIRECTORY")));
  EXPECT_FALSE(allows(at_file("file-write-create", at("work/tree/.git"), "SYMLINK")));
  EXPECT_FALSE(allows(at_file("file-write-data", at("work/tree/.git"))));
  EXPECT_FALSE(allows(at_file("file-write-unlink", at("work/tree/.git"))));
}

TEST_F(SeatbeltProfileTest, NoHomeMeansNoRuleOfAHome) {
  grant(at("work"), kAll);
  EXPECT_TRUE(allows(at_file("file-write-data", at("work/.bashrc"))));
  EXPECT_FALSE(allows(at_file("file-write-data", at("work/.git/config"))));
}

TEST_F(SeatbeltProfileTest, TheRootDirectoryMayBeAHome) {
  CapabilitySet everything;
  ASSERT_TRUE(everything.allow_path("/", kAll, "test"));
  SeatbeltRules rules;
  rules.homes = {{.path = "/"}};
  const SeatbeltEvaluator text = read_back(everything, rules);
  EXPECT_FALSE(text.allows(at_file("file-write-data", "/.bashrc")));
  EXPECT_TRUE(text.allows(at_file("file-write-data", "/x/.bashrc")));
}

TEST_F(SeatbeltProfileTest, OriginsCannotLeaveTheirComment) {
  ASSERT_TRUE(capabilities_.allow_path(at("work"), Access::read(),
                                       "--read x\n(allow default)\n(allow file-write*)"));
  EXPECT_FALSE(allows(at_file("file-write-data", "/anything")));
}

}  // namespace
}  // namespace nono::sandbox::testing
