// tests/base/mountinfo_test.cc
#include "base/mountinfo.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace nono {
namespace {

using Fields = std::vector<std::string_view>;

Fields fields_of(const MountLine& line) {
  return {line.id, line.parent, line.device, line.root, line.point, line.type, line.options};
}

TEST(MountinfoTest, EveryFieldIsToldWhateverStandsBetween) {
  const auto lines = mount_lines(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime - ext3 /dev/root rw,errors=continue\n"
      "37 36 0:5 / /a\\040b ro shared:1 master:2 - fuse.x  rw,user_id=0\n"
      "38 36 0:6 / /x- rw- - nfs4 host:/- rw");
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(fields_of(lines[0]),
            Fields({"36", "35", "98:0", "/mnt1", "/mnt2", "ext3", "rw,errors=continue"}));
  EXPECT_EQ(fields_of(lines[1]),
            Fields({"37", "36", "0:5", "/", "/a\\040b", "fuse.x", "rw,user_id=0"}));
  EXPECT_EQ(fields_of(lines[2]), Fields({"38", "36", "0:6", "/", "/x-", "nfs4", "rw"}));
}

TEST(MountinfoTest, ALineThatIsCutIsNone) {
  for (const char* line : {"", "\n", "36", "36 35 98:0 / /mnt rw", "36 35 98:0 / /mnt rw shared:1",
                           "36 35 98:0 / /mnt rw -", "36 35 98:0 / /mnt rw - "}) {
    EXPECT_TRUE(mount_lines(line).empty()) << line;
  }
}

TEST(MountinfoTest, EscapesAreUndone) {
  EXPECT_EQ(mount_field("/a\\040b\\134c\\011"), "/a b\\c\t");
  EXPECT_EQ(mount_field("/a\\04"), "/a\\04");
}

TEST(MountinfoTest, TheOwnTableHasTheRootInIt) {
  const auto table = read_mountinfo();
  ASSERT_TRUE(table.has_value()) << table.error().message();
  EXPECT_GT(std::ranges::count(mount_lines(*table), "/", &MountLine::point), 0);
}

}  // namespace
}  // namespace nono
