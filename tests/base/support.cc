// tests/base/support.cc: what several tests of base/ share.
#include "tests/base/support.h"

#include <dirent.h>
#include <ftw.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <memory>

namespace nono::testing {
namespace {

int remove_entry(const char* path, const struct stat* /*status*/, int /*kind*/,
                 struct FTW* /*where*/) {
  ::remove(path);
  return 0;
}

std::string read_to_end(BorrowedFd fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 1; got > 0;) {
    got = ::read(fd.raw(), buffer.data(), buffer.size());
    text.append(buffer.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }
  return text;
}

}  // namespace

TempDir::TempDir() : path_("/tmp/nono-base-test-XXXXXX") {
  if (::mkdtemp(path_.data()) == nullptr) {
    ADD_FAILURE() << "no temporary directory can be made";
  }
}

TempDir::~TempDir() {
  ::nftw(path_.c_str(), remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

OwnedFd TempDir::open() const {
  return OwnedFd(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

void TempDir::write(const std::string& name, const std::string& text) const {
  const OwnedFd file(
      ::open((*this / name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  ASSERT_TRUE(file.valid()) << name;
  const ssize_t written = ::write(BorrowedFd(file).raw(), text.data(), text.size());
  ASSERT_EQ(written, static_cast<ssize_t>(text.size()));
}

std::optional<std::string> TempDir::read(const std::string& name) const {
  const OwnedFd file(::open((*this / name).c_str(), O_RDONLY | O_CLOEXEC));
  return file.valid() ? std::optional(read_to_end(file)) : std::nullopt;
}

std::vector<std::string> TempDir::names() const {
  std::vector<std::string> names;
  struct CloseDir {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, CloseDir> directory(::opendir(path_.c_str()));
  if (!directory) {
    return names;
  }
  while (const struct dirent* entry = ::readdir(directory.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") {
      names.push_back(name);
    }
  }
  std::ranges::sort(names);
  return names;
}

std::string in_child(const std::function<std::string()>& body) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return "died: no pipe";
  }
  OwnedFd reader(ends[0]);
  OwnedFd writer(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    const std::string answer = body();
    const ssize_t written = ::write(BorrowedFd(writer).raw(), answer.data(), answer.size());
    ::_exit(written == static_cast<ssize_t>(answer.size()) ? 0 : 1);
  }
  writer.reset();
  std::string answer = read_to_end(reader);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0 ? answer : "died: status " + std::to_string(status);
}

bool fail_syscall(const Fault& fault) {
  const auto statement = [](unsigned code, std::size_t k) {
    return sock_filter{static_cast<std::uint16_t>(code), 0, 0, static_cast<std::uint32_t>(k)};
  };
  const auto unless = [](std::size_t k, std::uint8_t skip) {
    return sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, skip, static_cast<std::uint32_t>(k)};
  };
  // The low half of an argument comes first on the little-endian machines that nono runs on.
  const std::size_t argument = offsetof(seccomp_data, args) + 8 * fault.argument;
  std::array<sock_filter, 7> program = {
      statement(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      unless(static_cast<std::size_t>(fault.syscall), 4),
      statement(BPF_LD | BPF_W | BPF_ABS, argument),
      statement(BPF_ALU | BPF_AND | BPF_K, fault.mask),
      unless(fault.value, 1),
      statement(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(fault.error)),
      statement(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{program.size(), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

}  // namespace nono::testing
