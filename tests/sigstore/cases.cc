// tests/sigstore/cases.cc: the collection.
#include "tests/sigstore/cases.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "tests/sigstore/world.h"

namespace nono::factory {
namespace {

void put(std::vector<Case>& all, Case one, const Cases::Change& change) {
  change(one.recipe);
  all.push_back(std::move(one));
}

}  // namespace

void Cases::add(std::string_view name, std::string_view expected, const Change& change) {
  put(all_, {std::string(name), std::string(expected), Recipe()}, change);
}

void Cases::add_v2(std::string_view name, std::string_view expected, const Change& change) {
  put(all_, {std::string(name), std::string(expected), second_generation()}, change);
}

void Cases::add_statement(std::string_view name, std::string_view expected, const Change& change) {
  Recipe recipe;
  recipe.content = Content::Statement;
  put(all_, {std::string(name), std::string(expected), std::move(recipe)}, change);
}

std::vector<Case> all_cases() {
  Cases cases;
  add_valid_shapes(cases);
  add_certificate_faults(cases);
  add_sct_faults(cases);
  add_log_faults(cases);
  add_time_faults(cases);
  add_form_faults(cases);
  add_content_faults(cases);
  add_windows(cases);
  add_thresholds(cases);
  return cases.all();
}

void flip_last(Bytes& bytes) {
  bytes.back() ^= std::byte{1};
}

void replace_once(Bytes& bytes, const Bytes& from, const Bytes& to) {
  const auto found = std::ranges::search(bytes, from);
  if (found.empty()) {
    std::abort();
  }
  Bytes out(bytes.begin(), found.begin());
  out.insert(out.end(), to.begin(), to.end());
  out.insert(out.end(), found.end(), bytes.end());
  bytes = std::move(out);
}

void replace_once(std::string& text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) {
    std::abort();
  }
  text.replace(at, from.size(), to);
}

}  // namespace nono::factory
