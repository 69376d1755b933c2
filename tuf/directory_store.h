// tuf/directory_store.h: a store in directories: ROLE.json, root.json and root_history/N.root.json
// in one, targets in another.
//
// What is read back is verified again by whoever reads it. Each file is replaced whole; a lock
// keeps a second update out for as long as the first one lasts. An error about what lies in the
// directories says what takes it out of the way: all of it can be fetched again.
#pragma once

#include <chrono>
#include <string>

#include "base/owned_fd.h"
#include "base/result.h"
#include "tuf/client.h"

namespace nono::tuf {

class DirectoryStore final : public Store {
 public:
  // DirectoryStore makes the directories when it writes first (0700).
  DirectoryStore(std::string metadata, std::string targets)
      : metadata_(std::move(metadata)), targets_(std::move(targets)) {}

  // lock makes the metadata directory and holds its lock until the descriptor is closed. Exhausted
  // where another process keeps it for longer than `patience`.
  Result<OwnedFd> lock(std::chrono::milliseconds patience) const;

  Result<std::optional<std::string>> metadata(std::string_view role) const override;
  Result<std::optional<std::string>> root(std::int64_t version) const override;
  Result<std::optional<std::string>> target(std::string_view path) const override;
  Result<void> write_metadata(std::string_view role, std::string_view text) override;
  // write_root writes the history first: root.json is never newer than it.
  Result<void> write_root(std::int64_t version, std::string_view text) override;
  Result<void> write_target(std::string_view path, std::string_view bytes) override;
  Result<void> forget_metadata(std::string_view role) override;

 private:
  Error mended(Error error, const std::string& path) const;
  Result<std::optional<std::string>> read_kept(const std::string& path,
                                               std::size_t max_bytes) const;
  Result<void> write_in(const std::string& directory, const std::string& path,
                        std::string_view text) const;

  std::string metadata_;
  std::string targets_;
};

}  // namespace nono::tuf
