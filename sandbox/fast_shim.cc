// sandbox/fast_shim.cc: the fast gate inside the agent's programs (sandbox/fast_gate.h).
//
// A library that ld.so loads into every dynamically linked program, and that links nothing. It
// stands in for the C library's opens for reading: where a name is plainly that of no guarded file,
// it makes the call from the one page from which the filter lets it through, without following a
// link in its last component, and looks at what was opened. A link of the system's it follows by
// itself, from one such name to another. In every other case it makes the call as the C library
// does, and the broker decides. The opens that glibc makes from inside itself ask no other library;
// there glibc's own function is made to begin with a jump to ours.
//
// It protects nothing from its own program: that can do all that it does. It must be exact, since
// it stands in for open(2) everywhere: errno, descriptors, signal handlers, threads, vfork. So it
// allocates nothing, takes no lock, and keeps no state but "the page is there".
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/fast_layout.h"
#include "sandbox/fast_names.h"

namespace fast = nono::sandbox::fast;

// The table, in pages of its own that are never written here: what nono writes into the file shows.
// Defined by the assembler, so that the compiler knows no value of it.
asm(R"(.pushsection .rodata.nono_fast, "a", @progbits
  .balign 4096
  .hidden nono_fast_table
  .globl nono_fast_table
  .type nono_fast_table, @object
nono_fast_table:
  .ascii "nono fast gate\n\001"
  .zero 36848
  .size nono_fast_table, . - nono_fast_table
  .popsection)");
static_assert(sizeof(fast::Table) == 36848 + sizeof fast::kMagic);

extern "C" {
[[gnu::visibility("hidden")]] extern const fast::Table nono_fast_table;

// The C library's own fopen, beneath a name that nothing stands in for (glibc); musl has none, but
// dlsym.
[[gnu::weak]] FILE* libc_fopen(const char* path, const char* mode) asm("_IO_fopen");
#pragma weak dlsym

// What the C library opens files with from inside itself (glibc, a private name since 2.26), and
// whether it knows of no thread but this one (glibc 2.32).
[[gnu::weak]] int libc_inner_open(const char* path, int flags, ...) asm("__open64_nocancel");
[[gnu::weak]] extern const char libc_single_threaded asm("__libc_single_threaded");
}

