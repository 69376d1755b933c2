// engine/form.h: application/x-www-form-urlencoded (WHATWG URL, 5), as OAuth 2.0 uses it in queries
// and bodies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nono::engine {

using FormFields = std::vector<std::pair<std::string, std::string>>;

// form_encode leaves letters, digits and `-._~`, and spells every other byte as %XX.
std::string form_encode(std::string_view text);
// form joins the fields: `a=b&c=d`.
std::string form(const FormFields& fields);

// read_form reads at most kMaxFormFields fields. Nothing: more of them, a name twice (RFC 6749,
// 3.1), a percent sign that spells no byte, or a NUL.
inline constexpr std::size_t kMaxFormFields = 32;
std::optional<FormFields> read_form(std::string_view text);
// field is the value of a name, or nothing.
std::optional<std::string> field(const FormFields& fields, std::string_view name);

}  // namespace nono::engine
