// tests/sandbox/seatbelt_agreement_test.cc: random trees and grants, enforced by this kernel's
// Landlock and read from the text: both must say the same of every attempt.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <random>

#include "sandbox/kernel_abi.h"
#include "sandbox/landlock.h"
#include "tests/sandbox/children.h"
#include "tests/sandbox/seatbelt_support.h"
#include "tests/sandbox/temporary_tree.h"

namespace nono::sandbox::testing {
namespace {

enum class What : unsigned char { Read, List, Write, Execute, Create, MakeDirectory, Remove };

struct Attempt {
  What what;
  std::string path;
  bool directory = false;
};

// Nothing that is executed here is a program: permission is decided before that is found out.
bool done(const Attempt& attempt) {
  const char* const path = attempt.path.c_str();
  const auto opens = [path](int flags) {
    return OwnedFd(::open(path, flags | O_CLOEXEC, 0700)).valid();
  };
  std::array<char*, 1> nothing{nullptr};
  switch (attempt.what) {
    case What::Read:
      return opens(O_RDONLY);
    case What::List:
      return opens(O_RDONLY | O_DIRECTORY);
    case What::Write:
      return opens(O_WRONLY);
    case What::Execute:
      ::execve(path, nothing.data(), nothing.data());
      return errno == ENOEXEC;
    case What::Create:
      return opens(O_WRONLY | O_CREAT | O_EXCL);
    case What::MakeDirectory:
      return ::mkdir(path, 0700) == 0;
    case What::Remove:
      return (attempt.directory ? ::rmdir(path) : ::unlink(path)) == 0;
  }
  return false;
}

Attempted in_text(const Attempt& attempt) {
  static constexpr std::array kOperations = {
      "file-read-data",    "file-read-data",    "file-write-data",  "process-exec",
      "file-write-create", "file-write-create", "file-write-unlink"};
  const bool directory = attempt.directory || attempt.what == What::MakeDirectory;
  return at_file(kOperations[static_cast<std::size_t>(attempt.what)], attempt.path,
                 directory ? "DIRECTORY" : "REGULAR-FILE");
}

class World {
 public:
  explicit World(std::mt19937& random) : random_(random) {
    directories_.emplace_back();
    for (int count = 0; count < 5; ++count) {
      const std::string name = pick(directories_) + "/" + kAwkward[random_() % std::size(kAwkward)];
      if (::mkdir(at(name).c_str(), 0700) == 0) {
        directories_.push_back(name);
      }
    }
    for (const std::string& directory : directories_) {
      fill(directory);
    }
  }

  // attempts come in an order in which none spoils another.
  std::vector<Attempt> attempts() const {
    std::vector<Attempt> out;
    for (const std::string& directory : directories_) {
      const std::string here = at(directory);
      out.push_back({What::List, here, true});
      out.push_back({What::Read, here + "/file"});
      out.push_back({What::Write, here + "/file"});
      out.push_back({What::Execute, here + "/file"});
      out.push_back({What::Create, here + "/new"});
      out.push_back({What::MakeDirectory, here + "/newer"});
      out.push_back({What::Remove, here + "/gone"});
      out.push_back({What::Remove, here + "/empty", true});
    }
    return out;
  }

  CapabilitySet grants() {
    CapabilitySet out;
    for (std::size_t left = random_() % 4 + 1; left > 0; --left) {
      const std::string path = pick(directories_) + kInside[random_() % kInside.size()];
      Access access = Access::none();
      for (const Access one : {Access::read(), Access::write(), Access::execute()}) {
        access = random_() % 2 == 0 ? access | one : access;
      }
      if (access != Access::none()) {
        EXPECT_TRUE(out.allow_path(at(path), access, "test"));
      }
    }
    return out;
  }

 private:
  std::string at(const std::string& relative) const { return tree_.path("") + relative; }
  static constexpr std::array kInside = {"", "", "", "/file", "/gone", "/empty"};
  const std::string& pick(const std::vector<std::string>& names) {
    return names[random_() % names.size()];
  }
  void fill(const std::string& directory) const {
    const std::string relative = directory.empty() ? directory : directory.substr(1) + "/";
    tree_.file(relative + "file", "not a program\n", 0700);
    tree_.file(relative + "gone", "", 0700);
    tree_.directory(relative + "empty");
  }

  std::mt19937& random_;
  TemporaryTree tree_;
  std::vector<std::string> directories_;  // relative, "" or with a leading slash
};

// enforced says what the kernel let a confined child do, attempt by attempt.
std::vector<bool> enforced(const CapabilitySet& grants, const HostFeatures& features,
                           const std::vector<Attempt>& attempts) {
  void* const shared =
      ::mmap(nullptr, attempts.size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  EXPECT_NE(shared, MAP_FAILED);
  auto* const answers = static_cast<unsigned char*>(shared);
  const auto ruleset = make_ruleset(grants, features);
  EXPECT_TRUE(ruleset);
  EXPECT_EQ(in_child([&] {
              ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              if (::syscall(abi::kSysLandlockRestrictSelf, BorrowedFd(*ruleset).raw(), 0) != 0) {
                return 1;
              }
              for (std::size_t i = 0; i < attempts.size(); ++i) {
                answers[i] = done(attempts[i]) ? 1 : 0;
              }
              return 0;
            }),
            0);
  std::vector<bool> out(answers, answers + attempts.size());
  ::munmap(shared, attempts.size());
  return out;
}

TEST(SeatbeltAgreementTest, TheTextDecidesAsLandlockDoes) {
  const HostFeatures features = probe({}, ProbeDepth::Quick);
  if (features.landlock_abi < 2) {
    GTEST_SKIP() << "no Landlock with REFER here";
  }
  std::mt19937 random(7);
  int allowed = 0;
  int denied = 0;
  for (int round = 0; round < 80; ++round) {
    World world(random);
    const CapabilitySet grants = world.grants();
    const std::vector<Attempt> attempts = world.attempts();
    const std::vector<bool> kernel = enforced(grants, features, attempts);
    const SeatbeltEvaluator text = read_back(grants);
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      Attempted asked = in_text(attempts[i]);
      EXPECT_EQ(text.allows(asked), kernel[i]) << asked.operation << " " << asked.path;
      asked.path.insert(0, "/private");
      EXPECT_EQ(text.allows(asked), kernel[i]) << asked.operation << " " << asked.path;
      (kernel[i] ? allowed : denied) += 1;
    }
    ASSERT_FALSE(::testing::Test::HasFailure());
  }
  EXPECT_GT(allowed, 300) << "too few grants to prove anything";
  EXPECT_GT(denied, 300);
}

}  // namespace
}  // namespace nono::sandbox::testing
