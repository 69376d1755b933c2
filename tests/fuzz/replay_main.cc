// tests/fuzz/replay_main.cc: runs a fuzz target over every file of the directories that are named,
// for compilers without libFuzzer. Exits 1 when a directory cannot be read or no file was found: a
// replay of nothing must not pass. The files are ours; the target treats them as hostile.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

std::optional<std::vector<std::uint8_t>> read_at(int directory, const char* name) {
  const int fd = ::openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return std::nullopt;
  }
  std::vector<std::uint8_t> bytes;
  std::uint8_t chunk[65536];
  ssize_t got = 0;
  while ((got = ::read(fd, chunk, sizeof chunk)) > 0) {
    bytes.insert(bytes.end(), chunk, chunk + got);
  }
  ::close(fd);
  return got < 0 ? std::nullopt : std::optional(std::move(bytes));
}

bool is_regular_file(int directory, const char* name) {
  struct stat info = {};
  return ::fstatat(directory, name, &info, 0) == 0 && (info.st_mode & S_IFMT) == S_IFREG;
}

// Returns how many files ran, or nothing when one could not be read.
std::optional<std::size_t> replay(const char* path) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path));
  if (!directory) {
    return std::nullopt;
  }
  std::size_t count = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (!is_regular_file(::dirfd(directory.get()), entry->d_name)) {
      continue;
    }
    const auto bytes = read_at(::dirfd(directory.get()), entry->d_name);
    if (!bytes) {
      return std::nullopt;
    }
    LLVMFuzzerTestOneInput(bytes->data(), bytes->size());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t total = 0;
  for (int i = 1; i < argc; ++i) {
    const auto count = replay(argv[i]);
    if (!count || *count == 0) {
      std::fprintf(stderr, "replay: %s: %s\n", argv[i], count ? "holds no file" : "cannot be read");
      return 1;
    }
    total += *count;
  }
  std::printf("replayed %zu files\n", total);
  return total == 0 ? 1 : 0;
}
