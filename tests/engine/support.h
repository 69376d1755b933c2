// tests/engine/support.h: a user with a home and a project tree of their own, gone after the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "crypto/keys.h"
#include "engine/directories.h"
#include "engine/gate.h"
#include "engine/key_store.h"
#include "engine/sign.h"
#include "trustpolicy/discover.h"

namespace nono::engine::testing {

// must returns the value, or ends the test with the error's message.
template <typename T>
T must(Result<T> result) {
  if (!result) {
    ADD_FAILURE() << result.error().message();
    std::abort();
  }
  return *std::move(result);
}
inline void must(const Result<void>& result) {
  ASSERT_TRUE(result.has_value()) << result.error().message();
}

class EngineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/nono-engine-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    user_ = {.home = base_ + "/home",
             .config = base_ + "/home/.config/nono",
             .state = base_ + "/home/.local/state/nono"};
    tree_ = base_ + "/project";
    make_directory(user_.home);
    make_directory(tree_);
  }
  void TearDown() override {
    const std::string command = "chmod -R u+rwx " + base_ + " 2>/dev/null; rm -rf " + base_;
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  static void make_directory(const std::string& path) {
    ASSERT_TRUE(::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) << path;
  }
  // in names a path of the project; it makes the directories above it.
  std::string in(std::string_view relative) const {
    std::string path = tree_;
    for (std::size_t slash = relative.find('/'); slash != std::string_view::npos;
         slash = relative.find('/', slash + 1)) {
      make_directory(tree_ + "/" + std::string(relative.substr(0, slash)));
    }
    return join_path(path, relative);
  }
  std::string write(std::string_view relative, std::string_view text) const {
    std::string path = in(relative);
    const OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    EXPECT_TRUE(file.valid()) << path;
    EXPECT_TRUE(write_all(file, text).has_value());
    return path;
  }
  void make_repository() const { make_directory(in(".git")); }

  KeyStore store() const { return KeyStore(key_directory(user_)); }
  crypto::PrivateKey make_key(const std::string& id = "default") const {
    must(store().make(id, StoredKey{id}, crypto::KeyAlgorithm::EcdsaP256, Existing::Refuse));
    return must(store().load(StoredKey{id}));
  }
  static crypto::PrivateKey strangers_key() {
    return must(crypto::PrivateKey::generate(crypto::KeyAlgorithm::EcdsaP256));
  }
  void sign(const crypto::PrivateKey& key, const std::vector<std::string>& files) const {
    must(sign_each(attest::KeyAuthor(key), files, tree_, [](const SignedFile&) {}));
  }
  void write_user_policy(std::string_view text) const {
    must(make_private_directories(user_.config));
    must(replace_file(user_policy_path(user_), text, 0600));
  }
  std::shared_ptr<const trustpolicy::Policy> policy() const {
    trustpolicy::Places places = policy_places(user_, tree_);
    places.system_policy.clear();
    return std::make_shared<const trustpolicy::Policy>(must(trustpolicy::discover(places)));
  }
  Gate gate(trustpolicy::Override mode = trustpolicy::Override::No) const {
    return Gate(policy(), mode);
  }
  static OwnedFd open_as(const std::string& path, int flags) {
    OwnedFd fd(::open(path.c_str(), flags | O_CLOEXEC));
    EXPECT_TRUE(fd.valid()) << path;
    return fd;
  }
  static std::string served(const Judgement& judgement) {
    const auto* admitted = std::get_if<trustpolicy::Admitted>(&judgement.decision);
    if (admitted == nullptr) {
      return "(denied: " + judgement.reason() + ")";
    }
    const Bytes bytes = must(admitted->file().contents());
    return std::string(as_text(bytes));
  }

  std::string base_;
  std::string tree_;
  UserDirectories user_;
};

}  // namespace nono::engine::testing
