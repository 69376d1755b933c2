#include "sandbox/commands.h"

#include <algorithm>
#include <array>

#include "base/files.h"

namespace nono::sandbox {
namespace {

constexpr std::string_view kPrivilege = "it asks for privileges that nothing in the sandbox gets";
constexpr std::string_view kDisk = "it writes to disks as a whole";
constexpr std::string_view kMounts = "it changes what is mounted";
constexpr std::string_view kPower = "it stops or restarts the machine";
constexpr std::string_view kModules = "it changes the kernel";
constexpr std::string_view kRemoves =
    "it would remove a whole tree that is not beneath a writable grant, or holds the home "
    "directory";
constexpr std::string_view kChanges =
    "it would change a whole tree that is in no writable grant, or holds the home directory";

constexpr auto kDangerous = std::to_array<CommandRow>({
    {"sudo", CommandWhen::Always, kPrivilege},
    {"sudoedit", CommandWhen::Always, kPrivilege},
    {"su", CommandWhen::Always, kPrivilege},
    {"doas", CommandWhen::Always, kPrivilege},
    {"pkexec", CommandWhen::Always, kPrivilege},
    {"runuser", CommandWhen::Always, kPrivilege},
    {"run0", CommandWhen::Always, kPrivilege},
    {"mkfs", CommandWhen::Always, kDisk},
    {"mkfs.*", CommandWhen::Always, kDisk},
    {"mke2fs", CommandWhen::Always, kDisk},
    {"mkswap", CommandWhen::Always, kDisk},
    {"wipefs", CommandWhen::Always, kDisk},
    {"blkdiscard", CommandWhen::Always, kDisk},
    {"fdisk", CommandWhen::Always, kDisk},
    {"sfdisk", CommandWhen::Always, kDisk},
    {"cfdisk", CommandWhen::Always, kDisk},
    {"gdisk", CommandWhen::Always, kDisk},
    {"sgdisk", CommandWhen::Always, kDisk},
    {"parted", CommandWhen::Always, kDisk},
    {"cryptsetup", CommandWhen::Always, kDisk},
    {"mount", CommandWhen::Always, kMounts},
    {"umount", CommandWhen::Always, kMounts},
    {"losetup", CommandWhen::Always, kMounts},
    {"swapon", CommandWhen::Always, kMounts},
    {"swapoff", CommandWhen::Always, kMounts},
    {"reboot", CommandWhen::Always, kPower},
    {"shutdown", CommandWhen::Always, kPower},
    {"poweroff", CommandWhen::Always, kPower},
    {"halt", CommandWhen::Always, kPower},
    {"kexec", CommandWhen::Always, kPower},
    {"telinit", CommandWhen::Always, kPower},
    {"modprobe", CommandWhen::Always, kModules},
    {"insmod", CommandWhen::Always, kModules},
    {"rmmod", CommandWhen::Always, kModules},
    {"rm", CommandWhen::RecursiveOutside, kRemoves},
    {"chmod", CommandWhen::RecursiveOutside, kChanges},
    {"chown", CommandWhen::RecursiveOutside, kChanges},
    {"chgrp", CommandWhen::RecursiveOutside, kChanges},
    {"dd", CommandWhen::OutputOutside, "it would write outside the writable grants"},
});

bool fits(std::string_view row, std::string_view name) {
  return row.ends_with('*') ? name.starts_with(row.substr(0, row.size() - 1)) : row == name;
}

// above_or_at reports whether `path` is `place` or a directory that holds it.
bool above_or_at(std::string_view path, std::string_view place) {
  return !place.empty() && place.starts_with(path) &&
         (path.size() == place.size() || path == "/" || place[path.size()] == '/');
}

// A granted directory is there to be worked in and changed; to be removed, only what is beneath it.
bool in_writable(const std::string& path, std::string_view program,
                 const CapabilitySet& capabilities) {
  return std::ranges::any_of(capabilities.paths(), [&](const PathGrant& grant) {
    return grant.access.has(Access::write()) && grant.kind == PathKind::Directory &&
           above_or_at(grant.shown_as, path) && (program != "rm" || path != grant.shown_as);
  });
}

std::string place_of(const std::string& operand, const Invocation& call) {
  return normal_path(operand.starts_with('/') ? operand : join_path(call.directory, operand));
}

bool holds_home(const std::string& place, const Invocation& call) {
  return std::ranges::any_of(call.homes, [&](const HomePlace& home) {
    return home.stands_for.empty() && above_or_at(place, home.path);
  });
}

// is_recursive: rm knows -r and -R; the others know -R only, for -r is a mode to chmod. A long
// option can be cut short.
bool is_recursive(const std::string& word, std::string_view program) {
  constexpr std::string_view kLong = "--recursive";
  if (word.starts_with("--")) {
    return word.size() > 2 && kLong.starts_with(word);
  }
  return word.starts_with('-') && (word.contains('R') || (program == "rm" && word.contains('r')));
}

bool recursive_outside(const HeldCommand& held, const Invocation& call,
                       const CapabilitySet& capabilities) {
  bool recursive = false;
  bool outside = false;
  bool options = true;
  for (std::size_t i = 1; i < call.words.size(); ++i) {
    const std::string& word = call.words[i];
    if (options && word.starts_with('-') && word != "-") {
      options = word != "--";
      recursive = recursive || is_recursive(word, held.name);
      continue;
    }
    const std::string place = place_of(word, call);
    outside = outside || !in_writable(place, held.name, capabilities) || holds_home(place, call);
  }
  return recursive && outside;
}

bool output_outside(const Invocation& call, const CapabilitySet& capabilities) {
  constexpr std::string_view kOutput = "of=";
  return std::ranges::any_of(call.words, [&](const std::string& word) {
    return word.starts_with(kOutput) &&
           !capabilities.access_at(place_of(word.substr(kOutput.size()), call))
                .has(Access::write());
  });
}

}  // namespace

std::span<const CommandRow> dangerous_commands() {
  return kDangerous;
}

std::vector<HeldCommand> held_commands(std::span<const std::string> blocked,
                                       std::span<const std::string> allowed) {
  std::vector<HeldCommand> held;
  for (const std::string& name : blocked) {
    held.push_back({name, CommandWhen::Always, "this run holds it back", true});
  }
  for (const CommandRow& row : kDangerous) {
    if (std::ranges::find(allowed, row.name) == allowed.end()) {
      held.push_back({std::string(row.name), row.when, std::string(row.why), false});
    }
  }
  return held;
}

bool in_system_directory(std::string_view path) {
  static constexpr auto kPlaces =
      std::to_array<std::string_view>({"/usr/", "/bin/", "/sbin/", "/lib/", "/lib64/"});
  return std::ranges::any_of(kPlaces,
                             [&](std::string_view place) { return path.starts_with(place); });
}

const HeldCommand* held_by_name(std::span<const HeldCommand> held, std::string_view name) {
  const auto row = std::ranges::find_if(
      held, [&](const HeldCommand& command) { return fits(command.name, name); });
  return row == held.end() ? nullptr : &*row;
}

bool is_held(const HeldCommand& held, const Invocation& call, const CapabilitySet& capabilities) {
  switch (held.when) {
    case CommandWhen::Always:
      return true;
    case CommandWhen::RecursiveOutside:
      return recursive_outside(held, call, capabilities);
    case CommandWhen::OutputOutside:
      return output_outside(call, capabilities);
  }
  return true;
}

ProgramKind kind_of_program(std::string_view name) {
  static constexpr auto kMulticall = std::to_array<std::string_view>(
      {"busybox", "toybox", "coreutils", "uutils", "systemctl", "kmod", "lvm"});
  static constexpr auto kLoaders =
      std::to_array<std::string_view>({"ld-linux*", "ld-musl-*", "ld.so", "ld-2.*", "ld64.so*"});
  const auto named = [&](std::string_view row) { return fits(row, name); };
  if (std::ranges::any_of(kMulticall, named)) {
    return ProgramKind::Multicall;
  }
  return std::ranges::any_of(kLoaders, named) ? ProgramKind::Loader : ProgramKind::Plain;
}

std::string applet_of(std::string_view own_name, std::span<const std::string> words) {
  constexpr std::string_view kProgram = "--coreutils-prog";
  if (words.empty()) {
    return {};
  }
  std::string called(base_name(words.front()));
  // Called busybox2, busybox is itself; called by any other name, it takes that for the applet's.
  if (!called.starts_with(own_name) && kind_of_program(called) == ProgramKind::Plain) {
    return called;
  }
  for (const std::string& word : words.subspan(1)) {
    if (word.starts_with(kProgram) && word.contains('=')) {
      return word.substr(word.find('=') + 1);
    }
    if (!word.starts_with('-')) {
      return word;
    }
  }
  return {};
}

Shebang shebang_of(std::string_view beginning) {
  constexpr std::string_view kBlank = " \t";
  if (!beginning.starts_with("#!")) {
    return {};
  }
  std::string_view line = beginning.substr(2, beginning.find('\n') - 2);
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const std::size_t end = std::min(line.find_first_of(kBlank), line.size());
  Shebang found{std::string(line.substr(0, end)), {}};
  line.remove_prefix(end);
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  if (const std::size_t last = line.find_last_not_of(kBlank); last != std::string_view::npos) {
    found.argument = line.substr(0, last + 1);
  }
  return found;
}

}  // namespace nono::sandbox
