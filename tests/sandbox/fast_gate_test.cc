// tests/sandbox/fast_gate_test.cc: the library that is served, its table and its checks of names.
#include "sandbox/fast_gate.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "sandbox/fast_image.h"
#include "sandbox/fast_layout.h"
#include "sandbox/fast_names.h"

namespace nono::sandbox {
namespace {

using trustpolicy::Extent;
using trustpolicy::NameShape;
using trustpolicy::Spelling;

bool asks(const std::vector<NameShape>& shapes, std::string_view name) {
  const std::vector<unsigned char> packed = packed_shapes(shapes);
  return fast::may_be_guarded({name.data(), name.size()}, packed.data(), packed.size());
}

class FastGateTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (fast_library().empty()) {
      GTEST_SKIP() << "there is no fast gate for this architecture";
    }
  }
  static FastGate made(const std::vector<NameShape>& shapes = {}) {
    auto out = FastGate::make(shapes);
    EXPECT_TRUE(out) << out.error().message();
    return *std::move(out);
  }
  // table_of maps what a program of the agent would see: private, read-only, from the served file.
  static const fast::Table* table_of(const FastGate& gate) {
    const OwnedFd file = gate.open_library();
    struct stat status{};
    EXPECT_EQ(::fstat(BorrowedFd(file).raw(), &status), 0);
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, BorrowedFd(file).raw(), 0);
    const auto* bytes = static_cast<const unsigned char*>(at);
    for (std::size_t i = 0; i < size; i += fast::kPageBytes) {
      if (std::memcmp(bytes + i, &fast::kMagic[0], sizeof fast::kMagic) == 0) {
        return reinterpret_cast<const fast::Table*>(bytes + i);
      }
    }
    return nullptr;
  }
};

TEST_F(FastGateTest, TheLibraryLinksNothingThatIsNotEverywhere) {
  const auto library = fast_library();
  const std::string_view bytes(reinterpret_cast<const char*>(library.data()), library.size());
  EXPECT_TRUE(
      bytes.starts_with("\x7f"
                        "ELF"));
  EXPECT_EQ(bytes.find("libc.so"), std::string_view::npos);
  EXPECT_EQ(bytes.find("__stack_chk"), std::string_view::npos);
  EXPECT_EQ(bytes.find("asan"), std::string_view::npos);
  EXPECT_EQ(bytes.find("memcpy"), std::string_view::npos);
}

