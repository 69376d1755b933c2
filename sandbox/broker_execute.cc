#include "sandbox/broker_execute.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "base/files.h"
#include "sandbox/interpreter.h"

namespace nono::sandbox {

using trustpolicy::GuardClass;

namespace {

constexpr std::size_t kMaxWords = 65'536;
constexpr std::size_t kMaxWordBytes = std::size_t{4} << 20U;
constexpr int kMaxDepth = 5;  // as many interpreters as the kernel follows
constexpr std::size_t kMaxLoaderWords = 64;
constexpr std::size_t kShebangBytes = 256;
constexpr const char* kUnreadable =
    "it or its arguments cannot be read, so that they cannot be judged";
constexpr auto kSystemPlaces = std::to_array<const char*>(
    {"/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin"});
constexpr auto kLoaders = std::to_array<const char*>(
    {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-linux.so.2",
     "/lib/ld-musl-x86_64.so.1", "/lib/ld-musl-aarch64.so.1"});
constexpr auto kMulticall =
    std::to_array<const char*>({"busybox", "toybox", "coreutils", "systemctl", "kmod"});

// readable opens for reading what an O_PATH descriptor holds.
OwnedFd readable(BorrowedFd object) {
  return OwnedFd(::open(fd_path(object).c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
}

// in_memory: of memfd_create(2). No grant is about it, and no later run finds it.
bool in_memory(std::string_view resolved) {
  return resolved.starts_with("/memfd:");
}

bool same_bytes(BorrowedFd left, BorrowedFd right, off_t size) {
  std::array<char, 16384> one{};
  std::array<char, 16384> other{};
  for (off_t at = 0; at < size;) {
    const ssize_t got = ::pread(left.raw(), one.data(), one.size(), at);
    if (got <= 0 || ::pread(right.raw(), other.data(), static_cast<std::size_t>(got), at) != got ||
        !std::equal(one.begin(), one.begin() + got, other.begin())) {
      return false;
    }
    at += got;
  }
  return true;
}

// beginning_of fails where the file may be executed and not read: the kernel reads its first line
// all the same.
Answer<std::string> beginning_of(BorrowedFd object) {
  const OwnedFd fd = readable(object);
  std::string text(kShebangBytes, '\0');
  const ssize_t got = fd.valid() ? ::pread(BorrowedFd(fd).raw(), text.data(), text.size(), 0) : -1;
  if (got < 0) {
    return std::unexpected(EACCES);
  }
  text.resize(static_cast<std::size_t>(got));
  return text;
}

Answer<std::uint64_t> pointer_at(const AgentThread& thread, std::uint64_t at) {
  const auto bytes = thread.bytes_at(at, sizeof(std::uint64_t));
  if (!bytes) {
    return std::unexpected(bytes.error());
  }
  std::uint64_t out = 0;
  std::copy_n(bytes->data(), sizeof out, reinterpret_cast<char*>(&out));
  return out;
}

// word_at: a word longer than any path is no operand and no option of the programs concerned.
Answer<std::string> word_at(const AgentThread& thread, std::uint64_t at) {
  auto out = thread.path_at(at);
  return out || out.error() != ENAMETOOLONG ? out : std::string();
}

// words_at reads what a list of pointers leads to, up to its null pointer.
Answer<std::vector<std::string>> words_at(const AgentThread& thread, std::uint64_t at) {
  std::vector<std::string> out;
  std::size_t bytes = 0;
  for (; at != 0; at += sizeof at) {
    const auto address = pointer_at(thread, at);
    if (!address || *address == 0) {
      return address ? Answer<std::vector<std::string>>(std::move(out))
                     : std::unexpected(address.error());
    }
    auto word = word_at(thread, *address);
    if (!word) {
      return std::unexpected(word.error());
    }
    bytes += word->size();
    out.push_back(*std::move(word));
    if (out.size() > kMaxWords || bytes > kMaxWordBytes) {
      return std::unexpected(E2BIG);
    }
  }
  return out;
}

}  // namespace

void HeldObjects::add(const std::string& path, const std::string& name) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status{};
  const bool usable =
      fd.valid() && ::fstat(BorrowedFd(fd).raw(), &status) == 0 && S_ISREG(status.st_mode);
  const auto same = [&](const Known& known) {
    return known.status.st_dev == status.st_dev && known.status.st_ino == status.st_ino;
  };
  // Under the first of its names: what busybox's links lead to is busybox.
  if (usable && std::ranges::none_of(known_, same)) {
    known_.push_back({name, std::move(fd), status});
  }
}

void HeldObjects::look_in(const std::string& directory) {
  for (const char* name : kMulticall) {
    add(join_path(directory, name), name);
  }
  for (const HeldCommand& held : commands_) {
    if (!held.name.contains('/') && !held.name.ends_with('*')) {
      add(join_path(directory, held.name), held.name);
    }
  }
}

void HeldObjects::look() {
  for (const char* loader : kLoaders) {
    add(loader, std::string(base_name(loader)));
  }
  for (const char* directory : kSystemPlaces) {
    look_in(directory);
  }
  for (const HeldCommand& held : commands_) {
    if (held.name.contains('/')) {
      add(held.name, held.name);
    }
  }
}

std::string HeldObjects::name_of(BorrowedFd object, const struct stat& status) {
  if (!std::exchange(looked_, true)) {
    look();
  }
  OwnedFd fd;
  for (const Known& known : known_) {
    if (known.status.st_dev == status.st_dev && known.status.st_ino == status.st_ino) {
      return known.name;
    }
    if (known.status.st_size != status.st_size) {
      continue;
    }
    fd = fd.valid() ? std::move(fd) : readable(object);
    if (!fd.valid() || same_bytes(fd, known.fd, status.st_size)) {
      return known.name;
    }
  }
  return {};
}

bool HeldObjects::is_systems_own(const ProgramFile& program) const {
  return in_system_directory(program.resolved) &&
         !capabilities_->access_at(program.resolved).has(Access::write());
}

HeldObjects::Named HeldObjects::named(const ProgramFile& program) {
  std::string name(base_name(program.resolved));
  if (is_systems_own(program)) {
    const HeldCommand* by_path = held_by_name(commands_, program.resolved);
    const HeldCommand* row = by_path != nullptr ? by_path : held_by_name(commands_, name);
    return {std::move(name), row, false};
  }
  if (std::string same = name_of(program.object, program.status); !same.empty()) {
    const HeldCommand* row = held_by_name(commands_, same);
    return {std::move(same), row, false};
  }
  const HeldCommand* row = held_by_name(commands_, program.resolved);
  const HeldCommand* wished = held_by_name(commands_, name);
  if (row == nullptr && wished != nullptr && wished->anywhere) {
    row = wished;
  }
  return {std::move(name), row, row == nullptr};
}

Answer<Executor::Program> Executor::program_at(const Call& call, int dirfd, const std::string& path,
                                               LastLink last) const {
  auto seen = resolver_.look(call.thread, dirfd, path, last);
  if (!seen) {
    return std::unexpected(seen.error());
  }
  std::string resolved = resolver_.path_of(seen->object, seen->status.st_nlink);
  if (auto known = has_known_path(seen->object, resolved); !known) {
    return std::unexpected(known.error());
  }
  return Program{std::move(seen->object), seen->status, std::move(resolved)};
}

Answer<void> Executor::read_words(Judged& judged) const {
  if (std::exchange(judged.words_read, true)) {
    return {};
  }
  auto words = words_at(judged.call.thread, decode_words(judged.call.number, judged.call.args));
  if (!words) {
    return std::unexpected(words.error());
  }
  judged.invocation.words = *std::move(words);
  if (const auto base = resolver_.base(judged.call.thread, AT_FDCWD)) {
    judged.invocation.directory = resolver_.path_of(*base, 1);
  }
  judged.invocation.homes = rules_.config().homes;
  return {};
}

// The words of a loader are options, a program and its words. Each of the first that is a program
// is judged: which option takes a value depends on the loader.
Answer<const HeldCommand*> Executor::held_argument(Judged& judged) {
  if (auto read = read_words(judged); !read) {
    return std::unexpected(read.error());
  }
  const std::span<const std::string> words(judged.invocation.words);
  for (std::size_t i = 1; i < std::min(words.size(), kMaxLoaderWords); ++i) {
    auto program = words[i].starts_with('-')
                       ? std::unexpected(ENOENT)
                       : program_at(judged.call, AT_FDCWD, words[i], LastLink::Follow);
    if (!program) {
      continue;
    }
    Judged inner{judged.call, judged.invocation, true, judged.depth + 1};
    inner.invocation.words.assign(words.begin() + static_cast<std::ptrdiff_t>(i), words.end());
    if (auto row = held(inner, *program); !row || *row != nullptr) {
      return row;
    }
  }
  return nullptr;
}

Answer<const HeldCommand*> Executor::held_script(Judged& judged, const Program& program) {
  const auto beginning = beginning_of(program.object);
  if (!beginning) {
    return std::unexpected(beginning.error());
  }
  const Shebang first = shebang_of(*beginning);
  if (first.interpreter.empty()) {
    return nullptr;
  }
  auto interpreter = program_at(judged.call, AT_FDCWD, first.interpreter, LastLink::Follow);
  if (!interpreter) {
    return nullptr;  // the kernel will say so
  }
  if (auto read = read_words(judged); !read) {
    return std::unexpected(read.error());
  }
  Judged inner{judged.call, judged.invocation, true, judged.depth + 1};
  std::vector<std::string>& words = inner.invocation.words;
  if (!words.empty()) {
    words.front() = program.resolved;
  }
  if (!first.argument.empty()) {
    words.insert(words.begin(), first.argument);
  }
  words.insert(words.begin(), first.interpreter);
  return held(inner, *interpreter);
}

Answer<const HeldCommand*> Executor::held(Judged& judged, const Program& program) {
  if (judged.depth > kMaxDepth || !S_ISREG(program.status.st_mode)) {
    return nullptr;  // the kernel refuses it
  }
  const auto [name, row, unknown] = objects_.named(program);
  if (unknown) {
    return held_script(judged, program);
  }
  const ProgramKind kind = kind_of_program(base_name(name));
  if (kind == ProgramKind::Loader) {
    return held_argument(judged);
  }
  if (kind != ProgramKind::Multicall || row != nullptr) {
    return held_by(judged, row);
  }
  if (auto read = read_words(judged); !read) {
    return std::unexpected(read.error());
  }
  return held_by(judged,
                 held_by_name(rules_.config().commands, applet_of(name, judged.invocation.words)));
}

Answer<const HeldCommand*> Executor::held_by(Judged& judged, const HeldCommand* row) const {
  if (row == nullptr) {
    return nullptr;
  }
  if (row->when != CommandWhen::Always) {
    if (auto read = read_words(judged); !read) {
      return std::unexpected(read.error());
    }
  }
  return is_held(*row, judged.invocation, *rules_.config().capabilities) ? row : nullptr;
}

// record tells of the program and of what the kernel starts it by: each needs the right to be
// executed.
void Executor::record(const Call& call, const Program& program) {
  if (!in_memory(program.resolved)) {  // that is, the kernel runs it
    // Where a grant lacks, the kernel says it, unheard.
    rules_.outside(call, "execute", program.resolved, Access::execute());
    rules_.used("execute", program.resolved);
  }
  if (!rules_.config().record || !S_ISREG(program.status.st_mode)) {
    return;
  }
  OwnedFd file = readable(program.object);
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const std::string name = interpreter_of(file);
    const auto next =
        name.empty() ? std::unexpected(ENOENT) : program_at(call, AT_FDCWD, name, LastLink::Follow);
    if (!next || !S_ISREG(next->status.st_mode)) {
      return;  // by nothing, or the kernel will say so
    }
    rules_.used("execute", next->resolved);
    rules_.used("way", name);
    file = readable(next->object);
  }
}

bool Executor::is_instruction(const Program& program, const std::string& spelt) const {
  const Touched touched{program.resolved, spelt.starts_with('/') ? spelt : program.resolved};
  return rules_.guard_of(touched, program.status, {program.object}) == GuardClass::Instruction;
}

// started_by is the instruction file that the kernel would start the program by, and show the first
// line of; empty where there is none. What the system installed names none of the agent's.
Answer<std::string> Executor::started_by(const Call& call, const Program& program) const {
  if (!S_ISREG(program.status.st_mode) || objects_.is_systems_own(program)) {
    return {};
  }
  OwnedFd file = readable(program.object);
  for (int depth = 0; depth <= kMaxDepth; ++depth) {  // the last one may be an ELF file's
    if (!file.valid()) {
      return std::unexpected(EACCES);
    }
    const std::string name = interpreter_of(file);
    const auto next =
        name.empty() ? std::unexpected(ENOENT) : program_at(call, AT_FDCWD, name, LastLink::Follow);
    if (!next || !S_ISREG(next->status.st_mode)) {
      break;  // by nothing, or the kernel will say so
    }
    if (is_instruction(*next, name)) {
      return next->resolved;
    }
    if (objects_.is_systems_own(*next)) {
      break;
    }
    file = readable(next->object);
  }
  return {};
}

Answer<void> Executor::may_start(const Call& call, const Program& program) {
  const auto instruction = started_by(call, program);
  if (instruction && instruction->empty()) {
    return {};
  }
  if (instruction) {
    rules_.report(call, "execute", program.resolved, "guarded-execute",
                  "its interpreter is an instruction file, which is not executed");
  } else {
    rules_.report(call, "execute", program.resolved, "command", kUnreadable);
  }
  return std::unexpected(EACCES);
}

// without_grant is the first that no grant lets be executed, of the program and those by which the
// kernel starts it; empty where there is none.
std::string Executor::without_grant(const Call& call, const Program& program) const {
  std::string at = program.resolved;
  OwnedFd file = readable(program.object);
  for (int depth = 0; depth <= kMaxDepth; ++depth) {
    if (rules_.lacks_grant(at, Access::execute())) {
      return at;
    }
    const std::string name = interpreter_of(file);
    auto next =
        name.empty() ? std::unexpected(ENOENT) : program_at(call, AT_FDCWD, name, LastLink::Follow);
    if (!next || !S_ISREG(next->status.st_mode)) {
      return {};
    }
    at = next->resolved;
    file = readable(next->object);
  }
  return {};
}

// tell_unread: what no grant covers this process cannot read either: that it is outside is what to
// say of it.
void Executor::tell_unread(const Call& call, const Program& program) {
  if (const std::string closed = without_grant(call, program); !closed.empty()) {
    rules_.outside(call, "execute", closed, Access::execute());
  } else {
    rules_.report(call, "execute", program.resolved, "command", kUnreadable);
  }
}

Outcome Executor::serve(const Call& call) {
  int flags = 0;
  const PathArg arg = decode_execute(call.number, call.args, flags);
  const auto path = call.thread.path_at(arg.address);
  if (!path) {
    return Outcome::error(path.error());
  }
  const auto program =
      program_at(call, arg.dirfd, *path,
                 (flags & AT_SYMLINK_NOFOLLOW) != 0 ? LastLink::Keep : LastLink::Follow);
  if (!program) {
    return Outcome::error(program.error());
  }
  if (is_instruction(*program, *path)) {
    rules_.report(call, "execute", program->resolved, "guarded-execute",
                  "an instruction file is not executed");
    return Outcome::error(EACCES);
  }
  Judged judged{call, {}};
  const auto row = held(judged, *program);
  if (!row) {
    tell_unread(call, *program);
    return Outcome::error(EACCES);
  }
  if (const HeldCommand* by = *row; by != nullptr) {
    rules_.report(call, "execute", program->resolved, by->anywhere ? "blocked-command" : "command",
                  by->name + ": " + by->why);
    return Outcome::error(EACCES);
  }
  if (auto may = may_start(call, *program); !may) {
    return Outcome::error(may.error());
  }
  record(call, *program);
  return Outcome::by_kernel();
}

}  // namespace nono::sandbox
