// tests/attest/no_socket_test.cc: verification opens no socket: it runs to its end, and to the same
// verdict, under a filter that kills whoever asks for one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

#include "support.h"
#include "tests/sigstore/cases.h"
#include "tests/sigstore/world.h"

namespace nono::attest::test {
namespace {

// Kills at socket, socketpair and connect; everything else is let through.
bool forbid_sockets() {
  constexpr unsigned kNumber = offsetof(seccomp_data, nr);
  std::array<sock_filter, 6> program = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kNumber),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socketpair, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_connect, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  }};
  const sock_fprog filter{.len = program.size(), .filter = program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// run starts `words` under the filter; the status is that of waitpid. No words: asks for a socket.
int run(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    if (!forbid_sockets()) {
      ::_exit(99);
    }
    if (words.empty()) {
      ::_exit(::socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 1);
    }
    ::execv(argv[0], argv.data());
    ::_exit(98);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

TEST(NoSocketTest, AskingForOneKills) {
  const int status = run({});
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

// command_of says how the client is asked about a case whose files lie in `directory`.
std::vector<std::string> command_of(const factory::Case& one, const TempDir& directory) {
  const factory::World world = factory::make_world(one.recipe);
  const factory::Policy& policy = one.recipe.policy;
  std::vector<std::string> words{std::string(NONO_BIN_DIR) + "/conformance-client",
                                 "verify-bundle",
                                 "--bundle",
                                 directory.write("bundle.json", factory::bundle(world)),
                                 "--trusted-root",
                                 directory.write("root.json", factory::trusted_root(world))};
  if (one.recipe.material == factory::Material::PublicKey) {
    words.insert(words.end(), {"--key", directory.write("key.pem", factory::public_key(world))});
  } else {
    words.insert(words.end(), {"--certificate-identity", policy.identity,
                               "--certificate-oidc-issuer", policy.issuer});
  }
  words.push_back(directory.write("artifact", policy.artifact.value_or(one.recipe.artifact)));
  return words;
}

TEST(NoSocketTest, BundlesAreVerifiedAndRefusedWithoutOne) {
  if (::access((std::string(NONO_BIN_DIR) + "/conformance-client").c_str(), X_OK) != 0) {
    GTEST_SKIP() << "conformance-client is not built";
  }
  std::size_t accepted = 0;
  for (const factory::Case& one : factory::all_cases()) {
    if (one.expected == "accepted" || one.expected == "untrusted-chain") {
      const TempDir directory;
      const int status = run(command_of(one, directory));
      EXPECT_TRUE(WIFEXITED(status)) << one.name << ": ended by signal " << WTERMSIG(status);
      accepted += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
    }
  }
  EXPECT_GT(accepted, 10u);
}

}  // namespace
}  // namespace nono::attest::test
