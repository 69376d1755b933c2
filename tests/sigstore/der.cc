// tests/sigstore/der.cc: DER by hand.
#include "tests/sigstore/der.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

namespace nono::factory {
namespace {

void append(Bytes& out, const Bytes& part) {
  out.insert(out.end(), part.begin(), part.end());
}

Bytes length_of(std::size_t size) {
  if (size < 0x80) {
    return big_endian(size, 1);
  }
  std::size_t width = 1;
  while (size >> (8 * width) != 0) {
    ++width;
  }
  return joined({big_endian(0x80 + width, 1), big_endian(size, width)});
}

void append_base128(Bytes& out, std::uint64_t arc) {
  int shift = 63;
  while (shift > 0 && (arc >> shift) == 0) {
    shift -= 7;
  }
  for (; shift >= 0; shift -= 7) {
    const unsigned more = shift > 0 ? 0x80 : 0;
    out.push_back(static_cast<std::byte>(((arc >> shift) & 0x7F) | more));
  }
}

std::string digits(int number, std::size_t width) {
  std::string text = std::to_string(number);
  return std::string(width - std::min(width, text.size()), '0') + text;
}

// YYYYMMDDHHMMSS
std::string stamp(Time at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(at - day);
  return digits(static_cast<int>(date.year()), 4) +
         digits(static_cast<int>(static_cast<unsigned>(date.month())), 2) +
         digits(static_cast<int>(static_cast<unsigned>(date.day())), 2) +
         digits(static_cast<int>(clock.hours().count()), 2) +
         digits(static_cast<int>(clock.minutes().count()), 2) +
         digits(static_cast<int>(clock.seconds().count()), 2);
}

}  // namespace

Bytes bytes_of(std::string_view text) {
  return bytes_of(as_bytes(text));
}

Bytes bytes_of(std::span<const std::byte> view) {
  return {view.begin(), view.end()};
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) {
    append(out, part);
  }
  return out;
}

Bytes big_endian(std::uint64_t number, std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) {
    out[size - 1 - i] = static_cast<std::byte>(number >> (8 * i));
  }
  return out;
}

Bytes der(unsigned tag, std::initializer_list<Bytes> parts) {
  const Bytes contents = joined(parts);
  return joined({big_endian(tag, 1), length_of(contents.size()), contents});
}

Bytes der_text(unsigned tag, std::string_view text) {
  return der(tag, {bytes_of(text)});
}

Bytes der_magnitude(std::span<const std::byte> magnitude) {
  while (magnitude.size() > 1 && magnitude.front() == std::byte{0}) {
    magnitude = magnitude.subspan(1);
  }
  const bool high = !magnitude.empty() && (magnitude.front() & std::byte{0x80}) != std::byte{0};
  return der(kInteger, {high ? big_endian(0, 1) : Bytes(), bytes_of(magnitude)});
}

Bytes der_integer(std::uint64_t number) {
  return der_magnitude(big_endian(number, 8));
}

Bytes der_true() {
  return der(kBoolean, {big_endian(0xFF, 1)});
}

Bytes der_null() {
  return big_endian(0x0500, 2);
}

Bytes der_oid(std::string_view dotted) {
  std::vector<std::uint64_t> arcs;
  const char* at = dotted.data();
  const char* const end = at + dotted.size();
  while (at < end) {
    std::uint64_t arc = 0;
    at = std::from_chars(at, end, arc).ptr + 1;
    arcs.push_back(arc);
  }
  Bytes contents;
  append_base128(contents, arcs.at(0) * 40 + arcs.at(1));
  for (std::size_t i = 2; i < arcs.size(); ++i) {
    append_base128(contents, arcs[i]);
  }
  return der(0x06, {contents});
}

Bytes der_bits(const Bytes& bytes, unsigned unused) {
  return der(kBits, {big_endian(unused, 1), bytes});
}

Bytes der_set_of(std::vector<Bytes> members) {
  std::ranges::sort(members);
  Bytes contents;
  for (const Bytes& member : members) {
    append(contents, member);
  }
  return der(kSet, {contents});
}

Bytes der_time(Time at) {
  const std::string text = stamp(at);
  return text < "2050" ? der_text(0x17, text.substr(2) + "Z") : der_text(0x18, text + "Z");
}

Bytes der_generalized(Time at, std::string_view fraction) {
  return der_text(0x18, stamp(at).append(fraction) + "Z");
}

}  // namespace nono::factory
