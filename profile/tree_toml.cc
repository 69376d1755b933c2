// profile/tree_toml.cc: TOML 1.0. The only user of toml++.
//
// toml++ 3.3 was not made for hostile text: it states as assumptions of the compiler what such text
// breaks. So its assertions are compiled in as exceptions, which end here, and only ASCII is handed
// to it, because its tables of other white space run into unreachable code.
#include <algorithm>
#include <exception>
#include <utility>

#include "base/text.h"
#include "profile/tree.h"

namespace nono::profile {

struct BrokenAssumption final : std::exception {
  const char* what() const noexcept override { return "unexpected text"; }
};
// The one exception of our own: through toml++, which is compiled with exceptions, into read_toml.
[[noreturn]] static void assumption_broken() {
  std::rethrow_exception(std::make_exception_ptr(BrokenAssumption()));
}

}  // namespace nono::profile

#undef NDEBUG
#define TOML_ASSERT(expr) \
  (static_cast<bool>(expr) ? static_cast<void>(0) : ::nono::profile::assumption_broken())
#define TOML_EXCEPTIONS 1
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

namespace nono::profile {
namespace {

static_assert(TOML_MAX_NESTED_VALUES == kMaxProfileDepth);

// toml++ builds a.b.c… without a limit of depth and takes trees apart recursively. A key lies
// within one line, so the dots of a line bound what it can add.
constexpr std::ptrdiff_t kMaxDotsPerLine = 128;

Error at_line(std::size_t line, std::string_view why, ErrorKind kind = ErrorKind::InvalidInput) {
  return {kind, "line " + std::to_string(line) + ": " + std::string(why)};
}

Result<void> check_lines(std::string_view text) {
  std::size_t line = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (!std::ranges::all_of(text.substr(0, end),
                             [](unsigned char c) { return c > 0 && c < 0x80; })) {
      return std::unexpected(
          at_line(line, "TOML is read in ASCII; write other characters as \\u00e9 in a string"));
    }
    if (std::ranges::count(text.substr(0, end), '.') > kMaxDotsPerLine) {
      return std::unexpected(at_line(
          line, "has more than " + std::to_string(kMaxDotsPerLine) + " dots; break it into several",
          ErrorKind::Exhausted));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line;
  }
  return {};
}

// TreeMaker turns toml++'s nodes into ours, no deeper and no more than the limits.
class TreeMaker {
 public:
  // make recurses at most kMaxProfileDepth deep.
  Result<Json> make(const toml::node& node, std::size_t depth) {
    const std::size_t line = node.source().begin.line;
    if (depth > kMaxProfileDepth) {
      return std::unexpected(at_line(line, "is nested too deeply", ErrorKind::Exhausted));
    }
    if (++values_ > kProfileLimits.values) {
      return std::unexpected(at_line(line, "has too many values", ErrorKind::Exhausted));
    }
    if (const auto* table = node.as_table()) {
      return make_object(*table, depth);
    }
    if (const auto* array = node.as_array()) {
      return make_array(*array, depth);
    }
    return make_scalar(node, line);
  }

 private:
  Result<Json> make_object(const toml::table& table, std::size_t depth) {
    Json::Object out;
    for (const auto& [key, value] : table) {
      NONO_TRY(Json made, make(value, depth + 1));
      out.emplace_back(std::string(key.str()), std::move(made));
    }
    return Json(std::move(out));
  }

  Result<Json> make_array(const toml::array& array, std::size_t depth) {
    Json::Array out;
    for (const toml::node& value : array) {
      NONO_TRY(Json made, make(value, depth + 1));
      out.push_back(std::move(made));
    }
    return Json(std::move(out));
  }

  static Result<Json> make_scalar(const toml::node& node, std::size_t line) {
    if (const auto* text = node.as_string()) {
      return Json(text->get());
    }
    if (const auto* number = node.as_integer()) {
      return Json(std::int64_t{number->get()});
    }
    if (const auto* flag = node.as_boolean()) {
      return Json(flag->get());
    }
    return std::unexpected(at_line(
        line, "is a date or a number with a fraction; a profile has strings, integers, booleans"));
  }

  std::size_t values_ = 0;
};

}  // namespace

Result<Json> read_toml(std::string_view text) {
  NONO_CHECK(check_lines(text));
  try {
    return TreeMaker().make(toml::parse(text), 0);
  } catch (const toml::parse_error& error) {
    return std::unexpected(
        at_line(error.source().begin.line, "not TOML: " + printable(error.description())));
  } catch (const BrokenAssumption& error) {
    return fail(ErrorKind::InvalidInput, "document: not TOML: " + std::string(error.what()));
  }
}

}  // namespace nono::profile
