// tests/sandbox/seatbelt_support.h: a profile's text, read again.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "sandbox/seatbelt_profile.h"
#include "tests/sandbox/seatbelt_evaluator.h"

namespace nono::sandbox::testing {

inline SeatbeltEvaluator read_back(const CapabilitySet& capabilities,
                                   const SeatbeltRules& rules = {}) {
  const std::string text = seatbelt_profile(capabilities, rules);
  std::string why;
  auto read = SeatbeltEvaluator::read(text, why);
  EXPECT_TRUE(read) << why << "\n" << text;
  return read ? *std::move(read) : SeatbeltEvaluator();
}

inline Attempted at_file(std::string operation, std::string path,
                         std::string vnode = "REGULAR-FILE") {
  Attempted out;
  out.operation = std::move(operation);
  out.path = std::move(path);
  out.vnode = std::move(vnode);
  return out;
}

// kAwkward are names that end strings, begin comments, or mean more in a regular expression.
inline constexpr const char* kAwkward[] = {
    "plain",       "two words",   "qu\"ote",   "\") (allow default) (literal \"",
    "back\\slash", "\\",          "new\nline", "; comment",
    "(paren",      "close)",      "[br]",      "s*t+r?",
    "^begin$",     "a|b",         "{1,2}",     "dünn",
    "e\xcc\x81",   "\x01\x1b[2J", "\xff\xfe",  "...",
    "tab\t",       "#\"raw\"",    "'single'",  "x.y",
    "xzy"};

}  // namespace nono::sandbox::testing
