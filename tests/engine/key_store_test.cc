// tests/engine/key_store_test.cc: keys in files, with real key material.
#include "engine/key_store.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "tests/engine/support.h"

namespace nono::engine {
namespace {

using crypto::KeyAlgorithm;

class KeyStoreTest : public testing::EngineTest {
 protected:
  Result<MadeKey> make_stored(const std::string& id, Existing existing = Existing::Refuse) const {
    return store().make(id, StoredKey{id}, KeyAlgorithm::EcdsaP256, existing);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status{};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status.st_mode & 07777;
  }
  std::string key_path(std::string_view name) const {
    return join_path(key_directory(user_), name);
  }
};

TEST_F(KeyStoreTest, MadeKeyIsPrivateAndSigns) {
  const MadeKey made = testing::must(make_stored("work"));
  EXPECT_EQ(made.private_at, key_path("work.pem"));
  EXPECT_EQ(made.public_path, key_path("work.pub"));
  EXPECT_EQ(mode_of(made.private_at), 0600u);
  EXPECT_EQ(mode_of(key_directory(user_)), 0700u);
  const crypto::PrivateKey key = testing::must(store().load(StoredKey{"work"}));
  const Bytes signature = testing::must(key.sign(as_bytes("text")));
  EXPECT_TRUE(made.key.verifies(as_bytes("text"), signature));
  EXPECT_EQ(testing::must(store().load_public("work")).fingerprint(), made.key.fingerprint());
}

TEST_F(KeyStoreTest, EveryAlgorithmThatSignsCanBeMade) {
  for (const KeyAlgorithm algorithm :
       {KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384, KeyAlgorithm::Ed25519}) {
    const std::string id(name_of(algorithm));
    testing::must(store().make(id, StoredKey{id}, algorithm, Existing::Refuse));
    EXPECT_EQ(testing::must(store().load(StoredKey{id})).public_key().algorithm(), algorithm);
  }
  EXPECT_FALSE(
      store().make("rsa", StoredKey{"rsa"}, KeyAlgorithm::Rsa, Existing::Refuse).has_value());
  EXPECT_FALSE(store().has_any_half("rsa"));
}

TEST_F(KeyStoreTest, FirstKeyIsMadeOnceAndLoadedThen) {
  const OwnKey first = testing::must(store().load_or_make("default", KeyAlgorithm::EcdsaP256));
  ASSERT_TRUE(first.made.has_value());
  EXPECT_EQ(first.made->private_at, key_path("default.pem"));
  const OwnKey again = testing::must(store().load_or_make("default", KeyAlgorithm::EcdsaP256));
  EXPECT_FALSE(again.made.has_value());
  EXPECT_EQ(again.key.public_key().fingerprint(), first.key.public_key().fingerprint());
}

TEST_F(KeyStoreTest, HalfAKeyIsNotMadeWhole) {
  testing::must(make_stored("default"));
  ASSERT_EQ(::unlink(key_path("default.pem").c_str()), 0);
  const auto own = store().load_or_make("default", KeyAlgorithm::EcdsaP256);
  ASSERT_FALSE(own.has_value());
  EXPECT_EQ(own.error().kind(), ErrorKind::NotFound);
}

class FirstKeyTest : public KeyStoreTest {
 protected:
  // start forks a process that waits for the end of `gate`, loads or makes the key, and writes its
  // fingerprint to `told`. It exits 1 where it made the key, 0 where it loaded it.
  pid_t start(const std::array<int, 2>& gate, const std::string& id, const std::string& told) {
    const pid_t child = ::fork();
    if (child != 0) {
      return child;
    }
    char none = 0;
    ::close(gate[1]);
    const bool opened = ::read(gate[0], &none, 1) == 0;
    const auto own = store().load_or_make(id, KeyAlgorithm::EcdsaP256);
    const bool written =
        own && replace_file(told, own->key.public_key().fingerprint().hex(), 0600).has_value();
    ::_exit(!opened || !written ? 2 : own->made ? 1 : 0);
  }
  static int code_of(pid_t child) {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
};

TEST_F(FirstKeyTest, ManyProcessesAtOnceMakeOneKey) {
  for (int round = 0; round < 20; ++round) {
    const std::string id = "k" + std::to_string(round);
    std::array<int, 2> gate{};
    ASSERT_EQ(::pipe2(gate.data(), O_CLOEXEC), 0);
    std::vector<pid_t> children;
    std::vector<std::string> told;
    for (int i = 0; i < 6; ++i) {
      told.push_back(join_path(base_, id + "." + std::to_string(i)));
      children.push_back(start(gate, id, told.back()));
      ASSERT_GT(children.back(), 0);
    }
    ::close(gate[0]);
    ::close(gate[1]);
    std::vector<int> codes;
    std::ranges::transform(children, std::back_inserter(codes), code_of);
    std::ranges::sort(codes);
    ASSERT_EQ(codes, (std::vector<int>{0, 0, 0, 0, 0, 1}));
    const std::string kept = testing::must(store().load_public(id)).fingerprint().hex();
    for (const std::string& path : told) {
      EXPECT_EQ(testing::must(read_file(path, 100)), kept);
    }
  }
}

TEST_F(KeyStoreTest, KeyThatIsThereIsNotReplacedUnasked) {
  const MadeKey first = testing::must(make_stored("default"));
  const auto again = make_stored("default");
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().kind(), ErrorKind::Usage);
  EXPECT_NE(again.error().remedy().find("--force"), std::string::npos);
  EXPECT_EQ(testing::must(store().load_public("default")).fingerprint(), first.key.fingerprint());
  const MadeKey replaced = testing::must(make_stored("default", Existing::Replace));
  EXPECT_NE(replaced.key.fingerprint(), first.key.fingerprint());
  EXPECT_EQ(testing::must(store().load(StoredKey{"default"})).public_key().fingerprint(),
            replaced.key.fingerprint());
}

TEST_F(KeyStoreTest, LonePublicHalfIsNotOverwrittenUnasked) {
  testing::must(make_stored("default"));
  ASSERT_EQ(::unlink(key_path("default.pem").c_str()), 0);
  EXPECT_FALSE(make_stored("default").has_value());
  EXPECT_TRUE(store().has_any_half("default"));
}

TEST_F(KeyStoreTest, PrivateKeyThatOthersCouldReadIsRefused) {
  testing::must(make_stored("default"));
  for (const mode_t mode : {0640u, 0604u, 0620u, 0602u, 0610u, 0601u}) {
    ASSERT_EQ(::chmod(key_path("default.pem").c_str(), mode), 0);
    const auto key = store().load(StoredKey{"default"});
    ASSERT_FALSE(key.has_value()) << mode;
    EXPECT_EQ(key.error().kind(), ErrorKind::PermissionDenied);
    EXPECT_NE(key.error().remedy().find("chmod 600"), std::string::npos);
  }
}

TEST_F(KeyStoreTest, KeyDirectoryThatOthersCanWriteIsRefused) {
  testing::must(make_stored("default"));
  ASSERT_EQ(::chmod(key_directory(user_).c_str(), 0770), 0);
  const auto made = make_stored("other");
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().kind(), ErrorKind::PermissionDenied);
  EXPECT_FALSE(store().has_any_half("other"));
}

TEST_F(KeyStoreTest, MissingPublicHalfIsWrittenAgain) {
  const MadeKey made = testing::must(make_stored("default"));
  ASSERT_EQ(::unlink(made.public_path.c_str()), 0);
  testing::must(store().load(StoredKey{"default"}));
  EXPECT_EQ(testing::must(store().load_public("default")).fingerprint(), made.key.fingerprint());
}

TEST_F(KeyStoreTest, HalvesOfTwoKeysAreRefused) {
  const MadeKey made = testing::must(make_stored("default"));
  testing::must(replace_file(made.public_path, strangers_key().public_key().spki_pem(), 0644));
  const auto key = store().load(StoredKey{"default"});
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::InvalidInput);
}