namespace {

constexpr size_t kMaxPath = 512;  // on the stack of who opens
// glibc defines it as 0 where files are large anyway; callers by number pass it.
constexpr int kLargeFile = 0100000;
// What does not change what an open for reading yields.
constexpr int kHarmless =
    O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_NOATIME | O_SYNC | kLargeFile;

bool ready = false;  // written once, before main, by one thread

const fast::Table* table() {
  const fast::Table* at = &nono_fast_table;
  asm("" : "+r"(at));  // no value of it is kept
  return at;
}

// The arguments of a system call.
struct Words {
  long a = 0;
  long b = 0;
  long c = 0;
  long d = 0;
  long e = 0;
  long f = 0;
};

// NOLINTBEGIN(misc-const-correctness): the assembler writes them
long call(long number, const Words& words) {
  long result = number;
  register long r10 asm("r10") = words.d;
  register long r8 asm("r8") = words.e;
  register long r9 asm("r9") = words.f;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(words.a), "S"(words.b), "d"(words.c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory", "cc");
  return result;
}

// open_from_page is that call from where the filter allows it.
long open_from_page(int directory, const char* path, int flags) {
  long result = SYS_openat;
  register long r10 asm("r10") = 0;
  asm volatile("call *%[page]"
               : "+a"(result)
               : "D"(static_cast<long>(directory)), "S"(path), "d"(static_cast<long>(flags)),
                 "r"(r10), [page] "r"(table()->page)
               : "rcx", "r11", "memory", "cc");
  return result;
}
// NOLINTEND(misc-const-correctness)

long open_strictly(int directory, const char* path, int flags, unsigned mode) {
  return call(SYS_openat, {directory, reinterpret_cast<long>(path), flags, mode});
}

// Copy is the path as it was at one moment: what is judged is what is opened, whatever other
// threads write.
struct Copy {
  char text[kMaxPath];
  fast::Text last;  // the last component
};

bool copied(const char* path, Copy& out) {
  const volatile char* from = path;
  size_t start = 0;
  for (size_t i = 0; i < kMaxPath; ++i) {
    const char c = from[i];
    out.text[i] = c;
    if (c == '\0') {
      out.last = {out.text + start, i - start};
      return true;
    }
    if (c == '/') {
      start = i + 1;
    }
  }
  return false;
}

bool begins(const char* text, const char* with) {
  while (*with != '\0' && *text == *with) {
    ++text;
    ++with;
  }
  return *with == '\0';
}

// is_harmless looks at the object. A device is the broker's to judge; closing what a file's name
// allowed, but not its identity, gives up the process's record locks on it, as any close does.
bool is_harmless(long descriptor) {
  struct stat status;  // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
  if (call(SYS_fstat, {descriptor, reinterpret_cast<long>(&status)}) != 0) {
    return false;
  }
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
  if (S_ISREG(status.st_mode)) {
    // As all files of a procfs: whose process it belongs to is the broker's to judge.
    constexpr long kProcfsBlock = 1024;
    if (status.st_size == 0 && status.st_blksize == kProcfsBlock) {
      return false;
    }
    return !fast::is_known(table()->known, status.st_dev, status.st_ino);
  }
  return S_ISDIR(status.st_mode) || S_ISFIFO(status.st_mode);
}

constexpr long kAskStrictly = -4096;  // no errno is as large

// is_final: a failure that the broker would report as well, and tells nobody of.
bool is_final(long error) {
  return error == -ENOENT || error == -ENOTDIR || error == -EINTR || error == -EMFILE ||
         error == -EBADF;
}

// may_open: the name is plainly that of no guarded file.
bool may_open(const Copy& copy) {
  return !begins(copy.text, "/proc/") && !begins(copy.text, "/dev/") &&
         !fast::may_be_guarded(copy.last, table()->shapes, table()->shapes_used);
}

bool has_dots(const char* text) {
  for (; *text != '\0'; ++text) {
    if (begins(text, "/..")) {
      return true;
    }
  }
  return false;
}

bool is_roots(const Copy& link) {
  struct stat status;  // NOLINT(cppcoreguidelines-pro-type-member-init): the kernel fills it
  const long found =
      call(SYS_lstat, {reinterpret_cast<long>(&link.text), reinterpret_cast<long>(&status)});
  // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult)
  return found == 0 && status.st_uid == 0;
}

// follow puts where a link leads in place of its path, and looks at that name as at the link's own:
// of a link among the system's files that leads there by an absolute path. Every other is the
// broker's to follow: the kernel refuses some of other users' (fs.protected_symlinks), and those of
// a procfs lead to no name. By itself, so that no other open needs room for a second path.
[[gnu::noinline]] bool follow(Copy& copy) {
  if ((!begins(copy.text, "/usr/") && !begins(copy.text, "/etc/")) || has_dots(copy.text) ||
      !is_roots(copy)) {
    return false;
  }
  char target[kMaxPath];
  const long size = call(SYS_readlink, {reinterpret_cast<long>(&copy.text),
                                        reinterpret_cast<long>(&target), kMaxPath});
  if (size <= 0 || size == kMaxPath || target[0] != '/') {
    return false;
  }
  target[size] = '\0';
  return copied(target, copy) && !has_dots(copy.text) && may_open(copy);
}

// open_fast yields a descriptor, an error, or kAskStrictly: nothing was opened and nobody told.
long open_fast(int directory, const char* path, int flags) {
  if (!ready || path == nullptr || (flags & ~kHarmless) != 0) {
    return kAskStrictly;
  }
  Copy copy;  // NOLINT(cppcoreguidelines-pro-type-member-init): to clear it would cost more
  if (!copied(path, copy) || !may_open(copy)) {
    return kAskStrictly;
  }
  long result = open_from_page(directory, copy.text, flags | O_NOFOLLOW);
  if (result == -ELOOP && (flags & O_NOFOLLOW) == 0 && follow(copy)) {
    result = open_from_page(directory, copy.text, flags | O_NOFOLLOW);
  }
  if (result < 0) {
    return is_final(result) ? result : kAskStrictly;
  }
  if (is_harmless(result)) {
    return result;
  }
  call(SYS_close, {result});
  return kAskStrictly;
}

int open_either(int directory, const char* path, int flags, unsigned mode) {
  long result = open_fast(directory, path, flags);
  if (result == kAskStrictly) {
    result = open_strictly(directory, path, flags, mode);
  }
  if (result < 0) {
    errno = static_cast<int>(-result);
    return -1;
  }
  return static_cast<int>(result);
}

bool makes_a_file(int flags) {
  return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
}

// open_without_mode is for _FORTIFY_SOURCE: a call that needs a mode is stopped, as by glibc.
int open_without_mode(int directory, const char* path, int flags) {
  if (makes_a_file(flags)) {
    __builtin_trap();
  }
  return open_either(directory, path, flags, 0);
}

// reads_only takes a mode of fopen apart; what is not only "read" is the C library's.
bool reads_only(const char* mode, int& flags) {
  if (mode == nullptr || mode[0] != 'r') {
    return false;
  }
  flags = O_RDONLY;
  for (const char* at = mode + 1; *at != '\0'; ++at) {
    if (*at == 'e') {
      flags |= O_CLOEXEC;
    } else if (*at != 'b') {
      return false;
    }
  }
  return true;
}

FILE* next_fopen(const char* path, const char* mode) {
  if (&libc_fopen != nullptr) {
    return libc_fopen(path, mode);
  }
  using Function = FILE* (*)(const char*, const char*);
  void* const next = &dlsym == nullptr ? nullptr : dlsym(RTLD_NEXT, "fopen");
  if (next == nullptr) {
    errno = ENOSYS;
    return nullptr;
  }
  return reinterpret_cast<Function>(next)(path, mode);
}

FILE* fopen_either(const char* path, const char* mode) {
  int flags = 0;
  if (!reads_only(mode, flags)) {
    return next_fopen(path, mode);
  }
  const long descriptor = open_fast(AT_FDCWD, path, flags);
  if (descriptor == kAskStrictly) {
    return next_fopen(path, mode);
  }
  if (descriptor < 0) {
    errno = static_cast<int>(-descriptor);
    return nullptr;
  }
  FILE* const out = fdopen(static_cast<int>(descriptor), mode);
  if (out == nullptr) {
    call(SYS_close, {descriptor});
  }
  return out;
}

// map_page puts the page where the filter expects it, and nowhere else: taken, or refused, means
// that this program goes the strict way.
void map_page() {
  const auto wanted = static_cast<long>(table()->page);
  if (wanted == 0) {
    return;
  }
  constexpr long kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
  const long mapped =
      call(SYS_mmap, {wanted, fast::kPageBytes, PROT_READ | PROT_WRITE, kFlags, -1, 0});
  if (mapped != wanted) {
    return;
  }
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  auto* const code = reinterpret_cast<volatile unsigned char*>(mapped);
  for (size_t i = 0; i < sizeof fast::kPageCode; ++i) {
    code[i] = fast::kPageCode[i];
  }
  ready = call(SYS_mprotect, {wanted, fast::kPageBytes, PROT_READ | PROT_EXEC}) == 0;
}

// inner_open is what the C library calls in place of its own function, by the same registers: it
// passes a mode only where one is needed.
int inner_open(const char* path, int flags, unsigned mode) {
  return open_either(AT_FDCWD, path, flags, makes_a_file(flags) ? mode : 0);
}

// opens_a_file: the function is the one that we know, which makes openat(2) by itself.
bool opens_a_file(const volatile unsigned char* function) {
  constexpr size_t kLooksAt = 96;
  constexpr unsigned char kOpens[] = {0xb8, 0x01, 0x01, 0x00, 0x00};  // mov $257, %eax
  static_assert(SYS_openat == 257);
  for (size_t at = 0; at < kLooksAt; ++at) {
    size_t same = 0;
    while (same < sizeof kOpens && function[at + same] == kOpens[same]) {
      ++same;
    }
    if (same == sizeof kOpens) {
      return true;
    }
  }
  return false;
}

// take_inner_opens lets that function begin with a jump to ours, in this process's own copy of its
// page, by one store. Where it is not what we know, where a thread may be within it, and where the
// system refuses code that was written, it stays as it is: strict. Until it is read-only again the
// page can be executed, too: a signal may come.
void take_inner_opens() {
  if (!ready || &libc_inner_open == nullptr || &libc_single_threaded == nullptr ||
      libc_single_threaded == 0 ||
      !opens_a_file(reinterpret_cast<const unsigned char*>(&libc_inner_open))) {
    return;
  }
  constexpr uint64_t kJump = 0xe9;  // jmp rel32, from behind its five bytes
  constexpr long kJumpBytes = 5;
  const auto begin = reinterpret_cast<long>(&libc_inner_open);
  const long distance = reinterpret_cast<long>(&inner_open) - (begin + kJumpBytes);
  if (begin % 8 != 0 || distance != static_cast<int>(distance)) {
    return;
  }
  constexpr auto kSize = static_cast<long>(fast::kPageBytes);
  const long page = begin & -kSize;
  if (call(SYS_mprotect, {page, kSize, PROT_READ | PROT_WRITE | PROT_EXEC}) != 0) {
    return;
  }
  auto* const word = reinterpret_cast<uint64_t*>(&libc_inner_open);
  const uint64_t rest = __atomic_load_n(word, __ATOMIC_RELAXED) >> (8 * kJumpBytes);
  const uint64_t operand = static_cast<uint32_t>(distance);
  __atomic_store_n(word, rest << (8 * kJumpBytes) | operand << 8 | kJump, __ATOMIC_RELEASE);
  call(SYS_mprotect, {page, kSize, PROT_READ | PROT_EXEC});
}

[[gnu::constructor]] void begin() {
  map_page();
  take_inner_opens();
}

}  // namespace

#define NONO_FAST_MODE(flags)      \
  unsigned mode = 0;               \
  if (makes_a_file(flags)) {       \
    va_list more;                  \
    va_start(more, flags);         \
    mode = va_arg(more, unsigned); \
    va_end(more);                  \
  }

extern "C" {
#pragma GCC visibility push(default)

int open(const char* path, int flags, ...) {
  NONO_FAST_MODE(flags)
  return open_either(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  NONO_FAST_MODE(flags)
  return open_either(AT_FDCWD, path, flags, mode);
}
int openat(int directory, const char* path, int flags, ...) {
  NONO_FAST_MODE(flags)
  return open_either(directory, path, flags, mode);
}
int openat64(int directory, const char* path, int flags, ...) {
  NONO_FAST_MODE(flags)
  return open_either(directory, path, flags, mode);
}

// The names of _FORTIFY_SOURCE are the C library's to declare.
int fortified_open(const char* path, int flags) asm("__open_2");
int fortified_open64(const char* path, int flags) asm("__open64_2");
int fortified_openat(int directory, const char* path, int flags) asm("__openat_2");
int fortified_openat64(int directory, const char* path, int flags) asm("__openat64_2");

int fortified_open(const char* path, int flags) {
  return open_without_mode(AT_FDCWD, path, flags);
}
int fortified_open64(const char* path, int flags) {
  return open_without_mode(AT_FDCWD, path, flags);
}
int fortified_openat(int directory, const char* path, int flags) {
  return open_without_mode(directory, path, flags);
}
int fortified_openat64(int directory, const char* path, int flags) {
  return open_without_mode(directory, path, flags);
}

FILE* fopen(const char* path, const char* mode) {
  return fopen_either(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return fopen_either(path, mode);
}

#pragma GCC visibility pop
}
