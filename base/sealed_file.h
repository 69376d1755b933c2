// base/sealed_file.h: file contents that can no longer change.
//
// A SealedFile is a snapshot of a file in a write-sealed memfd (memfd_create(2), F_SEAL_*). It is
// the only thing that nono verifies and the only thing that it lets an agent read in place of an
// instruction file: the bytes checked are the bytes served, with no window in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"

namespace nono {

class [[nodiscard]] SealedFile {
 public:
  // Instruction files are prose; what is larger is refused before anything is hashed.
  static constexpr std::uint64_t kDefaultMaxBytes = 1u << 20;

  // capture copies `source`, an open and readable descriptor of a regular file, from its start up
  // to `max_bytes`, and seals the copy. The offset of `source` is not moved. Anything but a
  // regular file is InvalidInput, more than `max_bytes` is Exhausted (decided on fstat first, so a
  // sparse terabyte costs nothing, and again while reading). `shown_as` is kept for messages and
  // subject-name checks; it is never opened again.
  static Result<SealedFile> capture(BorrowedFd source, std::string shown_as,
                                    std::uint64_t max_bytes = kDefaultMaxBytes);

  const std::string& shown_as() const { return shown_as_; }
  std::uint64_t size() const { return size_; }
  BorrowedFd fd() const { return fd_; }

  // contents reads the whole sealed copy. It can fail only as memory or the kernel fail.
  Result<std::vector<std::byte>> contents() const;
  // reopen_read_only returns a fresh O_RDONLY|O_CLOEXEC descriptor with its own offset.
  Result<OwnedFd> reopen_read_only() const;
  // clone is another handle on the same sealed bytes.
  Result<SealedFile> clone() const;

 private:
  SealedFile(OwnedFd fd, std::uint64_t size, std::string shown_as)
      : fd_(std::move(fd)), size_(size), shown_as_(std::move(shown_as)) {}
  OwnedFd fd_;
  std::uint64_t size_ = 0;
  std::string shown_as_;
};

}  // namespace nono
