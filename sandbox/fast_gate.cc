#include "sandbox/fast_gate.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/files.h"
#include "sandbox/fast_image.h"
#include "sandbox/fast_layout.h"
#include "sandbox/fast_names.h"

namespace nono::sandbox {

using trustpolicy::NameShape;

namespace {

// Newer than the oldest headers that we build with.
constexpr unsigned kNoExecSeal = 0x0008;  // MFD_NOEXEC_SEAL, Linux 6.3
constexpr int kSealFutureWrite = 0x0010;  // F_SEAL_FUTURE_WRITE, Linux 5.1

// Below where libraries, stacks and large allocations begin, so that it is free; what sanitizers
// of addresses and threads take for a program's own memory, too.
constexpr std::uint64_t kLowestPage = 0x7e8000000000;
constexpr std::uint64_t kPages = std::uint64_t{1} << 27;

Result<OwnedFd> new_memory() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = ::memfd_create("nono-fast", kFlags | kNoExecSeal);
  if (fd < 0 && errno == EINVAL) {
    fd = ::memfd_create("nono-fast", kFlags);
  }
  if (fd < 0) {
    return fail_errno(errno, "making the fast gate's library");
  }
  return OwnedFd(fd);
}

Result<off_t> table_in(std::span<const std::byte> image) {
  for (std::size_t at = 0; at + sizeof(fast::Table) <= image.size(); at += fast::kPageBytes) {
    if (std::memcmp(image.data() + at, &fast::kMagic[0], sizeof fast::kMagic) == 0) {
      return static_cast<off_t>(at);
    }
  }
  return fail(ErrorKind::Internal, "the fast gate's library has no table");
}

Result<std::uint64_t> random_page() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != sizeof number) {
    return fail_errno(errno, "choosing the fast gate's page");
  }
  return kLowestPage + (number % kPages) * fast::kPageBytes;
}

// add_end adds what names of a shape end with; less than two letters say nothing.
void add_end(std::vector<unsigned char>& out, const std::string& text) {
  if (text.size() < 2) {
    std::fill_n(out.begin(), fast::kEndsBytes, 0xff);
    return;
  }
  const std::size_t end = fast::end_of({text.data(), text.size()});
  out[end / 8] = static_cast<unsigned char>(out[end / 8] | 1U << (end % 8));
}

void append(std::vector<unsigned char>& out, const NameShape& shape) {
  // A longer end matches no name; a shorter one in its place matches too many.
  const std::size_t prefix = std::min(shape.prefix.size(), fast::kMaxName);
  const std::size_t suffix = std::min(shape.suffix.size(), fast::kMaxName);
  const unsigned folded = shape.spelling == trustpolicy::Spelling::Folded ? fast::kFolded : 0U;
  const bool whole = shape.extent == trustpolicy::Extent::Whole && prefix == shape.prefix.size();
  out.push_back(static_cast<unsigned char>(folded | (whole ? fast::kWhole : 0U)));
  out.push_back(static_cast<unsigned char>(prefix));
  out.push_back(static_cast<unsigned char>(suffix));
  out.insert(out.end(), shape.prefix.begin(),
             shape.prefix.begin() + static_cast<std::ptrdiff_t>(prefix));
  out.insert(out.end(), shape.suffix.end() - static_cast<std::ptrdiff_t>(suffix),
             shape.suffix.end());
  add_end(out, whole ? shape.prefix : shape.suffix);
}

bool matches_all(const NameShape& shape) {
  return shape.extent == trustpolicy::Extent::Ends && shape.prefix.empty() && shape.suffix.empty();
}

}  // namespace

std::vector<unsigned char> packed_shapes(std::span<const NameShape> shapes) {
  std::vector<unsigned char> out(fast::kEndsBytes);
  for (const NameShape& shape : shapes) {
    append(out, shape);
  }
  if (out.size() > fast::kShapeBytes) {
    out.assign(fast::kEndsBytes, 0xff);
    out.insert(out.end(), {0, 0, 0});  // every name ends with nothing
  }
  return out;
}

Result<FastGate> FastGate::make(std::span<const NameShape> shapes) {
  const std::span<const std::byte> library = fast_library();
  if (library.empty()) {
    return std::unexpected(
        Error(ErrorKind::Unsupported, "there is no fast gate for this processor's architecture")
            .mend_with("use --trust-intercept=strict"));
  }
  NONO_TRY(const off_t at, table_in(library));
  NONO_TRY(OwnedFd image, new_memory());
  NONO_CHECK(write_all(image, library));
  void* const mapped = ::mmap(nullptr, sizeof(fast::Table), PROT_READ | PROT_WRITE, MAP_SHARED,
                              BorrowedFd(image).raw(), at);
  if (mapped == MAP_FAILED) {
    return fail_errno(errno, "mapping the fast gate's table");
  }
  FastGate out(std::move(image), static_cast<fast::Table*>(mapped));
  NONO_TRY(out.table_->page, random_page());
  const std::vector<unsigned char> packed = packed_shapes(shapes);
  std::ranges::copy(packed, &out.table_->shapes[0]);
  out.table_->shapes_used = packed.size();
  out.all_strict_ =
      packed.size() == fast::kEndsBytes + 3 || std::ranges::any_of(shapes, matches_all);
  constexpr int kSeals = kSealFutureWrite | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
  if (::fcntl(out.image(), F_ADD_SEALS, kSeals) != 0) {
    return fail_errno(errno, "sealing the fast gate's library");
  }
  return out;
}

FastGate::FastGate(FastGate&& other) noexcept
    : image_(std::move(other.image_)),
      table_(std::exchange(other.table_, nullptr)),
      all_strict_(other.all_strict_) {}

FastGate::~FastGate() {
  if (table_ != nullptr) {
    ::munmap(table_, sizeof *table_);
  }
}

std::uint64_t FastGate::return_address() const {
  return table_->page + fast::kReturnOffset;
}

void FastGate::make_known(dev_t device, ino_t inode) const {
  fast::make_known(&table_->known[0], device, inode);
}

OwnedFd FastGate::open_library() const {
  const std::string path = "/proc/self/fd/" + std::to_string(image());
  return OwnedFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

void FastGate::preload(std::vector<std::string>& environment) {
  constexpr std::string_view kVariable = "LD_PRELOAD=";
  for (std::string& entry : environment) {
    if (entry.starts_with(kVariable)) {
      entry += (entry.size() == kVariable.size() ? "" : ":") + std::string(kLibrary);
      return;
    }
  }
  environment.push_back(std::string(kVariable) + std::string(kLibrary));
}

}  // namespace nono::sandbox
