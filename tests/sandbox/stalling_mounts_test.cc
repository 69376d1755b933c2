#include "sandbox/stalling_mounts.h"

#include <gtest/gtest.h>
#include <sys/sysmacros.h>

#include <array>
#include <string>

namespace nono::sandbox {
namespace {

constexpr const char* kTable =
    "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "22 21 0:5 / /proc rw,nosuid - proc proc rw\n"
    "30 21 0:40 / /home/u/remote rw,nosuid shared:7 master:2 - fuse.sshfs u@h:/ rw,user_id=1000\n"
    "31 21 0:41 /a /mnt/with\\040blank rw - nfs4 server:/a rw,addr=192.0.2.1\n"
    "32 21 0:42 / /mnt/local rw - tmpfs tmpfs rw\n"
    "33 21 0:43 / /mnt/over rw - overlay overlay "
    "rw,lowerdir=/usr:/mnt/with\\040blank/l,upperdir=/x\n"
    "34 21 0:44 / /mnt/plain-over rw - overlay overlay rw,lowerdir=/usr:/mnt/local,upperdir=/x\n"
    "36 21 0:46 / /mnt/by-one rw - overlay overlay "
    "rw,lowerdir+=/usr,lowerdir+=/mnt/with\\040blank/a:b,datadir+=/usr\n"
    "37 21 0:47 / /mnt/data rw - overlay overlay "
    "rw,lowerdir+=/usr,datadir+=/home/u/remote\n"
    "38 21 0:48 / /mnt/plain-by-one rw - overlay overlay "
    "rw,lowerdir+=/usr:/home/u/remote,lowerdir+=/mnt/local,dirs=/home/u/remote,nodir\n"
    "35 21 0:45 / /sys/fs/fuse/connections rw - fusectl fusectl rw\n";

bool everything(const std::string& /*point*/) {
  return true;
}

bool nothing(const std::string& /*point*/) {
  return false;
}

TEST(StallingMountsTest, TypesThatAServerAnswersForMayStall) {
  for (const char* type : {"fuse", "fuseblk", "fuse.sshfs", "nfs", "nfs4", "cifs", "smb3", "9p",
                           "afs", "ceph", "lustre", "autofs"}) {
    EXPECT_TRUE(may_stall(type)) << type;
  }
  for (const char* type :
       {"ext4", "tmpfs", "proc", "fusectl", "overlay", "btrfs", "nfsd", "virtiofs", ""}) {
    EXPECT_FALSE(may_stall(type)) << type;
  }
}

TEST(StallingMountsTest, APathIsOnTheFirstSuchMountOfItsWalk) {
  const auto mounts = StallingMounts::from_table(kTable, everything);
  struct Row {
    const char* path;
    const char* point;  // null: on none
  };
  constexpr auto kRows = std::to_array<Row>({
      {"/home/u/remote", "/home/u/remote"},
      {"/home/u/remote/a/b", "/home/u/remote"},
      {"/home/u/remotely", nullptr},
      {"/home/u", nullptr},
      {"/", nullptr},
      {"/mnt/with blank/x", "/mnt/with blank"},
      {"/mnt/with\\040blank", nullptr},
      {"/mnt/local/x", nullptr},
      {"/mnt/over/x", "/mnt/over"},
      {"/mnt/plain-over/x", nullptr},
      {"/mnt/by-one/x", "/mnt/by-one"},
      {"/mnt/data/x", "/mnt/data"},
      {"/mnt/plain-by-one/x", nullptr},
      {"pipe:[1]", nullptr},
      {"", nullptr},
  });
  for (const Row& row : kRows) {
    const auto* found = mounts.at(row.path);
    EXPECT_EQ(found != nullptr ? found->point : "", row.point != nullptr ? row.point : "")
        << row.path;
  }
}

TEST(StallingMountsTest, DirectoriesThatHoldOneAreKnown) {
  const auto mounts = StallingMounts::from_table(kTable, everything);
  for (const char* above : {"/", "/home", "/home/u", "/home/u/remote", "/mnt"}) {
    EXPECT_TRUE(mounts.beneath(above)) << above;
  }
  for (const char* beside : {"/home/u/remote/a", "/home/u/rem", "/mnt/local", "/usr"}) {
    EXPECT_FALSE(mounts.beneath(beside)) << beside;
  }
}

TEST(StallingMountsTest, DevicesAreKnown) {
  const auto mounts = StallingMounts::from_table(kTable, everything);
  ASSERT_NE(mounts.of_device(makedev(0, 41)), nullptr);
  EXPECT_EQ(mounts.of_device(makedev(0, 41))->point, "/mnt/with blank");
  EXPECT_EQ(mounts.of_device(makedev(0, 42)), nullptr);
}

TEST(StallingMountsTest, ReachIsAskedOfTheMountPoint) {
  EXPECT_TRUE(StallingMounts::from_table(kTable, everything).any_in_reach());
  const auto far = StallingMounts::from_table(kTable, nothing);
  EXPECT_FALSE(far.any_in_reach());
  EXPECT_TRUE(far.any());
  EXPECT_TRUE(StallingMounts::from_table(kTable, [](const std::string& point) {
                return point == "/mnt/with blank";
              }).any_in_reach());
}

TEST(StallingMountsTest, WhereTheRootLiesOnItItDoesNotCount) {
  const auto mounts = StallingMounts::from_table(
      "21 1 0:30 / / rw - nfs4 root rw\n"
      "22 21 0:30 /home /home rw - nfs4 root rw\n"
      "23 21 0:31 / /mnt rw - nfs4 other rw\n",
      everything);
  EXPECT_EQ(mounts.at("/home/u"), nullptr);
  EXPECT_NE(mounts.at("/mnt/u"), nullptr);
}

TEST(StallingMountsTest, LinesThatAreNoneAreLeftOut) {
  for (const char* line : {"", "\n", "30", "30 21 0:40 / /x rw", "30 21 x:40 / /x rw - fuse s rw",
                           "30 21 0 / /x rw - fuse s rw", "30 21 0:40 / x rw - fuse s rw",
                           "30 21 0:40 / /x rw fuse s rw", "30 21 0:40 / /x rw - "}) {
    EXPECT_FALSE(StallingMounts::from_table(line, everything).any()) << line;
  }
  EXPECT_TRUE(StallingMounts::from_table("30 21 0:40 / /x rw - fuse s rw", everything).any());
}

}  // namespace
}  // namespace nono::sandbox
