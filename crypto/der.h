// crypto/der.h: reading DER (X.690) strictly, as far as keys, signatures, certificates and
// timestamps need it. Internal to crypto/.
//
// Nothing read is trusted. One encoding per value: tags of one byte, definite lengths in their
// shortest form, integers without a needless leading byte. What is read is borrowed, never copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "base/encoding.h"

namespace nono::crypto {

enum class DerTag : std::uint8_t {
  Boolean = 0x01,
  Integer = 0x02,
  BitString = 0x03,
  OctetString = 0x04,
  Null = 0x05,
  ObjectIdentifier = 0x06,
  Utf8String = 0x0C,
  UtcTime = 0x17,
  GeneralizedTime = 0x18,
  Sequence = 0x30,
  Set = 0x31,
  ImplicitZero = 0x80,  // [0] IMPLICIT, primitive
  ImplicitOne = 0x81,   // [1] IMPLICIT, primitive
  ImplicitTwo = 0x82,   // [2] IMPLICIT, primitive
  ExplicitZero = 0xA0,  // or [0] IMPLICIT, constructed
  ExplicitOne = 0xA1,
  ExplicitThree = 0xA3,
  ExplicitFour = 0xA4,
};

// DerElement is one element as it stands: `whole` is tag, length and contents.
struct DerElement {
  DerTag tag;  // any tag of one byte, named above or not
  std::span<const std::byte> contents;
  std::span<const std::byte> whole;
};

class DerReader {
 public:
  explicit DerReader(std::span<const std::byte> der) : rest_(der) {}

  // at reports whether the next element bears `tag`; nothing is consumed.
  bool at(DerTag tag) const;
  bool done() const { return rest_.empty(); }

  // take consumes one element with `tag` and returns its contents; nothing on another tag, an
  // indefinite or longer than needed length, or too few bytes. The reader is then of no more use.
  std::optional<std::span<const std::byte>> take(DerTag tag);
  // take_any is take for any tag of one byte; what is inside is not looked at.
  std::optional<DerElement> take_any();
  // take_inside is take for constructed elements.
  std::optional<DerReader> take_inside(DerTag tag);
  // take_positive consumes an INTEGER > 0 and returns its magnitude, first byte not zero.
  std::optional<std::span<const std::byte>> take_positive();
  // take_unsigned consumes an INTEGER >= 0 and returns its magnitude; zero is one zero byte.
  std::optional<std::span<const std::byte>> take_unsigned();
  // take_small consumes an INTEGER from 0 to 127.
  std::optional<std::uint8_t> take_small();
  std::optional<bool> take_boolean();
  // take_whole_bytes consumes a BIT STRING (or `tag` standing for one) without unused bits.
  std::optional<std::span<const std::byte>> take_whole_bytes(DerTag tag = DerTag::BitString);

 private:
  std::optional<std::size_t> take_length();
  std::uint8_t take_byte();
  std::span<const std::byte> rest_;
};

// oid_text writes the contents of an OBJECT IDENTIFIER with dots; nothing where an arc is cut off,
// longer than needed or beyond 64 bits.
std::optional<std::string> oid_text(std::span<const std::byte> contents);

// der_element writes one element with the shortest length.
Bytes der_element(DerTag tag, std::span<const std::byte> contents);

}  // namespace nono::crypto
