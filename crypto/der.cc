// crypto/der.cc: the strict DER reader.
#include "crypto/der.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace nono::crypto {
namespace {

constexpr std::uint8_t kLongForm = 0x80;
constexpr std::uint8_t kSignBit = 0x80;
constexpr std::uint8_t kTagNumber = 0x1F;  // all ones: the number stands in further bytes
constexpr std::uint8_t kTrue = 0xFF;
constexpr std::uint8_t kMoreToCome = 0x80;  // of an object identifier's arc, as follows
constexpr std::uint8_t kArcBits = 0x7F;

std::uint8_t value_of(std::byte byte) {
  return std::to_integer<std::uint8_t>(byte);
}

}  // namespace

bool DerReader::at(DerTag tag) const {
  return !rest_.empty() && value_of(rest_.front()) == static_cast<std::uint8_t>(tag);
}

std::uint8_t DerReader::take_byte() {
  const std::uint8_t value = value_of(rest_.front());
  rest_ = rest_.subspan(1);
  return value;
}

std::optional<std::size_t> DerReader::take_length() {
  if (rest_.empty()) {
    return std::nullopt;
  }
  const std::uint8_t first = take_byte();
  if (first < kLongForm) {
    return first;
  }
  // Keys and signatures stay far below 64 KiB; 0x80 alone is the indefinite form of BER.
  const std::size_t count = first - kLongForm;
  if (count < 1 || count > 2 || rest_.size() < count) {
    return std::nullopt;
  }
  std::size_t length = 0;
  for (std::size_t i = 0; i < count; ++i) {
    length = (length << 8) | take_byte();
  }
  const std::size_t least = count == 1 ? kLongForm : 0x100;
  return length < least ? std::nullopt : std::optional(length);
}

std::optional<std::span<const std::byte>> DerReader::take(DerTag tag) {
  if (!at(tag)) {
    return std::nullopt;
  }
  take_byte();
  const auto length = take_length();
  if (!length || *length > rest_.size()) {
    return std::nullopt;
  }
  const auto contents = rest_.first(*length);
  rest_ = rest_.subspan(*length);
  return contents;
}

std::optional<DerElement> DerReader::take_any() {
  const auto start = rest_;
  if (start.empty() || (value_of(start.front()) & kTagNumber) == kTagNumber) {
    return std::nullopt;
  }
  const auto tag = static_cast<DerTag>(value_of(start.front()));
  const auto contents = take(tag);
  if (!contents) {
    return std::nullopt;
  }
  return DerElement{
      .tag = tag, .contents = *contents, .whole = start.first(start.size() - rest_.size())};
}

std::optional<DerReader> DerReader::take_inside(DerTag tag) {
  const auto contents = take(tag);
  return contents ? std::optional(DerReader(*contents)) : std::nullopt;
}

std::optional<std::span<const std::byte>> DerReader::take_positive() {
  const auto contents = take(DerTag::Integer);
  if (!contents || contents->empty()) {
    return std::nullopt;
  }
  const std::uint8_t first = value_of(contents->front());
  if (first != 0) {
    return (first & kSignBit) != 0 ? std::nullopt : contents;
  }
  // A leading zero byte is there to keep a set top bit from meaning "negative", or not at all.
  if (contents->size() < 2 || (value_of((*contents)[1]) & kSignBit) == 0) {
    return std::nullopt;
  }
  return contents->subspan(1);
}

std::optional<std::span<const std::byte>> DerReader::take_unsigned() {
  DerReader ahead = *this;
  const auto zero = ahead.take(DerTag::Integer);
  if (zero && zero->size() == 1 && value_of(zero->front()) == 0) {
    rest_ = ahead.rest_;
    return zero;
  }
  return take_positive();
}

std::optional<std::uint8_t> DerReader::take_small() {
  const auto contents = take(DerTag::Integer);
  if (!contents || contents->size() != 1 || (value_of(contents->front()) & kSignBit) != 0) {
    return std::nullopt;
  }
  return value_of(contents->front());
}

std::optional<bool> DerReader::take_boolean() {
  const auto contents = take(DerTag::Boolean);
  if (!contents || contents->size() != 1) {
    return std::nullopt;
  }
  const std::uint8_t value = value_of(contents->front());
  return value == 0 || value == kTrue ? std::optional(value == kTrue) : std::nullopt;
}

std::optional<std::span<const std::byte>> DerReader::take_whole_bytes(DerTag tag) {
  const auto contents = take(tag);
  if (!contents || contents->empty() || value_of(contents->front()) != 0) {
    return std::nullopt;
  }
  return contents->subspan(1);
}

std::optional<std::string> oid_text(std::span<const std::byte> contents) {
  constexpr std::uint64_t kMostBeforeShift = std::numeric_limits<std::uint64_t>::max() >> 7;
  std::string text;
  std::uint64_t arc = 0;
  bool within = false;  // an arc has begun and not ended
  for (const std::byte byte : contents) {
    const std::uint8_t value = value_of(byte);
    if ((!within && value == kMoreToCome) || arc > kMostBeforeShift) {
      return std::nullopt;
    }
    arc = (arc << 7) | (value & kArcBits);
    within = (value & kMoreToCome) != 0;
    if (within) {
      continue;
    }
    // The first byte holds two arcs; the first of them is 0, 1 or 2.
    const std::uint64_t root = text.empty() ? std::min<std::uint64_t>(arc / 40, 2) : 0;
    text += text.empty() ? std::to_string(root) + '.' : ".";
    text += std::to_string(arc - root * 40);
    arc = 0;
  }
  return text.empty() || within ? std::nullopt : std::optional(std::move(text));
}

Bytes der_element(DerTag tag, std::span<const std::byte> contents) {
  Bytes out;
  const std::size_t size = contents.size();
  out.reserve(size + 2 + sizeof size);
  out.push_back(static_cast<std::byte>(tag));
  if (size < kLongForm) {
    out.push_back(static_cast<std::byte>(size));
  } else {
    const std::size_t count = (static_cast<std::size_t>(std::bit_width(size)) + 7) / 8;
    out.push_back(static_cast<std::byte>(kLongForm + count));
    for (std::size_t i = count; i-- > 0;) {
      out.push_back(static_cast<std::byte>(size >> (8 * i)));
    }
  }
  out.insert(out.end(), contents.begin(), contents.end());
  return out;
}

}  // namespace nono::crypto
