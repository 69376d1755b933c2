// engine/form.cc: see form.h.
#include "engine/form.h"

#include <algorithm>
#include <cstddef>

#include "base/encoding.h"

namespace nono::engine {

namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").contains(c);
}

std::optional<std::string> form_decode(std::string_view text) {
  constexpr std::size_t kSpelt = 3;  // %XX
  std::string plain;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      plain.push_back(text[at] == '+' ? ' ' : text[at]);
      continue;
    }
    const auto byte =
        at + kSpelt <= text.size() ? hex_decode(text.substr(at + 1, 2)) : std::nullopt;
    if (!byte) {
      return std::nullopt;
    }
    plain.append(as_text(*byte));
    at += kSpelt - 1;
  }
  return plain.contains('\0') ? std::nullopt : std::optional(std::move(plain));
}

}  // namespace

std::string form_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string coded;
  for (const char c : text) {
    if (is_plain(c)) {
      coded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    coded.push_back('%');
    coded.push_back(kDigits[byte >> 4U]);
    coded.push_back(kDigits[byte & 15U]);
  }
  return coded;
}

std::string form(const FormFields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += (text.empty() ? "" : "&") + form_encode(name) + "=" + form_encode(value);
  }
  return text;
}

std::optional<FormFields> read_form(std::string_view text) {
  FormFields fields;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    if (one.empty()) {
      continue;
    }
    const std::size_t equals = std::min(one.find('='), one.size());
    auto name = form_decode(one.substr(0, equals));
    auto value = form_decode(one.substr(std::min(equals + 1, one.size())));
    if (!name || !value || field(fields, *name) || fields.size() == kMaxFormFields) {
      return std::nullopt;
    }
    fields.emplace_back(*std::move(name), *std::move(value));
  }
  return fields;
}

std::optional<std::string> field(const FormFields& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &FormFields::value_type::first);
  return found == fields.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace nono::engine
