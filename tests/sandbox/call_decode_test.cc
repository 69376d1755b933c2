#include "sandbox/call_decode.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace nono::sandbox {
namespace {

constexpr std::uint64_t kHighGarbage = 0xdeadbeef00000000ULL;

TEST(CallDecodeTest, OpenatTakesTheLowHalfOfItsIntegers) {
  const OpenCall open =
      decode_open(__NR_openat, {kHighGarbage | 5, 0x1000, kHighGarbage | O_RDWR | O_CREAT, 0640});
  EXPECT_EQ(open.path.dirfd, 5);
  EXPECT_EQ(open.path.address, 0x1000U);
  EXPECT_EQ(open.flags, O_RDWR | O_CREAT);
  EXPECT_EQ(open.mode, 0640U);
}

TEST(CallDecodeTest, NegativeDirectoryDescriptorIsTheWorkingDirectory) {
  EXPECT_EQ(decode_open(__NR_openat, {0xffffff9cULL, 1, 0, 0}).path.dirfd, AT_FDCWD);
}

TEST(CallDecodeTest, Renameat2HasFlagsAndRenameatHasNone) {
  EXPECT_EQ(decode_rename(__NR_renameat2, {3, 1, 4, 2, 7}).flags, 7U);
#ifdef __NR_renameat
  EXPECT_EQ(decode_rename(__NR_renameat, {3, 1, 4, 2, 7}).flags, 0U);
#endif
}

TEST(CallDecodeTest, SymlinkatNamesTheNewPlaceSecond) {
  const TwoPathCall call = decode_symlink(__NR_symlinkat, {0x10, 6, 0x20});
  EXPECT_EQ(call.from.address, 0x10U);
  EXPECT_EQ(call.to.dirfd, 6);
  EXPECT_EQ(call.to.address, 0x20U);
}

TEST(CallDecodeTest, MkdiratMakesADirectoryWhateverTheModeSays) {
  const MakeCall call = decode_make(__NR_mkdirat, {3, 1, S_IFCHR | 0755});
  EXPECT_EQ(call.mode & S_IFMT, static_cast<mode_t>(S_IFDIR));
}

TEST(CallDecodeTest, MknodatKeepsTypeAndDevice) {
  const MakeCall call = decode_make(__NR_mknodat, {3, 1, S_IFIFO | 0600, 9});
  EXPECT_EQ(call.mode, static_cast<mode_t>(S_IFIFO | 0600));
  EXPECT_EQ(call.device, 9U);
}

TEST(CallDecodeTest, DescriptorCallsHaveNoPath) {
  for (const int number : {__NR_fchmod, __NR_fchown, __NR_fsetxattr, __NR_fremovexattr}) {
    const MetadataCall call = decode_metadata(number, {8, 0x1234, 0, 0, 0});
    EXPECT_EQ(call.path.dirfd, 8) << number;
    EXPECT_EQ(call.path.address, 0U) << number;
  }
}

TEST(CallDecodeTest, LinkCallsKeepTheLastLink) {
  EXPECT_EQ(decode_metadata(__NR_lsetxattr, {1}).flags, AT_SYMLINK_NOFOLLOW);
  EXPECT_EQ(decode_metadata(__NR_fchownat, {3, 1, 0, 0, AT_SYMLINK_NOFOLLOW}).flags,
            AT_SYMLINK_NOFOLLOW);
  EXPECT_EQ(decode_metadata(__NR_setxattr, {1}).flags, 0);
}

TEST(CallDecodeTest, UtimensatWithoutAPathIsTheDescriptor) {
  EXPECT_TRUE(decode_metadata(__NR_utimensat, {4, 0, 0, 0}).by_descriptor);
  EXPECT_FALSE(decode_metadata(__NR_utimensat, {4, 1, 0, 0}).by_descriptor);
  EXPECT_FALSE(decode_metadata(__NR_utimensat, {static_cast<std::uint64_t>(AT_FDCWD), 0, 0, 0})
                   .by_descriptor);
  EXPECT_EQ(decode_metadata(__NR_utimensat, {4, 1, 0, AT_SYMLINK_NOFOLLOW}).flags,
            AT_SYMLINK_NOFOLLOW);
}

#ifdef __NR_open
TEST(CallDecodeTest, OldCallsAreRelativeToTheWorkingDirectory) {
  EXPECT_EQ(decode_open(__NR_open, {0x10, O_RDONLY, 0}).path.dirfd, AT_FDCWD);
  EXPECT_EQ(decode_open(__NR_creat, {0x10, 0644}).flags, O_CREAT | O_WRONLY | O_TRUNC);
  EXPECT_EQ(decode_rename(__NR_rename, {1, 2}).to.dirfd, AT_FDCWD);
  EXPECT_EQ(decode_unlink(__NR_rmdir, {1}).flags, AT_REMOVEDIR);
  EXPECT_EQ(decode_unlink(__NR_unlink, {1}).flags, 0);
  EXPECT_EQ(decode_metadata(__NR_lchown, {1, 2, 3}).flags, AT_SYMLINK_NOFOLLOW);
}
#endif

TEST(CallDecodeTest, ExecveatCarriesItsFlags) {
  int flags = 0;
  EXPECT_EQ(decode_execute(__NR_execveat, {3, 1, 0, 0, AT_EMPTY_PATH}, flags).dirfd, 3);
  EXPECT_EQ(flags, AT_EMPTY_PATH);
}

}  // namespace
}  // namespace nono::sandbox
