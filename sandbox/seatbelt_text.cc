#include "sandbox/seatbelt_text.h"

#include <array>

#include "base/files.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kPrivate = "/private";
constexpr auto kMoved = std::to_array<std::string_view>({"/tmp", "/var", "/etc"});

bool is_moved(std::string_view path) {
  for (const std::string_view name : kMoved) {
    if (beneath(name, path)) {
      return true;
    }
  }
  return false;
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void append_hex(std::string& out, unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

}  // namespace

std::string seatbelt_string(std::string_view bytes) {
  std::string out = "\"";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      append_hex(out, byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string seatbelt_regex_quote(std::string_view bytes, LetterCase letter_case) {
  constexpr std::string_view kSpecial = "\\.[]{}()*+?^$|";
  std::string out;
  for (const char c : bytes) {
    if (letter_case == LetterCase::Folded && is_letter(c)) {
      const std::string both = {static_cast<char>(c | 0x20), static_cast<char>(c & ~0x20)};
      out.append("[").append(both).append("]");
      continue;
    }
    if (kSpecial.contains(c)) {
      out += '\\';
    }
    out += c;
  }
  return out;
}

std::vector<std::string> seatbelt_spellings(std::string_view path) {
  std::vector<std::string> out{std::string(path)};
  if (is_moved(path)) {
    out.push_back(std::string(kPrivate) + std::string(path));
  } else if (path.starts_with(kPrivate) && is_moved(path.substr(kPrivate.size()))) {
    out.emplace_back(path.substr(kPrivate.size()));
  }
  return out;
}

}  // namespace nono::sandbox
