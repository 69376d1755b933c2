// base/result.cc: errors from errno, and their one-line form.
#include "base/result.h"

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

}  // namespace

Error Error::from_errno(int saved_errno, std::string_view doing, std::source_location at) {
  std::string message(doing);
  message += ": ";
  message += text_of(saved_errno);
  return {kind_of(saved_errno), std::move(message), saved_errno, at};
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
