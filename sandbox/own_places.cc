#include "sandbox/own_places.h"

#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "sandbox/folded_path.h"

namespace nono::sandbox {

void OwnPlaces::made(const Recalled& at) {
  if (made_.size() < kMaxMade && !is_vacated(at.path)) {
    made_.insert_or_assign(at.id, at.born);
  }
}

void OwnPlaces::moved_away(const Recalled& at) {
  if (!is_made(at)) {
    for (const std::string& name : names_of(at.path).value_or(Names{"/"})) {
      vacated_.add(name);
    }
  }
}

void OwnPlaces::removed(const Recalled& at) {
  if (!is_made(at)) {
    for (const std::string& name : names_of(at.path).value_or(Names{"/"})) {
      emptied_.add(name);
    }
  }
  made_.erase(at.id);
}

bool OwnPlaces::is_own(const Recalled& at) const {
  return is_made(at) && !is_vacated(at.path);
}

bool OwnPlaces::ever_own(const Recalled& at) const {
  const auto made = made_.find(at.id);
  return made != made_.end() && !born_apart(made->second, at.born);
}

bool OwnPlaces::was_emptied(std::string_view path) const {
  if (emptied_.none()) {
    return false;
  }
  const auto names = names_of(path);
  return !names ||
         std::ranges::any_of(*names, [&](const std::string& name) { return emptied_.has(name); });
}

bool OwnPlaces::is_made(const Recalled& at) const {
  const auto made = made_.find(at.id);
  return made != made_.end() && same_origin(made->second, at.born);
}

bool OwnPlaces::is_vacated(std::string_view path) const {
  if (vacated_.size() == 0) {
    return false;
  }
  const auto names = names_of(path);
  return !names || std::ranges::any_of(
                       *names, [&](const std::string& name) { return vacated_.covers(name); });
}

std::optional<OwnPlaces::Names> OwnPlaces::names_of(std::string_view path) const {
  refresh();
  if (!mounts_) {
    return std::nullopt;
  }
  Names out{folded_path(path)};
  for (const MountNames::Name& other : mounts_->all_of(std::string(path))) {
    if (!other.part) {
      out.push_back(folded_path(other.path));
    }
  }
  return out;
}

// refresh reads the table where it may have changed: it says so once, to a poll.
void OwnPlaces::refresh() const {
  pollfd table{table_.valid() ? BorrowedFd(table_).raw() : -1, POLLPRI, 0};
  if (keeps_ && mounts_ && table_.valid() && ::poll(&table, 1, 0) == 0) {
    return;
  }
  if (!table_.valid()) {
    table_ = OwnedFd(::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC));
  }
  mounts_.reset();
  if (auto read = MountNames::read()) {
    mounts_ = *std::move(read);
  }
}

}  // namespace nono::sandbox
