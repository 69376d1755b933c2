// tests/cli/support.h: the built program, run by a user of its own in a project of its own.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/owned_fd.h"

namespace nono::cli::testing {

struct Outcome {
  int code = -1;  // 128 + N for a signal
  std::string out;
  std::string err;
};

// last_line ends without a newline.
inline std::string last_line(std::string text) {
  while (text.ends_with('\n')) {
    text.pop_back();
  }
  return text.substr(text.rfind('\n') + 1);
}

class CliTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = "/tmp/nono-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    home_ = base_ + "/home";
    tree_ = base_ + "/project";
    for (const std::string& path : {home_, tree_, tree_ + "/.git"}) {
      ASSERT_EQ(::mkdir(path.c_str(), 0700), 0);
    }
    environment_ = {
        {"HOME", home_}, {"PATH", "/usr/local/bin:/usr/bin:/bin"}, {"LC_ALL", "C.UTF-8"}};
  }
  void TearDown() override {
    const std::string command = "chmod -R u+rwx " + base_ + " 2>/dev/null; rm -rf " + base_;
    ASSERT_EQ(std::system(command.c_str()), 0);
  }

  static std::string program() { return std::string(NONO_BIN_DIR) + "/nono"; }

  // nono runs the program in the project and waits for it.
  Outcome nono(std::vector<std::string> words) const {
    words.insert(words.begin(), program());
    return run(words);
  }
  Outcome run(const std::vector<std::string>& words) const {
    std::array<int, 2> out{};
    std::array<int, 2> err{};
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(err.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      start(words, out[1], err[1]);
    }
    ::close(out[1]);
    ::close(err[1]);
    Outcome outcome;
    read_both(OwnedFd(out[0]), OwnedFd(err[0]), outcome);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return outcome;
  }
  // shell runs a script with $NONO set to the program.
  Outcome shell(const std::string& script) const {
    return run({"/bin/sh", "-c", "NONO=" + program() + "; " + script});
  }

  std::string in(std::string_view relative) const { return join_path(tree_, relative); }
  std::string write(std::string_view relative, std::string_view text) const {
    const std::string path = in(relative);
    const std::string parents = "mkdir -p '" + std::string(directory_name(path)) + "'";
    EXPECT_EQ(std::system(parents.c_str()), 0);
    const OwnedFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    EXPECT_TRUE(file.valid()) << path;
    EXPECT_TRUE(write_all(file, text).has_value());
    return path;
  }
  std::string read(const std::string& path) const {
    const auto text = read_file(path, 1u << 24);
    return text ? *text : "(" + text.error().message() + ")";
  }
  static bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }
  std::string user_policy() const { return home_ + "/.config/nono/trust-policy.json"; }
  static Json parse(const std::string& text) {
    auto json = Json::parse(text, kBundleLimits);
    EXPECT_TRUE(json.has_value()) << json.error().message() << "\n" << text;
    return json ? *std::move(json) : Json();
  }
  // at walks object members and array indices: at(json, {"files", "0", "status"}).
  static const Json& at(const Json& root, const std::vector<std::string>& steps) {
    static const Json kNothing{"(missing)"};
    const Json* here = &root;
    for (const std::string& step : steps) {
      if (here->array() != nullptr) {
        const std::size_t index = static_cast<std::size_t>(std::atoi(step.c_str()));
        here = index < here->array()->size() ? &(*here->array())[index] : nullptr;
      } else {
        here = here->find(step);
      }
      if (here == nullptr) {
        ADD_FAILURE() << "no " << step;
        return kNothing;
      }
    }
    return *here;
  }
  static std::string text_at(const Json& root, const std::vector<std::string>& steps) {
    const Json& found = at(root, steps);
    return found.string() != nullptr ? *found.string() : found.compact();
  }

  std::string base_;
  std::string home_;
  std::string tree_;
  std::map<std::string, std::string> environment_;

 private:
  [[noreturn]] void start(const std::vector<std::string>& words, int out, int err) const {
    std::vector<std::string> settings;
    for (const auto& [name, value] : environment_) {
      settings.push_back(name + "=" + value);
    }
    std::vector<char*> argv;
    std::vector<char*> envp;
    for (const std::string& word : words) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    for (const std::string& setting : settings) {
      envp.push_back(const_cast<char*>(setting.c_str()));
    }
    argv.push_back(nullptr);
    envp.push_back(nullptr);
    const int in = ::open("/dev/null", O_RDONLY);
    const bool ready = ::chdir(tree_.c_str()) == 0 && ::dup2(in, 0) == 0 && ::dup2(out, 1) == 1 &&
                       ::dup2(err, 2) == 2;
    if (ready) {
      ::execve(argv[0], argv.data(), envp.data());
    }
    ::_exit(99);
  }
  static void read_both(const OwnedFd& out, const OwnedFd& err, Outcome& outcome) {
    std::array<struct pollfd, 2> polled = {
        {{.fd = BorrowedFd(out).raw(), .events = POLLIN, .revents = 0},
         {.fd = BorrowedFd(err).raw(), .events = POLLIN, .revents = 0}}};
    const std::array<std::string*, 2> texts = {&outcome.out, &outcome.err};
    int open = 2;
    std::array<char, 65536> buffer{};
    while (open > 0 && ::poll(polled.data(), polled.size(), -1) > 0) {
      for (std::size_t i = 0; i < polled.size(); ++i) {
        if (polled[i].revents == 0) {
          continue;
        }
        const ssize_t got = ::read(polled[i].fd, buffer.data(), buffer.size());
        if (got <= 0) {
          polled[i].fd = -1;
          --open;
        } else {
          texts[i]->append(buffer.data(), static_cast<std::size_t>(got));
        }
      }
    }
  }
};

}  // namespace nono::cli::testing
