// attest/pattern.cc: regular expressions. The only file that includes RE2.
//
// A pattern comes from a policy or a command line, a value from a certificate. RE2 compiles to an
// automaton: time is linear in the value for every pattern, and the automaton is bounded here.
#include <re2/re2.h>

#include <string>
#include <utility>

#include "attest/identity.h"
#include "base/text.h"

namespace nono::attest {

namespace {

// An automaton of some 16,000 instructions; what needs more is refused when it is parsed.
constexpr std::int64_t kMaxMemory = 1 << 20;

re2::RE2::Options options() {
  re2::RE2::Options options(re2::RE2::DefaultOptions);
  options.set_encoding(re2::RE2::Options::EncodingUTF8);
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  options.set_never_capture(true);
  return options;
}

}  // namespace

struct Pattern::Impl {
  explicit Impl(const std::string& text) : automaton(text, options()) {}
  re2::RE2 automaton;
};

Result<Pattern> Pattern::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxBytes) {
    return fail(ErrorKind::InvalidInput, "a pattern has 1 to " + std::to_string(kMaxBytes) +
                                             " bytes; this one has " + std::to_string(text.size()));
  }
  if (text.contains('\0') || !is_utf8(text)) {
    return fail(ErrorKind::InvalidInput, "a pattern must be UTF-8 without NUL characters");
  }
  std::string copy(text);
  auto impl = std::make_shared<const Impl>(copy);
  if (!impl->automaton.ok()) {
    return fail(ErrorKind::InvalidInput,
                "the pattern \"" + printable(text) +
                    "\" is no regular expression of RE2: " + printable(impl->automaton.error()));
  }
  return Pattern(std::move(copy), std::move(impl));
}

bool Pattern::matches(std::string_view value) const {
  if (value.size() > kMaxValueBytes || !is_utf8(value)) {
    return false;
  }
  const re2::StringPiece input(value.data(), value.size());
  return impl_->automaton.Match(input, 0, input.size(), re2::RE2::ANCHOR_BOTH, nullptr, 0);
}

}  // namespace nono::attest
