// tests/cli/trust_root_test.cc: trust root init, update and show against a TUF repository on
// loopback, through nono-net.
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <mutex>

#include "attest/trusted_root.h"
#include "tests/cli/support.h"
#include "tests/net/server.h"
#include "tests/sigstore/world.h"
#include "tests/tuf/repository.h"

namespace nono::cli {
namespace {

using testing::CliTest;
using testing::Outcome;
using tuf::test::TestRepository;

class TrustRootTest : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    const std::scoped_lock lock(mutex);
    // The program has today's clock.
    for (const std::string_view role : {tuf::kRoot, tuf::kTimestamp, tuf::kSnapshot}) {
      repository.signed_part(role).set("expires", "2100-01-01T00:00:00Z");
    }
    repository.signed_part(tuf::kTargets).set("expires", "2100-01-01T00:00:00Z");
    repository.set_version(tuf::kRoot, 0);
    repository.publish(tuf::kRoot);
    repository.add_target(tuf::kTargets, "trusted_root.json", attest::embedded_root().text);
    repository.publish_all();
    write("root.json", repository.first_root());
  }
  std::string answer(const std::string& request) {
    const std::size_t start = request.find(' ') + 1;
    const std::string path = request.substr(start, request.find(' ', start) - start);
    if (endless && path == "/timestamp.json") {
      return net::test::ok(std::string(10u << 20, ' '));
    }
    const bool target = path.starts_with("/targets/");
    const std::scoped_lock lock(mutex);
    const auto& files = target ? repository.target_files : repository.files;
    const auto found = files.find(path.substr(target ? 9 : 1));
    return found == files.end() ? "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
                                : net::test::ok(found->second);
  }
  Outcome init(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"trust",         "root",  "init",        "--root",
                                   in("root.json"), "--url", server.url("")};
    words.insert(words.end(), more.begin(), more.end());
    return nono(words);
  }
  std::string instance() const { return home_ + "/.config/nono/tuf-instance.json"; }
  // publish changes what the server's threads read: another process, which asks them in between,
  // orders nothing here.
  void publish() {
    const std::scoped_lock lock(mutex);
    repository.publish_all();
  }
  void publish_root(std::string_view text) {
    const std::scoped_lock lock(mutex);
    repository.add_target(tuf::kTargets, "trusted_root.json", text);
    repository.publish_all();
  }

  std::mutex mutex;
  TestRepository repository;
  std::atomic<bool> endless = false;
  net::test::Server server{[this](net::test::Connection& connection, const std::string& request) {
    connection.say(answer(request));
  }};
};

TEST_F(TrustRootTest, InitUpdateAndShowGoTogether) {
  const Outcome made = init({"--name", "corp", "--json"});
  ASSERT_EQ(made.code, 0) << made.err;
  const Json json = parse(made.out);
  EXPECT_EQ(*at(json, {"schema"}).string(), "nono/trust-root-init/1");
  EXPECT_EQ(*at(json, {"instance"}).string(), "corp");
  EXPECT_EQ(*at(json, {"sha256"}).string(), attest::embedded_root().digest.hex());
  EXPECT_EQ(*at(json, {"expires"}).string(), "2100-01-01T00:00:00Z");
  EXPECT_EQ(made.err, "");
  const Outcome shown = nono({"trust", "root", "show"});
  EXPECT_EQ(shown.code, 0) << shown.err;
  EXPECT_NE(shown.out.find("/tuf/corp/verified.json"), std::string::npos) << shown.out;
  const Outcome updated = nono({"trust", "root", "update"});
  EXPECT_EQ(updated.code, 0) << updated.err;
  EXPECT_NE(updated.out.find("CURRENT"), std::string::npos) << updated.out;
  publish();
  const Outcome newer = nono({"trust", "root", "update", "--json"});
  EXPECT_EQ(newer.code, 0) << newer.err;
  EXPECT_TRUE(*at(parse(newer.out), {"changed"}).boolean());
}

