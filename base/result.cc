// base/result.cc: errors from errno, and their one-line form.
#include "base/result.h"

#include <sys/resource.h>

#include <cerrno>
#include <cstring>

namespace nono {
namespace {

ErrorKind kind_of(int saved_errno) {
  switch (saved_errno) {
    case ENOENT:
      return ErrorKind::NotFound;
    case EACCES:
    case EPERM:
      return ErrorKind::PermissionDenied;
    default:
      return ErrorKind::System;
  }
}

std::string text_of(int saved_errno) {
  // strerror(3) depends on the locale and on threads; the description table does not.
  if (const char* text = ::strerrordesc_np(saved_errno); text != nullptr) {
    return text;
  }
  return "error " + std::to_string(saved_errno);
}

std::string remedy_of(int saved_errno) {
  if (saved_errno == ENFILE) {
    return "this machine has no more open files: raise fs.file-max, or end what holds so many";
  }
  rlimit limit{};
  if (saved_errno != EMFILE || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return {};
  }
  return "raise the limit of open files (ulimit -n), which is " + std::to_string(limit.rlim_cur) +
         (limit.rlim_cur < limit.rlim_max ? "" : " and the most that is allowed here (ulimit -Hn)");
}

}  // namespace

Error Error::from_errno(int saved_errno, std::string_view doing, std::source_location at) {
  std::string message(doing);
  message += ": ";
  message += text_of(saved_errno);
  return Error(kind_of(saved_errno), std::move(message), saved_errno, at)
      .mend_with(remedy_of(saved_errno));
}

Error Error::from_fork(int saved_errno, std::string_view doing, std::source_location at) {
  Error error = from_errno(saved_errno, doing, at);
  return saved_errno != EAGAIN
             ? error
             : std::move(error).mend_with(
                   "a limit of processes is reached: raise it (ulimit -u, or pids.max of the "
                   "control group), or end some of yours");
}

std::string Error::message() const {
  std::string joined;
  for (auto step = trail_.rbegin(); step != trail_.rend(); ++step) {
    if (!joined.empty()) {
      joined += ": ";
    }
    joined += *step;
  }
  return joined;
}

}  // namespace nono
