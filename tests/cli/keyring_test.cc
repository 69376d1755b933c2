// tests/cli/keyring_test.cc: keystore:// against a real gnome-keyring in a session bus of its own.
#include "tests/cli/support.h"

namespace nono::cli {
namespace {

using testing::Outcome;

class KeyringTest : public testing::CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    for (const char* tool :
         {"/usr/bin/dbus-run-session", "/usr/bin/dbus-send", "/usr/bin/gnome-keyring-daemon"}) {
      if (!exists(tool)) {
        GTEST_SKIP() << tool << " is not installed: there is no Secret Service to test with";
      }
    }
    // ThreadSanitizer does not see how GLib, which it did not compile, orders its threads.
    environment_["TSAN_OPTIONS"] = "ignore_noninstrumented_modules=1";
    // GLib lets go of what the proxy of an item holds in a turn of its main loop that never comes.
    write("suppressions", "leak:libglib-2.0.so\n");
    environment_["LSAN_OPTIONS"] = "print_suppressions=0:suppressions=" + in("suppressions");
    const std::string runtime = base_ + "/run";
    ASSERT_EQ(::mkdir(runtime.c_str(), 0700), 0);
    environment_["XDG_RUNTIME_DIR"] = runtime;
    write("bus.conf", "<busconfig><type>session</type><listen>unix:tmpdir=" + base_ +
                          "</listen><auth>EXTERNAL</auth><policy context=\"default\"><allow "
                          "send_destination=\"*\"/>"
                          "<allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>");
    if (on_bus({"/bin/true"}).code != 0) {
      GTEST_SKIP()
          << "no session bus can be started here, for one because the user has no entry in "
             "the password database";
    }
  }
  // on_bus: its service directories are empty, so that nothing is started on it. A keyring that the
  // bus started, because somebody asked before ours had its name, would be locked, and keep our
  // streams open for good.
  Outcome on_bus(std::vector<std::string> words) const {
    words.insert(words.begin(),
                 {"/usr/bin/dbus-run-session", "--config-file=" + in("bus.conf"), "--"});
    return run(words);
  }
  // with_keyring runs a script beside an unlocked, empty keyring that ends with it.
  Outcome with_keyring(const std::string& script) const {
    const std::string inner =
        "printf pass | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
        "until dbus-send --print-reply --dest=org.freedesktop.DBus / "
        "org.freedesktop.DBus.NameHasOwner string:org.freedesktop.secrets | grep -q true; "
        "do sleep 0.02; done; "
        "NONO=" +
        program() + "; " + script;
    return on_bus({"/bin/sh", "-c", inner});
  }
};

TEST_F(KeyringTest, KeyInTheSecretServiceSigns) {
  write("CLAUDE.md", "text");
  const Outcome outcome = with_keyring(
      "set -e; $NONO trust keygen --keyref keystore://work; "
      "$NONO trust sign --keyref keystore://work CLAUDE.md; "
      "$NONO trust verify CLAUDE.md");
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("private: keystore://work"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("VERIFIED  CLAUDE.md  by self"), std::string::npos) << outcome.out;
  EXPECT_TRUE(exists(home_ + "/.config/nono/trust/work.pub"));
  EXPECT_FALSE(exists(home_ + "/.config/nono/trust/work.pem")) << "the private half is elsewhere";
}

TEST_F(KeyringTest, KeyThatIsNotThereSaysHowToMakeIt) {
  write("CLAUDE.md", "text");
  const Outcome outcome = with_keyring("$NONO trust sign --keyref keystore://none CLAUDE.md");
  EXPECT_EQ(outcome.code, 125) << outcome.err;
  EXPECT_NE(outcome.err.find("holds no key none"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("mend: nono trust keygen --keyref keystore://none"),
            std::string::npos);
}

TEST_F(KeyringTest, KeyThatIsThereIsNotReplacedUnasked) {
  write("CLAUDE.md", "text");
  const Outcome outcome = with_keyring(
      "$NONO trust keygen --keyref keystore://work; "
      "$NONO trust keygen --id other --keyref keystore://work; echo \"code $?\"; "
      "rm $HOME/.config/nono/trust/work.pub; "
      "$NONO trust keygen --keyref keystore://work; echo \"code $?\"; "
      "$NONO trust keygen --id other --keyref keystore://work --force; echo \"code $?\"; "
      "$NONO trust sign --keyref keystore://work CLAUDE.md && $NONO trust verify CLAUDE.md");
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_EQ(outcome.out.find("code 0"), outcome.out.rfind("code ")) << outcome.out;
  EXPECT_NE(outcome.out.find("code 2"), outcome.out.rfind("code 2")) << outcome.out;
  EXPECT_TRUE(outcome.err.contains("there is a key already: keystore://work")) << outcome.err;
}

constexpr const char* kLock =
    "dbus-send --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets "
    "org.freedesktop.Secret.Service.Lock "
    "array:objpath:/org/freedesktop/secrets/collection/login >/dev/null; ";

// With nobody to unlock it. To name `trust keygen` would cost the key that is there.
TEST_F(KeyringTest, KeyInALockedKeyringIsNotCalledMissing) {
  write("CLAUDE.md", "text");
  const Outcome outcome =
      with_keyring(std::string("$NONO trust keygen --keyref keystore://work; ") + kLock +
                   "$NONO trust keygen --id other --keyref keystore://work; echo \"code $?\"; "
                   "$NONO trust sign --keyref keystore://work CLAUDE.md");
  EXPECT_EQ(outcome.code, 125) << outcome.out << outcome.err;
  EXPECT_TRUE(outcome.out.contains("code 2")) << outcome.out;
  EXPECT_TRUE(outcome.err.contains("there is a key already: keystore://work")) << outcome.err;
  EXPECT_TRUE(outcome.err.contains("the keyring that holds keystore://work is locked"))
      << outcome.err;
  EXPECT_FALSE(outcome.err.contains("mend: nono trust keygen")) << outcome.err;
}

TEST_F(KeyringTest, PublicHalfAloneAsksForTheReference) {
  write("CLAUDE.md", "text");
  const Outcome outcome = with_keyring(
      "$NONO trust keygen --keyref keystore://work && $NONO trust sign --key work CLAUDE.md");
  EXPECT_EQ(outcome.code, 125);
  EXPECT_NE(outcome.err.find("--keyref keystore://work"), std::string::npos) << outcome.err;
}

// What secret-tool and upstream nono write, by libsecret itself: a password with three attributes.
constexpr const char* kStoreItem = R"(
import ctypes, sys
class Attribute(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_int)]
class Schema(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("flags", ctypes.c_int), ("attributes", Attribute * 32),
                ("reserved", ctypes.c_int), ("more", ctypes.c_void_p * 7)]
