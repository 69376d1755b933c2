// base/result.h: how nono's functions say that something went wrong.
//
// Three outcomes have three types, so that none can be taken for another:
//   Error      the machine, the network or the caller failed; carries a trail of context;
//   Rejection  evidence was examined and found wanting (attest/rejection.h): a value;
//   Denied     a policy said no (trustpolicy/decision.h): a value.
// An Error on the way to a Decision becomes a denial in one place: Denied::because_of().
#pragma once

#include <expected>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nono {

enum class ErrorKind : unsigned char {
  InvalidInput,      // malformed or out-of-range bytes from outside
  Usage,             // the command line asks for something that makes no sense
  NotFound,          // a file, key or session that should be there is not
  PermissionDenied,  // the operating system or a file's mode says no
  Unsupported,       // this kernel, platform or format version cannot do it
  Exhausted,         // a limit of ours was reached: size, depth, count, time; code() is EFBIG
                     // where a document or file from outside is over it
  System,            // errno(3), kept in Error::code()
  Network,
  Internal,  // a bug of ours
};

// Error says what failed and the steps that led there. message() is one line fit for a person;
// remedy(), when set, is the command or change that mends it.
class [[nodiscard]] Error {
 public:
  Error(ErrorKind kind, std::string message, int code = 0,
        std::source_location at = std::source_location::current())
      : kind_(kind), code_(code), at_(at), trail_{std::move(message)} {}

  // from_errno reads `saved_errno`, never the global errno, which any clean-up may overwrite.
  // The message is "<doing>: <text of errno>"; ENOENT, EACCES/EPERM map to their own kinds. EMFILE
  // and ENFILE have a remedy, which is the same whatever was being done.
  static Error from_errno(int saved_errno, std::string_view doing,
                          std::source_location at = std::source_location::current());
  // from_fork is that of a process that could not be made: EAGAIN is a limit of processes there.
  static Error from_fork(int saved_errno, std::string_view doing,
                         std::source_location at = std::source_location::current());

  // while_doing appends one line of context, outermost last, and returns the error for `return`.
  Error while_doing(std::string step) && {
    trail_.push_back(std::move(step));
    return std::move(*this);
  }
  // mend_with sets the sentence or command that mends the failure.
  Error mend_with(std::string remedy) && {
    remedy_ = std::move(remedy);
    return std::move(*this);
  }

  ErrorKind kind() const { return kind_; }
  int code() const { return code_; }
  const std::source_location& at() const { return at_; }
  const std::vector<std::string>& trail() const { return trail_; }  // innermost first
  const std::string& remedy() const { return remedy_; }
  // message joins the trail, outermost first, with ": ". Bytes from outside in it are not escaped.
  std::string message() const;

 private:
  ErrorKind kind_;
  int code_;
  std::source_location at_;
  std::vector<std::string> trail_;
  std::string remedy_;
};

template <typename T>
using Result = std::expected<T, Error>;

// fail makes the error of a Result<T>: `return fail(ErrorKind::InvalidInput, "…");`
[[nodiscard]] inline std::unexpected<Error> fail(
    ErrorKind kind, std::string message,
    std::source_location at = std::source_location::current()) {
  return std::unexpected(Error(kind, std::move(message), 0, at));
}
// fail_errno makes the error of a failed system call from a saved errno.
[[nodiscard]] inline std::unexpected<Error> fail_errno(
    int saved_errno, std::string_view doing,
    std::source_location at = std::source_location::current()) {
  return std::unexpected(Error::from_errno(saved_errno, doing, at));
}

[[nodiscard]] inline std::unexpected<Error> fail_fork(
    int saved_errno, std::string_view doing,
    std::source_location at = std::source_location::current()) {
  return std::unexpected(Error::from_fork(saved_errno, doing, at));
}

}  // namespace nono

// libstdc++ 12 has std::expected without and_then and transform, hence two macros.
// NONO_TRY(auto x, f()) binds the value of f() or returns its error;
// NONO_CHECK(f()) returns the error of f() and ignores its value.
// NOLINTBEGIN(bugprone-macro-parentheses): lhs is a declaration.
#define NONO_TRY(lhs, expr) NONO_TRY_IMPL(NONO_CAT(nono_try_, __LINE__), lhs, expr)
#define NONO_TRY_IMPL(tmp, lhs, expr)               \
  auto tmp = (expr);                                \
  if (!tmp) {                                       \
    return std::unexpected(std::move(tmp).error()); \
  }                                                 \
  lhs = *std::move(tmp)
#define NONO_CHECK(expr)                                     \
  do {                                                       \
    if (auto nono_check = (expr); !nono_check) {             \
      return std::unexpected(std::move(nono_check).error()); \
    }                                                        \
  } while (false)
#define NONO_CAT(a, b) NONO_CAT2(a, b)
#define NONO_CAT2(a, b) a##b
// NOLINTEND(bugprone-macro-parentheses)
