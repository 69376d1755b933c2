#include "sandbox/broker_rules.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "base/files.h"
#include "sandbox/fast_gate.h"
#include "sandbox/gatekeeper.h"
#include "sandbox/name_rules.h"
#include "sandbox/wire.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

namespace {

// covered reports whether `canonical` is one of `places` or lies beneath one.
bool covered(const std::vector<std::string>& places, std::string_view canonical) {
  return std::ranges::any_of(places, [&](const std::string& place) {
    return place == "/" || (canonical.starts_with(place) &&
                            (canonical.size() == place.size() || canonical[place.size()] == '/'));
  });
}

std::int64_t nanoseconds(std::int64_t seconds, std::int64_t rest) {
  return seconds * 1'000'000'000 + rest;
}

std::int64_t now() {
  timespec at{};
  static_cast<void>(::clock_gettime(CLOCK_REALTIME, &at));  // a clock that always exists
  return nanoseconds(at.tv_sec, at.tv_nsec);
}

}  // namespace

BrokerRules::BrokerRules(const BrokerConfig& config, OwnedFd ask, OwnedFd events)
    : config_(config), ask_(std::move(ask)), events_(std::move(events)), started_(now()) {}

void BrokerRules::know(std::span<const KnownObject> guarded) {
  for (const KnownObject& known : guarded) {
    GuardClass& kept = guarded_objects_[known.id];
    kept = std::max(kept, known.guard_class);
    if (config_.fast != nullptr) {
      config_.fast->make_known(known.id.device, known.id.inode);
    }
  }
}

GuardClass BrokerRules::guard_of(const Touched& touched, const struct stat* status) const {
  GuardClass found = config_.names->classify(touched.resolved);
  if (touched.requested != touched.resolved) {
    found = std::max(found, config_.names->classify(touched.requested));
  }
  if (status != nullptr && !guarded_objects_.empty()) {
    const auto known = guarded_objects_.find({status->st_dev, status->st_ino});
    if (known != guarded_objects_.end()) {
      found = std::max(found, known->second);
    }
  }
  return found;
}

void BrokerRules::remember(const struct stat& status, GuardClass guard_class) {
  GuardClass& kept = guarded_objects_[{status.st_dev, status.st_ino}];
  kept = std::max(kept, guard_class);
  if (config_.fast != nullptr) {
    config_.fast->make_known(status.st_dev, status.st_ino);
  }
}

void BrokerRules::forget(const struct stat& status) {
  if (status.st_nlink <= 1) {
    guarded_objects_.erase({status.st_dev, status.st_ino});
  }
}

