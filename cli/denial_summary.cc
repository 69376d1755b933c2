#include "cli/denial_summary.h"

#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/files.h"

namespace nono::cli {
namespace {

// is_number says whether a part of a name is a process's number or drawn by chance.
bool is_number(std::string_view part) {
  constexpr std::string_view kDigits = "0123456789";
  constexpr std::string_view kHex = "0123456789abcdefABCDEF";
  constexpr std::size_t kShortest = 3;
  return part.size() >= kShortest && part.find_first_not_of(kHex) == std::string_view::npos &&
         part.find_first_of(kDigits) != std::string_view::npos;
}

// without_numbers puts * in the place of the numbers between the dots of a name.
std::string without_numbers(std::string_view path) {
  const std::string_view name = base_name(path);
  std::string out(path.substr(0, path.size() - name.size()));
  bool first = true;
  for (const auto range : std::views::split(name, '.')) {
    const std::string_view part(range);
    out += first ? "" : ".";
    out += is_number(part) ? "*" : part;
    first = false;
  }
  return out;
}

// kind_of is the same of those that are one line; empty: it is a line of its own.
std::string kind_of(const engine::Denial& denial) {
  const bool passing = denial.mend.empty() && denial.object.starts_with('/');
  return passing ? denial.operation + " " + denial.rule + " " + without_numbers(denial.object) : "";
}

}  // namespace

std::vector<engine::Denial> in_order(const std::vector<engine::Denial>& denials,
                                     std::string_view common) {
  std::vector<engine::Denial> out;
  std::unordered_map<std::string, std::size_t> known;
  for (const engine::Denial& denial : denials) {
    const std::string kind = kind_of(denial);
    const auto [at, is_new] = known.try_emplace(kind, out.size());
    if (kind.empty() || is_new) {
      out.push_back(denial);
      continue;
    }
    out[at->second].object = without_numbers(denial.object);
    out[at->second].count += denial.count;
  }
  std::ranges::stable_sort(out, {}, [common](const engine::Denial& denial) {
    constexpr int kLast = 2;
    return denial.rule != common ? 0 : denial.mend.empty() ? kLast : 1;
  });
  return out;
}

}  // namespace nono::cli
