#include "sandbox/interpreter.h"

#include <elf.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>

#include "sandbox/commands.h"

namespace nono::sandbox {
namespace {

constexpr std::size_t kLooked = 256;  // by the kernel, too (BINPRM_BUF_SIZE)
constexpr std::uint64_t kMaxOffset = std::uint64_t{1} << 62U;

std::string bytes_at(BorrowedFd file, std::uint64_t offset, std::size_t count) {
  std::string out(count, '\0');
  const ssize_t got = offset > kMaxOffset
                          ? -1
                          : ::pread(file.raw(), out.data(), out.size(), static_cast<off_t>(offset));
  out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return out;
}

template <typename Value>
bool read_at(BorrowedFd file, std::uint64_t offset, Value& out) {
  const std::string bytes = bytes_at(file, offset, sizeof out);
  if (bytes.size() != sizeof out) {
    return false;
  }
  std::copy_n(bytes.data(), sizeof out, reinterpret_cast<char*>(&out));
  return true;
}

template <typename Header, typename Segment>
std::string loader_of(BorrowedFd program) {
  Header header{};
  if (!read_at(program, 0, header) || header.e_phentsize != sizeof(Segment)) {
    return {};
  }
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    Segment segment{};
    if (!read_at(program, header.e_phoff + i * sizeof segment, segment)) {
      return {};
    }
    if (segment.p_type == PT_INTERP) {
      const auto size = std::min<std::uint64_t>(segment.p_filesz, PATH_MAX);
      const std::string name = bytes_at(program, segment.p_offset, static_cast<std::size_t>(size));
      return name.substr(0, name.find('\0'));
    }
  }
  return {};
}

}  // namespace

std::string interpreter_of(BorrowedFd program) {
  const std::string beginning = bytes_at(program, 0, kLooked);
  constexpr char kOrder = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;
  if (!beginning.starts_with(std::string_view(ELFMAG, SELFMAG)) || beginning.size() <= EI_DATA ||
      beginning[EI_DATA] != kOrder) {
    return shebang_of(beginning).interpreter;
  }
  return beginning[EI_CLASS] == ELFCLASS32 ? loader_of<Elf32_Ehdr, Elf32_Phdr>(program)
                                           : loader_of<Elf64_Ehdr, Elf64_Phdr>(program);
}

}  // namespace nono::sandbox