Answer<void> BrokerRules::bundle_verdict(const Call& call, const std::string& canonical) {
  if (config_.edit == InstructionEdit::Allowed) {
    return {};
  }
  const auto bundle = bundle_name(canonical);
  if (!bundle) {
    return {};
  }
  if (bundle->of_many) {
    report(call, "change", canonical, "evidence", "the signatures of verified files lie in it");
    return std::unexpected(EACCES);
  }
  const std::string& signed_file = bundle->signed_file;
  const GuardClass guard_class = config_.names->classify(signed_file);
  if (guard_class == GuardClass::None) {
    return {};
  }
  const OwnedFd object(::open(signed_file.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!object.valid()) {
    return {};  // it speaks for nothing
  }
  return change_verdict(call, object, {signed_file, signed_file}, guard_class);
}

bool BrokerRules::answered() {
  constexpr auto kTick = static_cast<int>(SupervisorWatch::kTick.count());
  for (;;) {
    pollfd watched{BorrowedFd(ask_).raw(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, kTick);
    if (ready > 0) {
      return true;
    }
    // The caller of this very question is not stopped, so that no stop is excused.
    if (supervisor_.stopped_too_long(SupervisorWatch::Clock::now(), false)) {
      return false;
    }
  }
}

Answer<OwnedFd> BrokerRules::ask(std::uint64_t question, const Call& call, BorrowedFd object,
                                 const Touched& touched, GuardClass guard_class) {
  WireWriter message;
  const auto process = call.thread.process();
  message.number(question)
      .number(process ? static_cast<std::uint64_t>(*process) : 0)
      .number(static_cast<std::uint64_t>(guard_class))
      .text(touched.requested)
      .text(touched.resolved);
  const std::array<int, 1> fds{object.raw()};
  if (!wire_send(ask_, message.bytes(), fds)) {
    return std::unexpected(EACCES);
  }
  if (!answered()) {
    return std::unexpected(EACCES);
  }
  auto answer = wire_receive(ask_);
  if (!answer) {
    return std::unexpected(EACCES);
  }
  WireReader reader(answer->text);
  const auto code = static_cast<int>(reader.number());
  if (!reader.good() || code != 0) {
    return std::unexpected(reader.good() ? code : EACCES);
  }
  return answer->fds.empty() ? OwnedFd() : std::move(answer->fds.front());
}

Answer<OwnedFd> BrokerRules::read_verdict(const Call& call, BorrowedFd object,
                                          const Touched& touched, GuardClass guard_class) {
  auto fd = ask(kAskRead, call, object, touched, guard_class);
  if (fd && !fd->valid()) {
    return std::unexpected(EACCES);
  }
  return fd;
}

Answer<void> BrokerRules::change_verdict(const Call& call, BorrowedFd object,
                                         const Touched& touched, GuardClass guard_class) {
  if (config_.edit == InstructionEdit::Allowed) {
    return {};
  }
  const auto answer = ask(kAskChange, call, object, touched, guard_class);
  if (!answer) {
    return std::unexpected(answer.error());
  }
  return {};
}

bool BrokerRules::made_here(const std::string& directory) const {
  struct stat status{};
  return !directory.empty() && !made_directories_.empty() &&
         ::lstat(directory.c_str(), &status) == 0 &&
         made_directories_.contains({status.st_dev, status.st_ino});
}

bool BrokerRules::exempt(const ProtectedMatch& match) const {
  const bool own_project = emptied_.size() < kMaxVacated && !covered(emptied_, match.root);
  return (own_project && made_here(match.root)) || made_here(match.git_directory) ||
         made_here(match.worktree);
}

Answer<void> BrokerRules::may_write_name(const Call& call, std::string_view canonical, mode_t makes,
                                         std::string_view operation) {
  const ProtectedMatch match = protection_of(canonical, config_.home);
  if (!refuses_name(match, canonical, makes) || exempt(match)) {
    return {};
  }
  report(call, operation, canonical, "protected-name", match.why);
  return std::unexpected(EACCES);
}

void BrokerRules::made_directory(const std::string& canonical, const struct stat& status) {
  if (made_directories_.size() < kMaxMade && vacated_.size() < kMaxVacated &&
      !covered(vacated_, canonical)) {
    made_directories_.insert({status.st_dev, status.st_ino});
  }
}

void BrokerRules::moved_away(const std::string& canonical, const struct stat& status) {
  const bool own = made_directories_.contains({status.st_dev, status.st_ino});
  if (!own && vacated_.size() < kMaxVacated && !covered(vacated_, canonical)) {
    vacated_.push_back(canonical);
  }
}

void BrokerRules::removed_directory(const std::string& canonical, const struct stat& status) {
  const bool own = made_directories_.erase({status.st_dev, status.st_ino}) > 0;
  if (!own && emptied_.size() < kMaxVacated && !covered(emptied_, canonical)) {
    emptied_.push_back(canonical);
  }
}

// keeps reports whether the name, which exists, must stay in the kept tree that it lies in, or is
// the tree or above it. A file system that keeps no time of birth has nothing that is new.
bool BrokerRules::keeps(const std::string& canonical) const {
  const bool holds_one = std::ranges::any_of(
      config_.kept_trees, [&](const std::string& tree) { return covered({canonical}, tree); });
  if (holds_one || !covered(config_.kept_trees, canonical)) {
    return holds_one;
  }
  struct statx status{};
  const bool known =
      ::statx(AT_FDCWD, canonical.c_str(), AT_SYMLINK_NOFOLLOW, STATX_BTIME, &status) == 0 &&
      (status.stx_mask & STATX_BTIME) != 0;
  return !known || nanoseconds(status.stx_btime.tv_sec, status.stx_btime.tv_nsec) < started_;
}

Answer<void> BrokerRules::refuse_kept(const Call& call, std::string_view operation,
                                      const std::string& canonical) {
  report(call, operation, canonical, "kept-tree", "what was there before the session is kept");
  return std::unexpected(EACCES);
}

Answer<void> BrokerRules::may_remove(const Call& call, const std::string& canonical) {
  return config_.kept_trees.empty() || !keeps(canonical) ? Answer<void>()
                                                         : refuse_kept(call, "remove", canonical);
}

Answer<void> BrokerRules::may_move(const Call& call, const std::string& from,
                                   const std::string& to) {
  const auto stays = [&](const std::string& tree) {
    return from.size() > tree.size() && covered({tree}, from) && covered({tree}, to);
  };
  const bool free =
      config_.kept_trees.empty() || std::ranges::any_of(config_.kept_trees, stays) || !keeps(from);
  return free ? Answer<void>() : refuse_kept(call, "rename", from);
}

bool BrokerRules::moves_as_own(const struct stat& status, const std::string& to) const {
  return made_directories_.contains({status.st_dev, status.st_ino}) && !covered(vacated_, to) &&
         !covered(emptied_, to);
}

bool BrokerRules::protected_name(std::string_view canonical) const {
  const ProtectedMatch match = protection_of(canonical, config_.home);
  return match.protection == Protection::Content && !exempt(match);
}

bool BrokerRules::protected_outside(std::string_view canonical, std::string_view own) const {
  const ProtectedMatch match = protection_of(canonical, config_.home);
  const bool inside = match.root.starts_with(own) &&
                      (match.root.size() == own.size() || match.root[own.size()] == '/');
  return match.protection == Protection::Content && !inside && !exempt(match);
}

bool BrokerRules::lacks_grant(std::string_view canonical, Access wanted) const {
  return canonical.starts_with('/') && !config_.capabilities->access_at(canonical).has(wanted);
}

void BrokerRules::outside(const Call& call, std::string_view operation, std::string_view canonical,
                          Access wanted) {
  if (lacks_grant(canonical, wanted)) {
    report_once(call, operation, canonical, "outside-grants", "no grant covers it for that");
  }
}

void BrokerRules::outside_name(const Call& call, std::string_view operation,
                               std::string_view canonical) {
  if (!config_.capabilities->access_at(directory_name(canonical)).has(Access::write())) {
    report_once(call, operation, canonical, "outside-grants",
                "no grant covers its directory for writing");
  }
}

void BrokerRules::report_once(const Call& call, std::string_view operation, std::string_view object,
                              std::string_view rule, std::string_view why) {
  constexpr std::size_t kSpread = 0x9E3779B97F4A7C15ULL;
  const std::hash<std::string_view> hash;
  const std::size_t key = hash(object) ^ (hash(operation) * kSpread);
  if (reported_.size() < kMaxReported && reported_.insert(key).second) {
    report(call, operation, object, rule, why);
  }
}

void BrokerRules::used(std::string_view operation, std::string_view object) {
  constexpr int kPatience = 1000;  // milliseconds
  if (!config_.record || used_.size() > kMaxUsed ||
      !used_.insert(std::string(operation).append(" ").append(object)).second) {
    return;
  }
  const bool full = used_.size() > kMaxUsed;
  WireWriter message;
  message.number(kEventUsed)
      .number(0)
      .text(full ? kUsedTooMuch : operation)
      .text(object.substr(0, PATH_MAX));
  pollfd room{events_.valid() ? BorrowedFd(events_).raw() : -1, POLLOUT, 0};
  ::poll(&room, 1, kPatience);
  static_cast<void>(wire_send(events_, message.bytes(), {}));
}

void BrokerRules::report(const Call& call, std::string_view operation, std::string_view object,
                         std::string_view rule, std::string_view why) {
  WireWriter message;
  const auto process = call.thread.process();
  message.number(kEventRefused)
      .number(process ? static_cast<std::uint64_t>(*process) : 0)
      .text(operation)
      .text(object.substr(0, 4096))
      .text(rule)
      .text(why);
  // The channel does not block: a flood of refusals costs lines of the log, not the agent's time.
  static_cast<void>(wire_send(events_, message.bytes(), {}));
}

}  // namespace nono::sandbox
