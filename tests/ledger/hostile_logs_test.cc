// tests/ledger/hostile_logs_test.cc: logs in upstream's format, whole and damaged. None is ours:
// each must be refused at its first line, quickly, whatever else is wrong with it.
#include <dirent.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ledger/audit_line.h"
#include "ledger/audit_log.h"
#include "ledger/audit_reader.h"
#include "recorded_session.h"

namespace nono::ledger {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

std::vector<std::string> hostile_logs() {
  const std::string where = std::string(NONO_SHARED_DIR) + "/fixtures/hostile/audit";
  std::vector<std::string> paths;
  const std::unique_ptr<DIR, CloseDirectory> listing(::opendir(where.c_str()));
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    if (entry->d_name[0] != '.') {
      paths.push_back(where + "/" + entry->d_name);
    }
  }
  return paths;
}

TEST(HostileLogsTest, ForeignLogsAreBrokenAtTheirFirstLine) {
  const std::vector<std::string> paths = hostile_logs();
  if (paths.empty()) {
    GTEST_SKIP() << "the collection of hostile inputs is not on this machine";
  }
  const AuditDirectory directory;
  directory.record(1);
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    directory.put(kEventsFile, slurp(path));
    const auto verification = verify_session(directory.path(), kSession);
    ASSERT_TRUE(verification) << verification.error().message();
    EXPECT_EQ(verification->state, LogState::Broken);
    EXPECT_EQ(verification->good_lines, 0U);
    EXPECT_TRUE(list_sessions(directory.path()));
  }
}

TEST(HostileLogsTest, NoForeignLineIsALineOfOurs) {
  const std::vector<std::string> paths = hostile_logs();
  if (paths.empty()) {
    GTEST_SKIP() << "the collection of hostile inputs is not on this machine";
  }
  for (const std::string& path : paths) {
    for (const std::string& line : split_lines(slurp(path))) {
      EXPECT_FALSE(parse_audit_line(line)) << path;
    }
  }
}

}  // namespace
}  // namespace nono::ledger
