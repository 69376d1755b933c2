// tests/sigstore/factory_test.cc: the factory's own writers, against what the standards print.
#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

#include "tests/sigstore/cases.h"
#include "tests/sigstore/der.h"
#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

std::string hex(const Bytes& bytes) {
  return hex_encode(bytes);
}

TEST(FactoryDerTest, LengthsAreShortest) {
  EXPECT_EQ(hex(der(kOctets, {Bytes(3)})), "0403000000");
  EXPECT_EQ(hex(der(kOctets, {Bytes(127)})).substr(0, 6), "047f00");
  EXPECT_EQ(hex(der(kOctets, {Bytes(128)})).substr(0, 8), "04818000");
  EXPECT_EQ(hex(der(kOctets, {Bytes(256)})).substr(0, 10), "0482010000");
  EXPECT_EQ(hex(der(kOctets, {Bytes(65536)})).substr(0, 12), "048301000000");
}

TEST(FactoryDerTest, IntegersAreMinimalAndPositive) {
  EXPECT_EQ(hex(der_integer(0)), "020100");
  EXPECT_EQ(hex(der_integer(127)), "02017f");
  EXPECT_EQ(hex(der_integer(128)), "02020080");
  EXPECT_EQ(hex(der_integer(256)), "02020100");
  EXPECT_EQ(hex(der_integer(~std::uint64_t{0})), "020900ffffffffffffffff");
}

// The encodings of RFC 5280 and X.690 8.19.
TEST(FactoryDerTest, ObjectIdentifiers) {
  EXPECT_EQ(hex(der_oid("2.5.29.17")), "0603551d11");
  EXPECT_EQ(hex(der_oid("1.2.840.113549.1.1.11")), "06092a864886f70d01010b");
  EXPECT_EQ(hex(der_oid("1.3.6.1.4.1.57264.1.24")), "060a2b0601040183bf300118");
  EXPECT_EQ(hex(der_oid("2.999.3")), "0603883703");
}

TEST(FactoryDerTest, TimesChangeTheirFormIn2050) {
  const auto at = [](long long seconds) { return Time{std::chrono::seconds{seconds}}; };
  EXPECT_EQ(der_time(kSigned), der_text(0x17, "260115120000Z"));
  EXPECT_EQ(der_time(at(2524607999)), der_text(0x17, "491231235959Z"));
  EXPECT_EQ(der_time(at(2524608000)), der_text(0x18, "20500101000000Z"));
  EXPECT_EQ(der_generalized(kSigned, ".25"), der_text(0x18, "20260115120000.25Z"));
}

TEST(FactoryDerTest, SetsAreSorted) {
  EXPECT_EQ(hex(der_set_of({der_integer(2), der_integer(1), der_null()})),
            "3108020101020102"
            "0500");
}

// The root must be what RFC 6962 section 2.1.1 computes upwards from the leaf.
TEST(FactoryTreeTest, PathsLeadToTheRoot) {
  const Bytes leaf = sha256(bytes_of("leaf"));
  for (std::uint64_t size = 1; size < 70; ++size) {
    for (std::uint64_t index = 0; index < size; ++index) {
      const Tree made = tree(index, size, leaf);
      std::uint64_t fn = index;
      std::uint64_t sn = size - 1;
      Bytes hash = leaf;
      for (const Bytes& other : made.path) {
        ASSERT_NE(sn, 0u);
        const bool right = (fn & 1) != 0 || fn == sn;
        hash = sha256(joined({big_endian(1, 1), right ? other : hash, right ? hash : other}));
        while (right && (fn & 1) == 0 && fn != 0) {
          fn >>= 1;
          sn >>= 1;
        }
        fn >>= 1;
        sn >>= 1;
      }
      EXPECT_EQ(sn, 0u) << index << " of " << size;
      EXPECT_EQ(hash, made.root) << index << " of " << size;
    }
  }
}

TEST(FactoryKeyTest, TheKeyOfARoleIsMadeOnce) {
  EXPECT_EQ(Key::of(KeyKind::P256, "a").spki(), Key::of(KeyKind::P256, "a").spki());
  EXPECT_NE(Key::of(KeyKind::P256, "a").spki(), Key::of(KeyKind::P256, "b").spki());
  EXPECT_NE(Key::of(KeyKind::P256, "a").spki(), Key::of(KeyKind::P384, "a").spki());
  EXPECT_EQ(Key::of(KeyKind::Ed25519, "a").raw().size(), 32u);
}

TEST(FactoryCasesTest, EveryCaseCanBeMade) {
  std::set<std::string> names;
  for (const Case& one : all_cases()) {
    EXPECT_TRUE(names.insert(one.name).second) << one.name;
    const World world = make_world(one.recipe);
    EXPECT_FALSE(bundle(world).empty()) << one.name;
    EXPECT_TRUE(Json::parse(trusted_root(world), kBundleLimits).has_value()) << one.name;
  }
  EXPECT_GT(names.size(), 400u);
}

// A world made twice is the same people with other certificates: nothing hangs on one run.
TEST(FactoryCasesTest, RootsOfOneRecipeTrustTheSameKeys) {
  const World one = make_world(Recipe());
  const World two = make_world(Recipe());
  EXPECT_EQ(one.authorities[0].back().key.spki(), two.authorities[0].back().key.spki());
  EXPECT_EQ(one.logs[0].id, two.logs[0].id);
  EXPECT_NE(one.leaf.der, two.leaf.der);
}

}  // namespace
}  // namespace nono::factory