TEST_F(FastGateTest, NobodyWhoIsServedTheLibraryCanWriteIt) {
  const FastGate gate = made();
  const OwnedFd served = gate.open_library();
  EXPECT_EQ(::write(BorrowedFd(served).raw(), "x", 1), -1);
  const std::string path = "/proc/self/fd/" + std::to_string(BorrowedFd(served).raw());
  const OwnedFd again(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_TRUE(again.valid());
  EXPECT_EQ(::pwrite(BorrowedFd(again).raw(), "x", 1, 0), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::ftruncate(BorrowedFd(again).raw(), 0), -1);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, BorrowedFd(again).raw(), 0),
            MAP_FAILED);
  EXPECT_EQ(::fcntl(BorrowedFd(again).raw(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST_F(FastGateTest, ItCanBeMappedForExecution) {
  const FastGate gate = made();
  const OwnedFd served = gate.open_library();
  void* const at =
      ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, BorrowedFd(served).raw(), 4096);
  ASSERT_NE(at, MAP_FAILED) << errno;
  ::munmap(at, 4096);
}

TEST_F(FastGateTest, ThePageIsChosenAnewAndMatchesTheFilter) {
  const FastGate one = made();
  const FastGate other = made();
  EXPECT_NE(one.return_address(), other.return_address());
  const fast::Table* table = table_of(one);
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->page % fast::kPageBytes, 0);
  EXPECT_GE(table->page, 0x7e8000000000);
  EXPECT_LT(table->page, 0x7f0000000000);
  EXPECT_EQ(one.return_address(), table->page + fast::kReturnOffset);
  EXPECT_EQ(fast::kPageCode[fast::kReturnOffset - 2], 0x0f);
  EXPECT_EQ(fast::kPageCode[fast::kReturnOffset - 1], 0x05);
}

TEST_F(FastGateTest, WhatBecomesKnownShowsInEveryMappingThatIsThere) {
  const FastGate gate = made();
  const fast::Table* table = table_of(gate);
  ASSERT_NE(table, nullptr);
  EXPECT_FALSE(fast::is_known(&table->known[0], 7, 1234));
  gate.make_known(7, 1234);
  EXPECT_TRUE(fast::is_known(&table->known[0], 7, 1234));
  EXPECT_FALSE(fast::is_known(&table->known[0], 8, 1234));
  EXPECT_FALSE(fast::is_known(&table->known[0], 7, 1235));
}

TEST_F(FastGateTest, FewObjectsAreTakenForKnownOnesByMistake) {
  const FastGate gate = made();
  const fast::Table* table = table_of(gate);
  for (ino_t inode = 1; inode <= 5000; ++inode) {
    gate.make_known(64769, inode * 3);
  }
  int mistakes = 0;
  for (ino_t inode = 1; inode <= 5000; ++inode) {
    EXPECT_TRUE(fast::is_known(&table->known[0], 64769, inode * 3));
    mistakes += fast::is_known(&table->known[0], 64769, 1'000'000 + inode) ? 1 : 0;
  }
  EXPECT_LT(mistakes, 20);
}

TEST_F(FastGateTest, ShapesThatDoNotFitMakeEveryNameOneForTheBroker) {
  const std::vector<NameShape> many(
      200, {std::string(100, 'x'), "", Spelling::AsWritten, Extent::Whole});
  EXPECT_TRUE(made(many).opens_everything_strictly());
  EXPECT_TRUE(asks(many, "a.txt"));
  EXPECT_FALSE(made({{"x", "", Spelling::AsWritten, Extent::Whole}}).opens_everything_strictly());
  EXPECT_TRUE(made({{"", "", Spelling::AsWritten, Extent::Ends}}).opens_everything_strictly());
}

TEST_F(FastGateTest, ThePreloadedLibrariesOfOthersComeFirst) {
  const std::string ours(FastGate::kLibrary);
  std::vector<std::string> none = {"A=1"};
  FastGate::preload(none);
  EXPECT_EQ(none, (std::vector<std::string>{"A=1", "LD_PRELOAD=" + ours}));
  std::vector<std::string> some = {"LD_PRELOAD=/x.so:/y.so", "LD_PRELOAD_X=1"};
  FastGate::preload(some);
  EXPECT_EQ(some[0], "LD_PRELOAD=/x.so:/y.so:" + ours);
  EXPECT_EQ(some.size(), 2);
  std::vector<std::string> empty = {"LD_PRELOAD="};
  FastGate::preload(empty);
  EXPECT_EQ(empty[0], "LD_PRELOAD=" + ours);
}

struct Row {
  NameShape shape;
  std::string_view name;
  bool asks;
};

TEST(FastNamesTest, AShapeIsComparedByItsSpellingAndExtent) {
  const NameShape whole{"claude.md", "", Spelling::Folded, Extent::Whole};
  const NameShape written{"Rules", "", Spelling::AsWritten, Extent::Whole};
  const NameShape ends{"settings", ".json", Spelling::Folded, Extent::Ends};
  const NameShape glob{"a", ".txt", Spelling::AsWritten, Extent::Ends};
  for (const Row& row : std::vector<Row>{{whole, "claude.md", true},
                                         {whole, "CLAUDE.md", true},
                                         {whole, "..Claude.MD. ", true},
                                         {whole, "claude.mdx", false},
                                         {whole, "xclaude.md", false},
                                         {written, "Rules", true},
                                         {written, "rules", false},
                                         {written, "Rules ", false},
                                         {ends, "settings.json", true},
                                         {ends, ".SETTINGS.local.JSON", true},
                                         {ends, "settings.jsonc", false},
                                         {ends, "setting.json", false},
                                         {glob, "a.txt", true},
                                         {glob, "abc.txt", true},
                                         {glob, "A.txt", false},
                                         {glob, "abc.txt ", false}}) {
    EXPECT_EQ(asks({row.shape}, row.name), row.asks) << row.name;
  }
}

// The set of endings spares the comparison with shapes, and never what a comparison would find.
TEST(FastNamesTest, TheSetOfEndingsHidesNoShape) {
  const std::vector<std::string> parts = {"",  "a",  "B",   "ab",  "aB", "md",      ".md",
                                          "x", "xy", "MDC", "a.b", " a", "a ",      "..",
                                          "Z", "zz", "z.z", "b.",  "._", "notes.md"};
  std::vector<std::string> names;
  for (const std::string& one : parts) {
    for (const std::string& other : parts) {
      for (const char* third : {"", "a", ".MD", "q"}) {
        names.push_back(one + other + third);
      }
    }
  }
  int found = 0;
  for (const std::string& prefix : parts) {
    for (const std::string& suffix : parts) {
      for (const Extent extent : {Extent::Whole, Extent::Ends}) {
        for (const Spelling spelling : {Spelling::AsWritten, Spelling::Folded}) {
          const NameShape shape{prefix, extent == Extent::Whole ? "" : suffix, spelling, extent};
          std::vector<unsigned char> packed = packed_shapes(std::span(&shape, 1));
          std::vector<unsigned char> all = packed;
          std::fill_n(all.begin(), fast::kEndsBytes, 0xff);
          for (const std::string& name : names) {
            const fast::Text text{name.data(), name.size()};
            const bool expected = fast::may_be_guarded(text, all.data(), all.size());
            ASSERT_EQ(fast::may_be_guarded(text, packed.data(), packed.size()), expected)
                << prefix << "|" << suffix << "|" << name;
            found += expected ? 1 : 0;
          }
        }
      }
    }
  }
  EXPECT_GT(found, 1000);
}

TEST(FastNamesTest, NamesWithOtherEndingsAreNotCompared) {
  const NameShape shape{"", ".md", Spelling::Folded, Extent::Ends};
  std::vector<unsigned char> packed = packed_shapes(std::span(&shape, 1));
  const auto asked = [&](std::string_view name) {
    return fast::may_be_guarded({name.data(), name.size()}, packed.data(), packed.size());
  };
  EXPECT_FALSE(asked("a.txt"));
  packed[fast::kEndsBytes + 2] = 0;  // now the comparison would find every name
  EXPECT_FALSE(asked("a.txt"));
  EXPECT_TRUE(asked("a.md"));
  EXPECT_TRUE(asked("a.txt "));
  EXPECT_TRUE(asked("t"));
}

TEST(FastNamesTest, WhatIsNoPlainNameIsOneForTheBroker) {
  for (const std::string_view name :
       {"", ".", "..", "...", " ", "a\n",
        "\x01"
        "b",
        "\x7f", "b\x7f", "CL\u0410UDE.md", "caf\u00e9", "\xff", "notes~", "OPENCO~1.JSO", "a\tb"}) {
    EXPECT_TRUE(asks({}, name)) << testing::PrintToString(std::string(name));
  }
  EXPECT_TRUE(asks({}, std::string(256, 'x')));
  for (const std::string_view name :
       {"a", "main.cc", "README", ".bashrc", "a b", "x!@#$%^&*(){}|"}) {
    EXPECT_FALSE(asks({}, name)) << name;
  }
  EXPECT_FALSE(asks({}, std::string(255, 'x')));
}

}  // namespace
}  // namespace nono::sandbox
