#include "sandbox/lane_turn.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "sandbox/resolve.h"
#include "sandbox/wire.h"

namespace nono::sandbox {
namespace {

// word_of the broker; without one nothing can be done.
TurnWord word_of(BorrowedFd broker) {
  const auto answer = wire_receive(broker);
  WireReader reader(answer ? answer->text : std::string_view());
  const auto word = static_cast<TurnWord>(reader.number());
  if (!reader.good() || word == TurnWord::Elsewhere) {
    ::_exit(1);
  }
  return word;
}

}  // namespace

TurnAnswer answer_to(const StateChange& wanted, const StallingMounts& mounts, dev_t lane) {
  const StallingMounts::Mount* const served = mounts.of_device(wanted.id.device);
  if (served != mounts.of_device(static_cast<dev_t>(wanted.id.inode))) {
    return {.word = TurnWord::Apart};
  }
  // What is mounted beneath a slow mount is looked up by names that lead over that.
  const StallingMounts::Mount* const where = served != nullptr ? served : mounts.at(wanted.path);
  if (where != nullptr && where->device != lane) {
    return {.word = TurnWord::Elsewhere, .elsewhere = *where};
  }
  return {.word = TurnWord::GoOn, .holds_all = where == nullptr};
}

bool say_turn(BorrowedFd lane, TurnWord word) {
  WireWriter answer;
  answer.number(static_cast<std::uint64_t>(word));
  return wire_send(lane, answer.bytes(), {}).has_value();
}

Answer<Turn> Turn::take(BrokerRules& rules, NamedPlace& to, BorrowedFd source) {
  if (!rules.is_lane()) {
    return Turn(nullptr);
  }
  struct stat there{};
  struct stat comes{};
  if (::fstat(BorrowedFd(to.directory).raw(), &there) != 0 || ::fstat(source.raw(), &comes) != 0) {
    return std::unexpected(errno);
  }
  rules.tell_change({.kind = StateChange::Kind::Turn,
                     .id = {there.st_dev, static_cast<ino_t>(comes.st_dev)},
                     .path = to.canonical});
  if (word_of(rules.ask_channel()) == TurnWord::Apart) {
    return std::unexpected(EXDEV);
  }
  Turn out(&rules);
  if (auto known = out.look_again(to); !known) {
    return std::unexpected(known.error());
  }
  return out;
}

Answer<void> Turn::look_again(NamedPlace& place) const {
  if (rules_ == nullptr) {
    return {};
  }
  auto where = known_path(place.directory, 1);
  if (!where) {
    return std::unexpected(where.error());
  }
  place.canonical = (*where == "/" ? "" : *where) + "/" + place.name;
  return {};
}

void Turn::end() {
  if (rules_ != nullptr) {
    std::exchange(rules_, nullptr)->tell_change({.kind = StateChange::Kind::TurnEnds});
  }
}

}  // namespace nono::sandbox
