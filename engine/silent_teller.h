// engine/silent_teller.h: for a scan that tells nobody, made for the identities of guarded files.
#pragma once

#include <cstdint>
#include <string>

#include "engine/run.h"

namespace nono::engine {

class SilentTeller final : public Teller {
 public:
  void progress(std::uint64_t) override {}
  void starting(const RunPlan&) override {}
  void denied(const Judgement&, const std::string&) override {}
  void tolerated(const Judgement&) override {}
  void refused(const sandbox::Refusal&, const std::string&) override {}
  void ended(const Denials&) override {}
  void note(const std::string&) override {}
};

}  // namespace nono::engine
