// base/sealed_file.cc: copying a file into a memfd that nobody can change.
#include "base/sealed_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>

#include "base/files.h"
#include "base/text.h"

namespace nono {
namespace {

// Newer than the oldest headers that we build with.
constexpr unsigned kNoExecSeal = 0x0008;  // MFD_NOEXEC_SEAL, Linux 6.3
constexpr int kSealExec = 0x0020;         // F_SEAL_EXEC, Linux 6.3
constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

struct Memory {
  OwnedFd fd;
  bool knows_exec_seal = false;
};

Result<Memory> new_memory() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  constexpr const char* kName = "nono-sealed";
  if (const int fd = ::memfd_create(kName, kFlags | kNoExecSeal); fd >= 0) {
    return Memory{OwnedFd(fd), true};
  }
  if (errno != EINVAL) {
    return fail_errno(errno, "create a memory file");
  }
  const int fd = ::memfd_create(kName, kFlags);
  if (fd < 0) {
    return fail_errno(errno, "create a memory file");
  }
  return Memory{OwnedFd(fd), false};
}

Result<std::size_t> read_at(BorrowedFd fd, std::span<std::byte> buffer, std::uint64_t offset) {
  while (true) {
    const ssize_t got = ::pread(fd.raw(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) {
      return fail_errno(errno, "read");
    }
  }
}

std::unexpected<Error> too_large(std::string_view shown_as, std::uint64_t max_bytes) {
  return std::unexpected(Error(
      ErrorKind::Exhausted,
      printable(shown_as) + ": larger than the limit of " + std::to_string(max_bytes) + " bytes",
      EFBIG));
}

Result<std::uint64_t> copy_capped(BorrowedFd source, BorrowedFd target, std::string_view shown_as,
                                  std::uint64_t max_bytes) {
  std::array<std::byte, 32768> buffer{};
  std::uint64_t size = 0;
  while (true) {
    auto got = read_at(source, buffer, size);
    if (!got) {
      return std::unexpected(std::move(got).error().while_doing(printable(shown_as)));
    }
    if (*got == 0) {
      return size;
    }
    if (*got > max_bytes - size) {
      return too_large(shown_as, max_bytes);
    }
    NONO_CHECK(write_all(target, std::span(buffer).first(*got)));
    size += *got;
  }
}

}  // namespace

Result<SealedFile> SealedFile::capture(BorrowedFd source, std::string shown_as,
                                       std::uint64_t max_bytes) {
  NONO_TRY(const struct stat status, status_of(source, shown_as));
  if (!S_ISREG(status.st_mode)) {
    return fail(ErrorKind::InvalidInput, printable(shown_as) + ": not a regular file");
  }
  if (static_cast<std::uint64_t>(status.st_size) > max_bytes) {
    return too_large(shown_as, max_bytes);
  }
  NONO_TRY(Memory memory, new_memory());
  NONO_TRY(const std::uint64_t size, copy_capped(source, memory.fd, shown_as, max_bytes));
  const int seals = kSeals | F_SEAL_SEAL | (memory.knows_exec_seal ? kSealExec : 0);
  if (::fcntl(BorrowedFd(memory.fd).raw(), F_ADD_SEALS, seals) != 0) {
    return fail_errno(errno, "seal a memory file");
  }
  return SealedFile(std::move(memory.fd), size, std::move(shown_as));
}

Result<std::vector<std::byte>> SealedFile::contents() const {
  std::vector<std::byte> bytes(size_);
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    NONO_TRY(const std::size_t got, read_at(fd(), std::span(bytes).subspan(filled), filled));
    if (got == 0) {
      return fail(ErrorKind::Internal, "a sealed copy is shorter than it was");
    }
    filled += got;
  }
  return bytes;
}

Result<OwnedFd> SealedFile::reopen_read_only() const {
  const std::string path = "/proc/self/fd/" + std::to_string(fd().raw());
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return fail_errno(errno, "reopen the sealed copy of " + printable(shown_as_));
  }
  return OwnedFd(fd);
}

Result<SealedFile> SealedFile::clone() const {
  const int fd = ::fcntl(this->fd().raw(), F_DUPFD_CLOEXEC, 0);
  if (fd < 0) {
    return fail_errno(errno, "duplicate the sealed copy of " + printable(shown_as_));
  }
  return SealedFile(OwnedFd(fd), size_, shown_as_);
}

}  // namespace nono
