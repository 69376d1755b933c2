// tests/sandbox/served_copies_test.cc: which paths name a descriptor of the caller's own.
#include "sandbox/served_copies.h"

#include <gtest/gtest.h>

namespace nono::sandbox {
namespace {

TEST(ServedCopiesTest, APathOfOnesOwnDescriptorIsTold) {
  constexpr pid_t kPid = 42;
  for (const char* path :
       {"/proc/self/fd/7", "/proc/thread-self/fd/7", "/proc/42/fd/7", "/dev/fd/7"}) {
    EXPECT_EQ(own_descriptor(path, kPid), 7) << path;
  }
  for (const char* path :
       {"", "7", "/proc/self/fd/", "/proc/self/fd/-7", "/proc/self/fd/+7", "/proc/self/fd/7/",
        "/proc/self/fd/7x", "/proc/self/fd/07", "/dev/fd/00", "/proc/self/fd/99999999999",
        "/proc/43/fd/7", "/proc/4/fd/7", "/proc/self/fdinfo/7", "proc/self/fd/7",
        "/x/proc/self/fd/7", "/proc/self/cwd"}) {
    EXPECT_LT(own_descriptor(path, kPid), 0) << path;
  }
}

}  // namespace
}  // namespace nono::sandbox
