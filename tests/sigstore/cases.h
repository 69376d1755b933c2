// tests/sigstore/cases.h: every case of keyless verification, by name, with the verdict that is
// right. tests/attest/keyless_test.cc holds nono against them, tests/differential others.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/sigstore/recipe.h"

namespace nono::factory {

struct Case {
  std::string name;      // "sct/from-an-unknown-log"
  std::string expected;  // "accepted" or the code of a reason (attest/rejection.h)
  Recipe recipe;
};

// Cases collects them; `add` starts from the default recipe, `add_v2` from second_generation(),
// `add_statement` from a bundle with a DSSE envelope.
class Cases {
 public:
  using Change = std::function<void(Recipe&)>;
  void add(std::string_view name, std::string_view expected, const Change& change);
  void add_v2(std::string_view name, std::string_view expected, const Change& change);
  void add_statement(std::string_view name, std::string_view expected, const Change& change);
  const std::vector<Case>& all() const { return all_; }

 private:
  std::vector<Case> all_;
};

// One per file cases_….cc.
void add_valid_shapes(Cases& cases);
void add_certificate_faults(Cases& cases);
void add_sct_faults(Cases& cases);
void add_log_faults(Cases& cases);
void add_time_faults(Cases& cases);
void add_form_faults(Cases& cases);
void add_content_faults(Cases& cases);
void add_windows(Cases& cases);
void add_thresholds(Cases& cases);

std::vector<Case> all_cases();

// What hooks do most.
void flip_last(Bytes& bytes);
// replace_once replaces the first occurrence, which must be there.
void replace_once(Bytes& bytes, const Bytes& from, const Bytes& to);
void replace_once(std::string& text, std::string_view from, std::string_view to);

}  // namespace nono::factory