TEST_F(TrustRootTest, AFileThatIsNotBelievedIsNotShownAsTheOneInUse) {
  const std::string path = home_ + "/.config/nono/trusted_root.json";
  std::filesystem::create_directories(home_ + "/.config/nono");
  ASSERT_TRUE(replace_file(path, attest::embedded_root().text, 0600));
  EXPECT_EQ(nono({"trust", "root", "show"}).code, 0);
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);
  const Outcome shown = nono({"trust", "root", "show"});
  EXPECT_NE(shown.code, 0);
  EXPECT_EQ(shown.out, "");
  EXPECT_NE(shown.err.find("can be written by others"), std::string::npos) << shown.err;
}

// A signer whom only the instance's authorities vouch for is known once its root is fetched, and no
// more when an update takes the authorities away.
TEST_F(TrustRootTest, VerificationUsesWhatWasFetched) {
  const factory::Recipe recipe;
  const factory::World world = factory::make_world(recipe);
  write("app.txt", recipe.artifact);
  write("app.txt.sigstore.json", factory::bundle(world));
  const std::vector<std::string> verify{"trust",
                                        "verify",
                                        "--certificate-identity",
                                        "alice@example.com",
                                        "--certificate-oidc-issuer",
                                        "https://accounts.example.com",
                                        "app.txt"};
  EXPECT_EQ(nono(verify).code, 1);
  publish_root(factory::trusted_root(world));
  ASSERT_EQ(init().code, 0);
  const Outcome known = nono(verify);
  EXPECT_EQ(known.code, 0) << known.out << known.err;
  publish_root(attest::embedded_root().text);
  EXPECT_EQ(nono(verify).code, 0) << "an update is what changes it";
  ASSERT_EQ(nono({"trust", "root", "update"}).code, 0);
  EXPECT_EQ(nono(verify).code, 1);
}

TEST_F(TrustRootTest, AServerThatIsGoneChangesNothing) {
  ASSERT_EQ(init().code, 0);
  const std::string before = read(instance());
  const Outcome gone = nono({"trust", "root", "init", "--force", "--root", in("root.json"), "--url",
                             "http://127.0.0.1:1"});
  EXPECT_EQ(gone.code, 125) << gone.err;
  EXPECT_NE(gone.err.find("TUF repository"), std::string::npos) << gone.err;
  EXPECT_EQ(read(instance()), before);
}

TEST_F(TrustRootTest, EndlessDataEnds) {
  endless = true;
  const Outcome outcome = init();
  EXPECT_NE(outcome.code, 0);
  EXPECT_NE(outcome.err.find("16384"), std::string::npos) << outcome.err;
  EXPECT_FALSE(exists(instance()));
}

TEST_F(TrustRootTest, ARootAboveWhatWasFetchedIsTold) {
  ASSERT_EQ(init().code, 0);
  const std::string above = home_ + "/.config/nono/trusted_root.json";
  ASSERT_TRUE(replace_file(above, attest::embedded_root().text, 0600));
  const Outcome updated = nono({"trust", "root", "update"});
  EXPECT_EQ(updated.code, 0) << updated.err;
  EXPECT_NE(updated.err.find("certificates go on being judged by " + above), std::string::npos)
      << updated.err;
}

TEST_F(TrustRootTest, ADamagedCacheIsRefusedWithWhatMendsIt) {
  ASSERT_EQ(init().code, 0);
  ASSERT_TRUE(replace_file(home_ + "/.local/state/nono/tuf/private/verified.json", "{}", 0600));
  const Outcome shown = nono({"trust", "root", "show"});
  EXPECT_NE(shown.code, 0);
  EXPECT_NE(shown.err.find("nono trust root update"), std::string::npos) << shown.err;
  EXPECT_EQ(nono({"trust", "root", "update"}).code, 0);
  EXPECT_EQ(nono({"trust", "root", "show"}).code, 0);
}

TEST_F(TrustRootTest, OptionsThatDoNotGoTogetherAreWrongUsage) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"--root", "a"},
                                                {"--url", "https://a"},
                                                {"--trust-config", "a", "--root", "b"},
                                                {"--trust-config", "a", "--name", "b"}}) {
    std::vector<std::string> all{"trust", "root", "init"};
    all.insert(all.end(), words.begin(), words.end());
    EXPECT_EQ(nono(all).code, 2);
  }
}

}  // namespace
}  // namespace nono::cli
