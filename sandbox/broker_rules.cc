#include "sandbox/broker_rules.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "sandbox/wire.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

BrokerRules::BrokerRules(const BrokerConfig& config, OwnedFd ask, OwnedFd events)
    : config_(config), ask_(std::move(ask)), events_(std::move(events)) {
  for (const ObjectId& id : config.known_guarded) {
    guarded_objects_.emplace(id, GuardClass::Instruction);
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
  guarded_objects_.emplace(ObjectId{status.st_dev, status.st_ino}, guard_class);
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
  return made_here(match.root) || made_here(match.git_directory);
}

Answer<void> BrokerRules::may_write_name(const Call& call, std::string_view canonical, mode_t makes,
                                         std::string_view operation) {
  const ProtectedMatch match = protection_of(canonical, config_.home);
  if (match.protection == Protection::None) {
    return {};
  }
  const bool new_directory = match.protection == Protection::Node && makes == S_IFDIR;
  // A gitfile (of a worktree or submodule) may be made where no .git is; O_EXCL sees to that.
  const bool new_gitfile =
      match.protection == Protection::Node && makes == S_IFREG && canonical.ends_with("/.git");
  if (new_directory || new_gitfile) {
    return {};
  }
  if (exempt(match)) {
    return {};
  }
  report(call, operation, canonical, "protected-name", match.why);
  return std::unexpected(EACCES);
}

void BrokerRules::made_directory(const struct stat& status) {
  if (made_directories_.size() < kMaxMade) {
    made_directories_.insert({status.st_dev, status.st_ino});
  }
}

void BrokerRules::removed_directory(const struct stat& status) {
  made_directories_.erase({status.st_dev, status.st_ino});
}

bool BrokerRules::protected_name(std::string_view canonical) const {
  const ProtectedMatch match = protection_of(canonical, config_.home);
  return match.protection == Protection::Content && !exempt(match);
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