TEST_F(KeyStoreTest, MissingKeySaysHowToMakeIt) {
  const auto key = store().load(StoredKey{"work"});
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(key.error().remedy(), "nono trust keygen --id work");
  const auto half = store().load_public("work");
  ASSERT_FALSE(half.has_value());
  EXPECT_EQ(half.error().kind(), ErrorKind::NotFound);
  EXPECT_EQ(half.error().remedy(), "nono trust keygen --id work");
}

TEST_F(KeyStoreTest, PublicHalfAloneAsksWhereThePrivateOneIs) {
  testing::must(make_stored("work"));
  ASSERT_EQ(::unlink(key_path("work.pem").c_str()), 0);
  const auto key = store().load(StoredKey{"work"});
  ASSERT_FALSE(key.has_value());
  EXPECT_NE(key.error().remedy().find("--keyref"), std::string::npos);
}

TEST_F(KeyStoreTest, KeyInAFileOfItsOwnLeavesItsPublicHalfInTheStore) {
  const std::string path = in("team.pem");
  const MadeKey made =
      testing::must(store().make("team", KeyFile{path}, KeyAlgorithm::EcdsaP256, Existing::Refuse));
  EXPECT_EQ(made.private_at, path);
  EXPECT_EQ(mode_of(path), 0600u);
  EXPECT_EQ(mode_of(made.public_path), 0644u);
  EXPECT_EQ(testing::must(store().load(KeyFile{path})).public_key().fingerprint(),
            made.key.fingerprint());
  EXPECT_FALSE(
      store().make("two", KeyFile{path}, KeyAlgorithm::EcdsaP256, Existing::Refuse).has_value());
  EXPECT_FALSE(store().has_any_half("two"));
}

