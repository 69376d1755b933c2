#include "cli/limit_options.h"

#include <charconv>
#include <string>

#include "base/clock.h"
#include "base/text.h"

namespace nono::cli {
namespace {

Result<std::optional<std::chrono::milliseconds>> duration_of(const Arguments& arguments,
                                                             const std::string& option) {
  const auto text = arguments.value(option);
  if (!text) {
    return std::nullopt;
  }
  const auto limit = parse_duration(*text);
  if (!limit || limit->count() <= 0) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--" + option + " " + printable(*text) + ": not a duration")
            .mend_with("write it as 90s, 10m, 2h or 1h30m"));
  }
  return limit;
}

Result<std::optional<std::uint64_t>> size_of(const Arguments& arguments,
                                             const std::string& option) {
  const auto text = arguments.value(option);
  if (!text) {
    return std::nullopt;
  }
  const auto limit = parse_size(*text);
  if (!limit || *limit == 0) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--" + option + " " + printable(*text) + ": not a size")
            .mend_with("write it as 4096, 64K, 512M or 8G"));
  }
  return limit;
}

Result<std::optional<std::uint64_t>> memory_of(const Arguments& arguments) {
  NONO_TRY(const std::optional<std::uint64_t> limit, size_of(arguments, "memory"));
  if (limit && *limit < sandbox::kLeastMemory) {
    return std::unexpected(
        Error(ErrorKind::Usage,
              "--memory " + sandbox::size_text(*limit) + ": too little for a program to start in")
            .mend_with("give " + sandbox::size_text(sandbox::kLeastMemory) + " or more"));
  }
  return limit;
}

Result<std::optional<std::uint64_t>> count_of(const Arguments& arguments,
                                              const std::string& option) {
  const auto text = arguments.value(option);
  if (!text) {
    return std::nullopt;
  }
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), count);
  if (error != std::errc() || end != text->data() + text->size() || count == 0) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--" + option + " " + printable(*text) + ": not a number")
            .mend_with("give a whole number from 1 to 4294967295"));
  }
  return count;
}

}  // namespace

Result<sandbox::Limits> limits_from(const Arguments& arguments) {
  sandbox::Limits out;
  NONO_TRY(out.wall_time, duration_of(arguments, "timeout"));
  NONO_TRY(out.memory, memory_of(arguments));
  NONO_TRY(out.processes, count_of(arguments, "limit-pids"));
  NONO_TRY(out.cpu_time, duration_of(arguments, "limit-cpu"));
  NONO_TRY(out.file_size, size_of(arguments, "limit-file"));
  NONO_TRY(out.disk_use, size_of(arguments, "limit-disk"));
  return out;
}

}  // namespace nono::cli
