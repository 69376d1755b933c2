#include "sandbox/stalling_mounts.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/mountinfo.h"

namespace nono::sandbox {
namespace {

// The types of this kernel's own clients, and of those that are added to it most often. What a
// virtual machine's host serves it (virtiofs, vboxsf, vmhgfs, prl_fs) hangs when its disks do.
constexpr auto kServed = std::to_array<std::string_view>(
    {"9p",   "afs",     "autofs",   "beegfs", "ceph",   "cifs",  "coda",
     "fuse", "fuseblk", "gfs2",     "gpfs",   "lustre", "ncpfs", "nfs",
     "nfs4", "ocfs2",   "orangefs", "pvfs2",  "smb3",   "smbfs"});

std::optional<dev_t> device_of(std::string_view text) {
  unsigned major_number = 0;
  unsigned minor_number = 0;
  const auto first = std::from_chars(text.begin(), text.end(), major_number);
  if (first.ec != std::errc() || first.ptr == text.end() || *first.ptr != ':' ||
      std::from_chars(first.ptr + 1, text.end(), minor_number).ec != std::errc()) {
    return std::nullopt;
  }
  return makedev(major_number, minor_number);
}

struct Line {
  dev_t device = 0;
  std::string point;
  std::string_view type;
  std::string_view options;  // of the file system
};

std::vector<Line> parse_table(std::string_view table) {
  std::vector<Line> out;
  for (const MountLine& line : mount_lines(table)) {
    const auto device = device_of(line.device);
    std::string point = mount_field(line.point);
    if (device && point.starts_with('/')) {
      out.push_back({*device, std::move(point), line.type, line.options});
    }
  }
  return out;
}

// layers_of are the directories that an overlay is made of, as they were named when it was mounted:
// in lists (lowerdir=A:B), or one by one (lowerdir+=A, Linux 6.5), where a colon is one.
std::vector<std::string> layers_of(std::string_view options) {
  std::vector<std::string> out;
  while (!options.empty()) {
    const std::size_t end = std::min(options.find(','), options.size());
    const std::string_view option = options.substr(0, end);
    options.remove_prefix(std::min(end + 1, options.size()));
    const std::size_t value = std::min(option.find('='), option.size());
    const std::string_view name = option.substr(0, value);
    const bool one = name.ends_with("dir+");
    std::string_view list = one || name.ends_with("dir") ? option.substr(value) : "";
    list.remove_prefix(std::min(list.size(), std::size_t{1}));
    while (!list.empty()) {
      const std::size_t part = one ? list.size() : std::min(list.find(':'), list.size());
      out.push_back(mount_field(list.substr(0, part)));
      list.remove_prefix(std::min(part + 1, list.size()));
    }
  }
  return out;
}

}  // namespace

bool may_stall(std::string_view type) {
  return type.starts_with("fuse.") || std::ranges::find(kServed, type) != kServed.end();
}

StallingMounts StallingMounts::from_table(std::string_view mountinfo,
                                          const std::function<bool(const std::string&)>& in_reach) {
  StallingMounts out;
  const std::vector<Line> lines = parse_table(mountinfo);
  std::optional<dev_t> root;
  for (const Line& line : lines) {
    root = line.point == "/" ? line.device : root;
  }
  const auto add = [&](const Line& line) {
    if (line.device != root) {
      out.any_in_reach_ = out.any_in_reach_ || in_reach(line.point);
      out.mounts_.push_back({line.device, line.point});
    }
  };
  for (const Line& line : lines) {
    if (may_stall(line.type)) {
      add(line);
    }
  }
  for (const Line& line : lines) {
    if (line.type == "overlay" &&
        std::ranges::any_of(layers_of(line.options),
                            [&](const std::string& layer) { return out.at(layer) != nullptr; })) {
      add(line);
    }
  }
  return out;
}

const StallingMounts::Mount* StallingMounts::at(std::string_view canonical) const {
  for (const Mount& mount : mounts_) {
    if (nono::beneath(mount.point, canonical)) {
      return &mount;
    }
  }
  return nullptr;
}

bool StallingMounts::beneath(std::string_view directory) const {
  return std::ranges::any_of(
      mounts_, [&](const Mount& mount) { return nono::beneath(directory, mount.point); });
}

const StallingMounts::Mount* StallingMounts::of_device(dev_t device) const {
  const auto found = std::ranges::find(mounts_, device, &Mount::device);
  return found == mounts_.end() ? nullptr : &*found;
}

}  // namespace nono::sandbox
