#include "engine/read_streams.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <variant>

#include "base/files.h"
#include "base/text.h"
#include "sandbox/resolve.h"
#include "sandbox/standard_streams.h"

namespace nono::engine {
namespace {

using trustpolicy::Admitted;
using trustpolicy::GuardClass;

constexpr std::size_t kStreams = 3;

// read_from is the file that the stream gives bytes of, as the kernel names it, without the mark of
// a removed one; empty where there is none.
std::string read_from(BorrowedFd stream) {
  const int flags = ::fcntl(stream.raw(), F_GETFL);
  struct stat status{};
  if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_WRONLY ||
      ::fstat(stream.raw(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return {};
  }
  return sandbox::raw_path_of(stream, status.st_nlink);
}

Result<OwnedFd> copy_for(const Judgement& judgement, BorrowedFd stream) {
  const auto* admitted = std::get_if<Admitted>(&judgement.decision);
  if (admitted == nullptr) {
    return OwnedFd();
  }
  NONO_TRY(OwnedFd copy, admitted->file().reopen_read_only());
  const off_t at = ::lseek(stream.raw(), 0, SEEK_CUR);
  if (at < 0 || ::lseek(BorrowedFd(copy).raw(), at, SEEK_SET) < 0) {
    return fail_errno(errno, "finding where a standard stream stands");
  }
  return copy;
}

}  // namespace

Result<std::vector<ReadStream>> read_streams(Gate gate, const sandbox::Network& network) {
  NONO_CHECK(sandbox::check_standard_streams(network));
  std::vector<ReadStream> out;
  for (std::size_t number = 0; number < kStreams; ++number) {
    const BorrowedFd stream = BorrowedFd::unowned(static_cast<int>(number));
    const std::string path = read_from(stream);
    const GuardClass found = path.empty() ? GuardClass::None : gate.policy().guard().classify(path);
    if (found == GuardClass::None) {
      continue;
    }
    Judgement judgement = gate.judge(stream, path, found);
    NONO_TRY(OwnedFd copy, copy_for(judgement, stream));
    out.push_back({number, std::move(judgement), std::move(copy)});
  }
  return out;
}

void hand_over(std::span<const ReadStream> streams, sandbox::LaunchPlan& launch) {
  for (const ReadStream& stream : streams) {
    launch.streams[stream.number] = BorrowedFd(stream.copy).raw();
  }
}

Result<void> record_reading(std::span<const ReadStream> streams, sandbox::Gatekeeper& gate) {
  for (const ReadStream& stream : streams) {
    const std::string& path = stream.judgement.path;
    const auto& decision = gate.judge_read(
        {::getpid(), stream.judgement.guard_class, path, path, BorrowedFd(stream.copy)});
    if (std::holds_alternative<trustpolicy::Denied>(decision)) {
      return fail(ErrorKind::PermissionDenied, printable(path) + " was denied at the start");
    }
  }
  return {};
}

std::vector<Verdict> verdicts_on(std::span<const ReadStream> streams, Which which) {
  std::vector<Verdict> out;
  for (const ReadStream& stream : streams) {
    const Judgement& judgement = stream.judgement;
    if (which == Which::All || !judgement.admitted()) {
      out.push_back(verdict_of(judgement, {judgement.path, judgement.guard_class, true}));
    }
  }
  return out;
}

}  // namespace nono::engine
