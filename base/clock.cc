// base/clock.cc: RFC 3339 and durations.
#include "base/clock.h"

#include <array>
#include <charconv>
#include <limits>

namespace nono {
namespace {

using namespace std::chrono_literals;

// Reader takes fixed fields from the front of a text; the first misfit makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool failed() const { return failed_; }
  bool at_end() const { return text_.empty(); }
  bool next_is_digit() const {
    return !text_.empty() && text_.front() >= '0' && text_.front() <= '9';
  }
  bool take_if(std::string_view expected) {
    const bool fits = text_.starts_with(expected);
    if (fits) {
      text_.remove_prefix(expected.size());
    }
    return fits;
  }
  void literal(std::string_view expected) { failed_ = !take_if(expected) || failed_; }
  int digits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      value = value * 10 + digit();
    }
    return value;
  }
  int digit() {
    if (!next_is_digit()) {
      failed_ = true;
      return 0;
    }
    const int value = text_.front() - '0';
    text_.remove_prefix(1);
    return value;
  }
  int within(int value, int low, int high) {
    failed_ = failed_ || value < low || value > high;
    return value;
  }

 private:
  std::string_view text_;
  bool failed_ = false;
};

std::chrono::sys_days read_date(Reader& reader) {
  const std::chrono::year year{reader.within(reader.digits(4), 1, 9999)};
  reader.literal("-");
  const auto month = static_cast<unsigned>(reader.digits(2));
  reader.literal("-");
  const auto day = static_cast<unsigned>(reader.digits(2));
  const std::chrono::year_month_day date{year, std::chrono::month{month}, std::chrono::day{day}};
  reader.within(date.ok() ? 1 : 0, 1, 1);
  return date;
}

std::chrono::seconds read_time(Reader& reader) {
  const std::chrono::hours hours{reader.within(reader.digits(2), 0, 23)};
  reader.literal(":");
  const std::chrono::minutes minutes{reader.within(reader.digits(2), 0, 59)};
  reader.literal(":");
  const std::chrono::seconds seconds{reader.within(reader.digits(2), 0, 59)};
  return hours + minutes + seconds;
}

std::chrono::nanoseconds read_fraction(Reader& reader) {
  if (!reader.take_if(".")) {
    return 0ns;
  }
  std::int64_t value = reader.digit();
  std::int64_t unit = 100'000'000;
  value *= unit;
  while (unit > 1 && reader.next_is_digit()) {
    unit /= 10;
    value += unit * reader.digit();
  }
  return std::chrono::nanoseconds{value};
}

std::chrono::seconds read_zone(Reader& reader) {
  if (reader.take_if("Z")) {
    return 0s;
  }
  const bool east = reader.take_if("+");
  if (!east) {
    reader.literal("-");
  }
  const std::chrono::hours hours{reader.within(reader.digits(2), 0, 23)};
  reader.literal(":");
  const std::chrono::minutes minutes{reader.within(reader.digits(2), 0, 59)};
  const std::chrono::seconds offset = hours + minutes;
  return east ? offset : -offset;
}

void append_padded(std::string& out, std::int64_t value, std::size_t width) {
  std::array<char, 24> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  const std::string_view digits(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  out.append(width > digits.size() ? width - digits.size() : 0, '0');
  out += digits;
}

struct Unit {
  std::string_view name;
  std::chrono::milliseconds length;
};
// "ms" stands after "m" and "s" in size, but must be tried before them.
constexpr std::array<Unit, 4> kUnits = {{{"h", 1h}, {"m", 1min}, {"s", 1s}, {"ms", 1ms}}};

std::size_t unit_at(std::string_view text) {
  if (text.starts_with("ms")) {
    return 3;
  }
  for (std::size_t i = 0; i < kUnits.size(); ++i) {
    if (text.starts_with(kUnits[i].name)) {
      return i;
    }
  }
  return kUnits.size();
}

}  // namespace

std::string format_rfc3339(Instant when, int fraction_digits) {
  const auto days = std::chrono::floor<std::chrono::days>(when);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss time{when - days};
  std::string text;
  append_padded(text, static_cast<int>(date.year()), 4);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.month()), 2);
  text += '-';
  append_padded(text, static_cast<unsigned>(date.day()), 2);
  text += 'T';
  append_padded(text, time.hours().count(), 2);
  text += ':';
  append_padded(text, time.minutes().count(), 2);
  text += ':';
  append_padded(text, time.seconds().count(), 2);
  if (fraction_digits > 0) {
    std::string fraction;
    append_padded(fraction, time.subseconds().count(), 9);
    text += '.';
    text += fraction.substr(0, static_cast<std::size_t>(fraction_digits));
  }
  text += 'Z';
  return text;
}

std::optional<Instant> parse_rfc3339(std::string_view text, BeforeEpoch before) {
  Reader reader(text);
  const std::chrono::sys_days date = read_date(reader);
  reader.literal("T");
  const std::chrono::seconds time = read_time(reader);
  const std::chrono::nanoseconds fraction = read_fraction(reader);
  const std::chrono::seconds zone = read_zone(reader);
  const std::chrono::sys_seconds whole = date + time - zone;
  if (reader.failed() || !reader.at_end()) {
    return std::nullopt;
  }
  if (whole.time_since_epoch() < 0s) {
    return before == BeforeEpoch::Clamped ? std::optional(Instant{-1ns}) : std::nullopt;
  }
  if (whole >= std::chrono::floor<std::chrono::seconds>(Instant::max())) {
    return Instant::max();
  }
  return Instant{whole} + fraction;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::chrono::milliseconds total{0};
  std::size_t next_unit = 0;
  if (text.empty()) {
    return std::nullopt;
  }
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
    if (read.ec != std::errc{}) {
      return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    const std::size_t unit = unit_at(text);
    if (unit < next_unit || unit == kUnits.size()) {
      return std::nullopt;
    }
    total += count * kUnits[unit].length;  // at most 2^32 hours: no overflow
    text.remove_prefix(kUnits[unit].name.size());
    next_unit = unit + 1;
  }
  return total;
}

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

}  // namespace nono