names = [b"service", b"username", b"target"]
attributes = (Attribute * 32)(*[Attribute(name, 0) for name in names])
schema = Schema(b"org.freedesktop.Secret.Generic", 2, attributes)
words = [b"service", b"nono", b"username", b"api_key", b"target", b"default"]
store = ctypes.CDLL("libsecret-1.so.0").secret_password_store_sync
sys.exit(0 if store(ctypes.byref(schema), None, b"x", sys.argv[1].encode(), None, None,
                    *map(ctypes.c_char_p, words), ctypes.c_void_p(None)) else 1)
)";

// nono's own keys are not among the credentials.
TEST_F(KeyringTest, ACredentialForTheAgent) {
  constexpr const char* kPython = "/usr/bin/python3";
  if (!exists(kPython)) {
    GTEST_SKIP() << kPython << " is not installed: there is no Secret Service to test with";
  }
  write("store.py", kStoreItem);
  const Outcome outcome = with_keyring(
      "set -e; /usr/bin/python3 store.py marker-of-a-secret; "
      "$NONO trust keygen --keyref keystore://work >/dev/null; "
      "$NONO run -q --env-credential api_key --env-credential-map keystore://api_key OTHER -- "
      "sh -c 'echo \"[$API_KEY|$OTHER]\"'; "
      "grep -rc marker-of-a-secret $HOME/.local/state/nono | grep -v ':0$' || true; "
      "$NONO run -q --env-credential work -- sh -c 'echo started'");
  EXPECT_EQ(outcome.out, "[marker-of-a-secret|marker-of-a-secret]\n") << outcome.err;
  EXPECT_EQ(outcome.code, 125);
  EXPECT_TRUE(outcome.err.contains("keystore://work, is not in the keyring")) << outcome.err;
}

TEST_F(KeyringTest, ACredentialInALockedKeyringIsNotCalledMissing) {
  constexpr const char* kPython = "/usr/bin/python3";
  if (!exists(kPython)) {
    GTEST_SKIP() << kPython << " is not installed: there is no Secret Service to test with";
  }
  write("store.py", kStoreItem);
  const Outcome outcome =
      with_keyring(std::string("/usr/bin/python3 store.py marker-of-a-secret; ") + kLock +
                   "$NONO run -q --env-credential api_key -- sh -c 'echo started'");
  EXPECT_EQ(outcome.code, 125) << outcome.out << outcome.err;
  EXPECT_TRUE(outcome.err.contains("the keyring that holds keystore://api_key is locked"))
      << outcome.err;
}

TEST_F(KeyringTest, BusWithoutAServiceNamesTheAlternative) {
  const Outcome outcome = on_bus({program(), "trust", "keygen", "--keyref", "keystore://work"});
  EXPECT_EQ(outcome.code, 125) << outcome.err;
  EXPECT_NE(outcome.err.find("no Secret Service can be used"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("mend: keep the key in a file instead"), std::string::npos);
  EXPECT_FALSE(exists(home_ + "/.config/nono/trust/work.pub"));
}

class NoBusTest : public testing::CliTest {};

TEST_F(NoBusTest, WithoutABusTheAlternativeIsNamed) {
  environment_["DBUS_SESSION_BUS_ADDRESS"] = "unix:path=/nonexistent";
  const Outcome outcome = nono({"trust", "keygen", "--keyref", "keystore://work"});
  EXPECT_EQ(outcome.code, 125);
  EXPECT_NE(outcome.err.find("mend: keep the key in a file instead"), std::string::npos)
      << outcome.err;
}

TEST_F(NoBusTest, LibsecretIsNotLoadedUnlessItIsUsed) {
  write("CLAUDE.md", "text");
  const Outcome outcome =
      shell("LD_DEBUG=files $NONO trust sign CLAUDE.md 2>&1 | grep -c libsecret");
  EXPECT_EQ(testing::last_line(outcome.out), "0");
}

}  // namespace
}  // namespace nono::cli
