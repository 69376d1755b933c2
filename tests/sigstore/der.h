// tests/sigstore/der.h: writing DER (X.690) and the big-endian numbers of TLS, by hand: a test must
// be able to write what no library agrees to write.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/encoding.h"

namespace nono::factory {

using Time = std::chrono::sys_seconds;

Bytes bytes_of(std::string_view text);
Bytes bytes_of(std::span<const std::byte> view);
Bytes joined(std::initializer_list<Bytes> parts);

// big_endian writes the low `size` bytes of a number.
Bytes big_endian(std::uint64_t number, std::size_t size);

inline constexpr unsigned kBoolean = 0x01;
inline constexpr unsigned kInteger = 0x02;
inline constexpr unsigned kBits = 0x03;
inline constexpr unsigned kOctets = 0x04;
inline constexpr unsigned kEnumerated = 0x0A;
inline constexpr unsigned kUtf8 = 0x0C;
inline constexpr unsigned kSequence = 0x30;
inline constexpr unsigned kSet = 0x31;
inline constexpr unsigned kContext = 0x80;             // [n] primitive: kContext + n
inline constexpr unsigned kContextConstructed = 0xA0;  // [n] constructed

Bytes der(unsigned tag, std::initializer_list<Bytes> parts);
Bytes der_text(unsigned tag, std::string_view text);
Bytes der_integer(std::uint64_t number);
// der_magnitude writes a positive INTEGER of any size.
Bytes der_magnitude(std::span<const std::byte> magnitude);
Bytes der_true();
Bytes der_null();
Bytes der_oid(std::string_view dotted);
Bytes der_bits(const Bytes& bytes, unsigned unused = 0);
Bytes der_set_of(std::vector<Bytes> members);  // in the order of DER
// der_time is a Time of RFC 5280: UTCTime before 2050; der_generalized always GeneralizedTime.
Bytes der_time(Time at);
Bytes der_generalized(Time at, std::string_view fraction = "");

}  // namespace nono::factory