TEST_F(KeyStoreTest, WhatIsNoKeyFileIsNotRead) {
  ASSERT_EQ(::mkfifo(in("fifo.pem").c_str(), 0600), 0);
  EXPECT_FALSE(store().load(KeyFile{in("fifo.pem")}).has_value());
  EXPECT_FALSE(store().load(KeyFile{tree_}).has_value());
  const std::string text = write("text.pem", "not a key");
  ASSERT_EQ(::chmod(text.c_str(), 0600), 0);
  const auto key = store().load(KeyFile{text});
  ASSERT_FALSE(key.has_value());
  EXPECT_NE(key.error().message().find(text), std::string::npos);
  EXPECT_NE(key.error().remedy().find("nono trust keygen"), std::string::npos);
}

TEST_F(KeyStoreTest, KnownKeysAreListedByName) {
  EXPECT_TRUE(testing::must(store().known()).empty());
  testing::must(make_stored("work"));
  testing::must(make_stored("default"));
  const std::vector<KnownKey> known = testing::must(store().known());
  ASSERT_EQ(known.size(), 2u);
  EXPECT_EQ(known[0].id, "default");
  EXPECT_EQ(known[1].id, "work");
  EXPECT_TRUE(known[1].has_private_file);
}

TEST(KeyIdTest, OnlyPlainNamesAreTaken) {
  for (const std::string& good : {std::string("a"), std::string("A.b_c-9"), std::string(64, 'x')}) {
    EXPECT_TRUE(check_key_id(good).has_value()) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), std::string(".a"), std::string("a/b"),
        std::string("a b"), std::string("a\n"), std::string("\xc3\xa9"), std::string(65, 'x'),
        std::string("a\0b", 3)}) {
    const auto checked = check_key_id(bad);
    ASSERT_FALSE(checked.has_value()) << bad;
    EXPECT_EQ(checked.error().kind(), ErrorKind::Usage);
  }
}

TEST(KeyRefTest, SchemesAreReadStrictly) {
  const KeyRef item = testing::must(parse_key_ref("keystore://work"));
  EXPECT_EQ(std::get<KeystoreKey>(item).id, "work");
  EXPECT_EQ(shown(item), "keystore://work");
  const KeyRef file = testing::must(parse_key_ref("file:///a/../b/k.pem"));
  EXPECT_EQ(std::get<KeyFile>(file).path, "/b/k.pem");
  EXPECT_EQ(shown(file), "/b/k.pem");
  for (const char* bad : {"", "work", "keystore://", "keystore://a/b", "file://relative",
                          "file://host/path", "file:///dir/", "pkcs11:x", "KEYSTORE://a"}) {
    EXPECT_FALSE(parse_key_ref(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace nono::engine
