// tests/base/json_hostile_test.cc: documents made to exhaust the reader, and foreign hostile ones.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <time.h>

#include <functional>

#include "base/files.h"
#include "base/json.h"
#include "tests/base/support.h"
#include "tests/sanitized.h"

namespace nono {
namespace {

constexpr std::size_t kFull = kBundleLimits.bytes;

std::string filled(std::string text, std::string_view piece, std::string_view end = "") {
  text.reserve(kFull);
  while (text.size() + piece.size() + end.size() <= kFull) {
    text += piece;
  }
  text += end;
  return text;
}

std::string distinct_members(std::size_t count, const char* value) {
  std::string text = "{";
  for (std::size_t i = 0; i < count && text.size() + 32 < kFull; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":" + value;
  }
  return text + "}";
}

// wide_members fills the document with members of `width` bytes each.
std::string wide_members(std::size_t width, const char* value) {
  std::string text = "{\"\":0";
  for (std::size_t i = 0; text.size() + width + 1 < kFull; ++i) {
    const std::string number = std::to_string(i);
    const std::size_t rest = width - number.size() - std::string_view(value).size() - 4;
    text += ",\"" + number + std::string(rest, 'k') + "\":" + value;
  }
  return text + "}";
}

std::string status_line(std::string_view name) {
  const auto text = read_file("/proc/self/status", 1 << 16);
  const std::size_t at = text ? text->find(name) : std::string::npos;
  return at == std::string::npos ? "" : text->substr(at, text->find('\n', at) - at);
}

// peak_kilobytes is the most memory that this process held since reset_peak.
std::size_t peak_kilobytes() {
  std::size_t value = 0;
  for (const char c : status_line("VmHWM:")) {
    if (c >= '0' && c <= '9') {
      value = value * 10 + static_cast<std::size_t>(c - '0');
    }
  }
  return value;
}

bool reset_peak() {
  const OwnedFd file(::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC));
  return file.valid() && write_all(file, "5").has_value();
}

std::int64_t cpu_milliseconds() {
  struct timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

struct Hostile {
  const char* name;
  std::function<std::string()> make;
};

void PrintTo(const Hostile& hostile, std::ostream* out) {
  *out << hostile.name;
}

class JsonHostileTest : public ::testing::TestWithParam<Hostile> {};

// The ceiling of memory is the project's own: 64 MiB for a 16 MiB document, text included.
TEST_P(JsonHostileTest, IsReadOrRefusedWithinTheCeilings) {
  const std::string answer = testing::in_child([]() -> std::string {
    std::string text = GetParam().make();
    if (text.size() > kFull || text.size() < kFull - 128) {
      return "made " + std::to_string(text.size()) + " bytes";
    }
    if (!reset_peak()) {
      return "skip";
    }
    const std::int64_t start = cpu_milliseconds();
    {
      const auto json = Json::parse(text, kBundleLimits);
      if (!json && json.error().message().size() > 600) {
        return "message too long";
      }
    }
    const std::int64_t used = cpu_milliseconds() - start;
    const std::size_t peak = peak_kilobytes();
    if (!built::kSanitized && peak > 64 * 1024) {
      return std::to_string(peak) + " kB";
    }
    if (built::kAsShipped && used > 500) {
      return std::to_string(used) + " ms";
    }
    return used < 20'000 ? "fine" : "endless";
  });
  if (answer == "skip") {
    GTEST_SKIP() << "the peak of memory cannot be reset here";
  }
  EXPECT_EQ(answer, "fine");
}

// A bad end makes the parser build its message last, with all that it remembers.
INSTANTIATE_TEST_SUITE_P(
    Floods, JsonHostileTest,
    ::testing::Values(
        Hostile{"Brackets", [] { return filled("", "["); }},
        Hostile{"Braces", [] { return filled("", "{\"a\":"); }},
        Hostile{"Integers", [] { return filled("[1", ",1", "]"); }},
        Hostile{"Reals", [] { return filled("[1", ",1.5e7", "]"); }},
        Hostile{"EmptyArrays", [] { return filled("[[]", ",[]", "]"); }},
        Hostile{"EmptyObjects", [] { return filled("[{}", ",{}", "]"); }},
        Hostile{"EmptyStrings", [] { return filled("[\"\"", ",\"\"", "]"); }},
        Hostile{"SmallObjects", [] { return filled("[0", ",{\"a\":1}", "]"); }},
        Hostile{
            "NestedTowers",
            [] { return filled("[0", "," + std::string(63, '[') + std::string(63, ']'), "]"); }},
        Hostile{"HeapStrings", [] { return filled("[0", ",\"0123456789abcdef\"", "]"); }},
        Hostile{"HeapKeys", [] { return filled("[0", ",{\"0123456789abcdef\":0}", "]"); }},
        Hostile{"BigStrings",
                [] { return filled("[0", ",\"" + std::string(80, 'x') + "\"", "]"); }},
        Hostile{"LongNumbers",
                [] { return filled("[0", "," + std::string(300, '9') + ".5", "]"); }},
        Hostile{"OneString", [] { return filled("\"", "x", "\""); }},
        Hostile{"UnclosedString", [] { return filled("\"", "x"); }},
        Hostile{"EscapedString", [] { return filled("\"", "\\u00e9", "\""); }},
        Hostile{"StringWithBadEnd", [] { return filled("\"", "x", "\\q\""); }},
        Hostile{"OneKey", [] { return filled("{\"", "k", "\":x}"); }},
        Hostile{"FourMegabyteStringWithBadEnd",
                [] { return filled("[\"" + std::string((4U << 20) - 9, 'x') + "\\q", "x"); }},
        Hostile{"WideMembers", [] { return wide_members(112, "0"); }},
        Hostile{"WideMembersOfArrays", [] { return wide_members(100, "[]"); }},
        Hostile{"WideMembersOfFilledArrays", [] { return wide_members(60, "[0]"); }},
        Hostile{"OneNumber", [] { return filled("", "7"); }},
        Hostile{"WhiteSpaceThenRubbish", [] { return filled("", "\n", "x"); }},
        Hostile{"WhiteSpaceBetweenRubbish", [] { return filled("[1", "\n\t\r ,\n 1", "x"); }},
        Hostile{"Rubbish", [] { return filled("", "x"); }},
        Hostile{"Commas", [] { return filled("[", ","); }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(JsonMembersTest, AHundredThousandMembersAreNotQuadratic) {
  const std::string text = distinct_members(99'999, "0");
  const std::int64_t start = cpu_milliseconds();
  const auto json = Json::parse(text, kBundleLimits);
  ASSERT_TRUE(json) << json.error().message();
  EXPECT_EQ(json->object()->size(), 99'999U);
  EXPECT_LT(cpu_milliseconds() - start, 5'000);
}

TEST(JsonMembersTest, ARepeatedKeyAmongManyIsFound) {
  std::string text = distinct_members(50'000, "0");
  text.pop_back();
  const std::string start = std::to_string(text.size() + 1);
  text += ",\"\\u0034711\":1}";
  const auto json = Json::parse(text, kBundleLimits);
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().message(), "/4711: the key is there twice (byte " + start + ")");
}

TEST(JsonMembersTest, TooManyValuesAreRefusedEarly) {
  const auto json = Json::parse(filled("[1", ",1", "]"), kBundleLimits);
  ASSERT_FALSE(json);
  EXPECT_EQ(json.error().message(), "/149999: more than 150000 values (byte 300000)");
}

struct Foreign {
  const char* file;
  std::string_view why;  // part of the message
};

std::string shared(const std::string& name) {
  return std::string(NONO_SHARED_DIR) + "/fixtures/hostile/" + name;
}

bool present(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

TEST(JsonForeignTest, MalformedHostileFilesAreRefused) {
  if (!present(shared("index.json"))) {
    GTEST_SKIP() << "the foreign hostile files are not on this machine";
  }
  for (const Foreign& c : {
           Foreign{"bundle/bom.json", "byte-order mark"},
           Foreign{"bundle/deep-array-1000.json", "nested deeper than 64"},
           Foreign{"bundle/deep-in-valid.json", "nested deeper than 64"},
           Foreign{"bundle/deep-object-50000.json", "nested deeper than 64"},
           Foreign{"bundle/dup-key-dsse.json", "/dsseEnvelope: the key is there twice"},
           Foreign{"bundle/empty.json", "unexpected end of input"},
           Foreign{"bundle/huge-exponent.json", "beyond the range of a double"},
           Foreign{"bundle/leading-nul.json", "a NUL byte (byte 0)"},
           Foreign{"bundle/leading-zero.json", "/x: not JSON: unexpected number literal"},
           Foreign{"bundle/ndjson.json", "expected end of input"},
           Foreign{"bundle/trailing-comma.json", "unexpected '}'"},
           Foreign{"bundle/trailing-nul.json", "a NUL byte"},
           Foreign{"bundle/truncated-1.json", "unexpected end of input"},
           Foreign{"bundle/truncated-half.json", "missing closing quote"},
           Foreign{"policy/deep.json", "nested deeper than 64"},
           Foreign{"policy/dup-publishers.json", "/publishers: the key is there twice"},
           Foreign{"profile/dup-block.json", "/network/block: the key is there twice"},
           Foreign{"profile/toml-not-json.json", "not JSON"},
       }) {
    const auto text = read_file(shared(c.file), kBundleLimits.bytes);
    ASSERT_TRUE(text) << text.error().message();
    const auto json = Json::parse(*text, kBundleLimits);
    ASSERT_FALSE(json) << c.file;
    EXPECT_NE(json.error().message().find(c.why), std::string::npos) << json.error().message();
  }
}

TEST(JsonForeignTest, GoodFilesAmongThemAreRead) {
  const auto index_text = read_file(shared("index.json"), kBundleLimits.bytes);
  if (!index_text) {
    GTEST_SKIP() << "the foreign hostile files are not on this machine";
  }
  const auto index = Json::parse(*index_text, kBundleLimits);
  ASSERT_TRUE(index);
  int read = 0;
  const std::vector<JsonView> rows = JsonView(*index).at("cases")->elements(10'000).value();
  for (const JsonView& row : rows) {
    const std::string file = *row.at("file")->string();
    const bool json_file = file.ends_with(".json") && !row.maybe("recipe")->has_value();
    if (*row.at("expect")->string() == "accept" && json_file) {
      const auto text = read_file(shared(file), kBundleLimits.bytes);
      ASSERT_TRUE(text) << text.error().message();
      const auto json = Json::parse(*text, kBundleLimits);
      EXPECT_TRUE(json) << file << ": " << json.error().message();
      ++read;
    }
  }
  EXPECT_GE(read, 10);
}

}  // namespace
}  // namespace nono
