// tests/ledger/recorded_session.h: a private directory with logs, and tools to tamper with them.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ledger/audit_log.h"

namespace nono::ledger {

inline constexpr const char* kSession = "00112233aabbccdd";

class TickingClock final : public Clock {
 public:
  // Every look at the clock is a second later.
  Instant now() const override { return now_ += std::chrono::seconds(1); }

 private:
  mutable Instant now_{std::chrono::seconds(1'700'000'000)};
};

// AuditDirectory is removed with everything in it.
class AuditDirectory {
 public:
  AuditDirectory();
  AuditDirectory(const AuditDirectory&) = delete;
  AuditDirectory& operator=(const AuditDirectory&) = delete;
  ~AuditDirectory();

  const std::string& base() const { return base_; }
  std::string path() const { return base_ + "/state/audit"; }
  std::string file(const char* name, const std::string& session = kSession) const;

  AuditLog start(const std::string& session = kSession) const;
  // record leaves a sealed log of `events` events of type "decision"; returns its head.
  crypto::Sha256 record(int events, const std::string& session = kSession) const;

  std::string events_text(const std::string& session = kSession) const;
  // lines are whole lines, each without its newline.
  std::vector<std::string> lines(const std::string& session = kSession) const;
  void put(const char* name, std::string_view bytes, const std::string& session = kSession) const;
  void put_lines(const std::vector<std::string>& lines) const;

 private:
  std::string base_;
  TickingClock clock_;
};

SessionInfo session_info(const std::string& id = kSession);
std::string slurp(const std::string& path);
std::vector<std::string> split_lines(const std::string& text);

}  // namespace nono::ledger
