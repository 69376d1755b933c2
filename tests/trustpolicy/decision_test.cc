// tests/trustpolicy/decision_test.cc: the vocabulary.
#include "trustpolicy/decision.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace nono::trustpolicy {
namespace {

TEST(DecisionTest, NamesAreStable) {
  EXPECT_EQ(name_of(Enforcement::Audit), "audit");
  EXPECT_EQ(name_of(Enforcement::Warn), "warn");
  EXPECT_EQ(name_of(Enforcement::Deny), "deny");
  EXPECT_EQ(name_of(GuardClass::None), "none");
  EXPECT_EQ(name_of(GuardClass::AgentConfig), "agent-config");
  EXPECT_EQ(name_of(GuardClass::Instruction), "instruction");
}

TEST(DecisionTest, StricterIsGreater) {
  EXPECT_LT(Enforcement::Audit, Enforcement::Warn);
  EXPECT_LT(Enforcement::Warn, Enforcement::Deny);
}

TEST(DecisionTest, ErrorBecomesOneLineDenial) {
  const Denied denied = Denied::because_of(
      Error(ErrorKind::System, "read CLAUDE.md\n\x1b[2J: gone").while_doing("look at it"));
  EXPECT_EQ(denied.rule(), DenyRule::Unexaminable);
  EXPECT_EQ(denied.code(), "unexaminable");
  EXPECT_EQ(denied.reason(), "it could not be examined: look at it: read CLAUDE.md\\n\\e[2J: gone");
}

// Only a policy admits: nobody else can make the value.
static_assert(!std::is_default_constructible_v<Admitted>);
static_assert(!std::is_default_constructible_v<Decision>);
static_assert(
    !std::is_constructible_v<Admitted, SealedFile, std::string, std::optional<std::string>>);
static_assert(!std::is_copy_constructible_v<Admitted>);

}  // namespace
}  // namespace nono::trustpolicy
