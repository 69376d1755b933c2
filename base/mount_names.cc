#include "base/mount_names.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <utility>

#include "base/files.h"

namespace nono {
namespace {

// some_device_twice is all that most starts need to know: it is asked before anything is kept.
bool some_device_twice(const std::vector<MountLine>& lines) {
  std::vector<std::string_view> devices;
  devices.reserve(lines.size());
  for (const MountLine& line : lines) {
    devices.push_back(line.device);
  }
  std::ranges::sort(devices);
  return std::ranges::adjacent_find(devices) != devices.end();
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), out);
  return error == std::errc() && end == text.end() ? std::optional(out) : std::nullopt;
}

// moved is what `path`, which lies beneath `from`, is called beneath `to`.
std::string moved(std::string_view from, std::string_view to, std::string_view path) {
  const std::string rest = relative_to(from, path);
  return rest.empty() ? std::string(to) : join_path(to, rest);
}

bool same_object(const std::string& one, const std::string& other) {
  struct stat first{};
  struct stat second{};
  return ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

}  // namespace

// Region is a tree of one file system, and where it can be reached.
struct MountNames::Region {
  std::string device;
  std::string path;  // in its file system
  std::string at;    // its name
  bool part;
};

// A root like "net:[4026531840]" has no files that are elsewhere.
std::optional<MountNames::Mount> MountNames::mount_of(const MountLine& line) {
  const auto id = number(line.id);
  const auto parent = number(line.parent);
  std::string root = mount_field(line.root);
  std::string point = mount_field(line.point);
  if (!id || !parent || !root.starts_with('/') || !point.starts_with('/')) {
    return std::nullopt;
  }
  return Mount{.id = *id,
               .parent = *parent,
               .device = std::string(line.device),
               .root = std::move(root),
               .point = std::move(point),
               .tells_root = !line.type.starts_with("nfs")};
}

Result<MountNames> MountNames::read() {
  struct statx status{};
  const bool known = ::statx(AT_FDCWD, "/", 0, STATX_MNT_ID, &status) == 0;
  NONO_TRY(const std::string table, read_mountinfo());
  return from_table(table, known ? status.stx_mnt_id : 0);
}

MountNames MountNames::from_table(std::string_view mountinfo, std::uint64_t root) {
  MountNames out;
  out.root_ = root;
  const std::vector<MountLine> lines = mount_lines(mountinfo);
  out.shared_ = some_device_twice(lines);
  if (!out.shared_) {
    return out;  // nothing has a second name
  }
  for (const MountLine& line : lines) {
    if (auto mount = mount_of(line)) {
      out.mounts_.push_back(*std::move(mount));
    }
  }
  for (const Mount& mount : out.mounts_) {
    if (out.by_id(out.root_) == nullptr && mount.point == "/") {
      out.root_ = mount.id;  // the kernel does not number them for us: Linux before 5.8
    }
  }
  for (Mount& mount : out.mounts_) {
    const Mount* above = out.by_id(mount.parent);
    if (above != nullptr && beneath(above->point, mount.point)) {
      mount.below = moved(above->point, above->root, mount.point);
      mount.device_below = above->device;
    }
  }
  return out;
}

const MountNames::Mount* MountNames::by_id(std::uint64_t id) const {
  const auto found = std::ranges::find(mounts_, id, &Mount::id);
  return found != mounts_.end() ? &*found : nullptr;
}

// at walks down as the kernel does: of what is mounted on a mount, the first on the way counts.
const MountNames::Mount* MountNames::at(std::string_view path) const {
  const Mount* here = by_id(root_);
  for (std::size_t steps = 0; here != nullptr && steps < mounts_.size(); ++steps) {
    const Mount* next = nullptr;
    for (const Mount& mount : mounts_) {
      const bool on_the_way =
          mount.parent == here->id && mount.point != "/" && beneath(mount.point, path);
      if (on_the_way && (next == nullptr || mount.point.size() <= next->point.size())) {
        next = &mount;
      }
    }
    if (next == nullptr) {
      return here;
    }
    here = next;
  }
  return here;
}

// regions are what can be reached by `real`: its own tree and, again and again, what is mounted in
// a tree. A mount counts wherever the directory below it is shown: the kernel walks up through it.
std::vector<MountNames::Region> MountNames::regions(const std::string& real) const {
  const Mount* here = at(real);
  if (here == nullptr) {
    return {};
  }
  std::vector<Region> out = {{.device = here->device,
                              .path = moved(here->point, here->root, real),
                              .at = real,
                              .part = false}};
  std::set<std::uint64_t> taken;
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const Mount& mount : mounts_) {
      if (mount.device_below == out[i].device && !taken.contains(mount.id) &&
          beneath(out[i].path, mount.below) && at(mount.point) == &mount) {
        taken.insert(mount.id);
        out.push_back(
            {.device = mount.device, .path = mount.root, .at = mount.point, .part = true});
      }
    }
  }
  return out;
}

// name_by is the name that a mount gives to a region, or to the part of it that it shows.
std::optional<MountNames::Name> MountNames::name_by(const Mount& mount, const Region& region,
                                                    Doubtful doubtful) const {
  const bool whole = beneath(mount.root, region.path);
  if (mount.device != region.device || (!whole && !beneath(region.path, mount.root))) {
    return std::nullopt;
  }
  Name out{.path = whole ? moved(mount.root, mount.point, region.path) : mount.point,
           .point = mount.point,
           .part = region.part || !whole};
  const std::string known = whole ? region.at : moved(region.path, region.at, mount.root);
  const bool shown = at(out.path) == &mount && (mount.tells_root || doubtful == Doubtful::Taken ||
                                                same_object(known, out.path));
  return shown ? std::optional(std::move(out)) : std::nullopt;
}

std::vector<MountNames::Name> MountNames::of(const std::string& real, Doubtful doubtful) const {
  std::vector<Name> out;
  if (!shared_) {
    return out;
  }
  for (const Region& region : regions(real)) {
    for (const Mount& mount : mounts_) {
      if (mount.device != region.device) {
        continue;
      }
      auto name = name_by(mount, region, doubtful);
      if (name && !beneath(real, name->path)) {
        out.push_back(*std::move(name));
      }
    }
  }
  return out;
}

}  // namespace nono
