// sandbox/fast_gate.h: the fast gate: opens that a program of the agent may make without the
// broker.
//
// A library (fast_shim.cc) is loaded into every dynamically linked program of the agent. It makes
// opens for reading from one page, at an address chosen anew for each session, from which the
// notify filter lets openat(2) for reading through; and only where the name can be that of no
// guarded file and the object is none that is known as guarded. Landlock judges those opens as all
// others; everything else, and everything that fails, comes to the broker.
//
// What is trusted: an honest program, to run the shim's code. Hostile code in the sandbox can call
// that page by itself: guarded files are then readable to it, and nothing else that strict refuses
// (the agent's own domain inside the broker's has no right to read other terminals,
// sandbox/landlock.h).
//
// The library exists as a memory file only, that nobody but nono can write. The broker serves it
// where kLibrary is opened.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "trustpolicy/name_shape.h"

namespace nono::sandbox {

namespace fast {
struct Table;
}

class FastGate {
 public:
  // AddressSanitizer's runtime stops a program whose first library has no such name as its own.
  static constexpr std::string_view kLibrary = "/nono/fast-no-libasan.so";

  // make lays the library out for names of these shapes. Unsupported on an architecture for which
  // there is none. Shapes that do not fit make every name one for the broker.
  static Result<FastGate> make(std::span<const trustpolicy::NameShape> shapes);
  FastGate(FastGate&& other) noexcept;
  FastGate& operator=(FastGate&&) = delete;
  ~FastGate();

  // return_address is what the filter compares: the instruction behind the system call.
  std::uint64_t return_address() const;
  // make_known tells every program, running or to come, that this object is guarded. It is in
  // force when the call returns.
  void make_known(dev_t device, ino_t inode) const;
  // open_library is a descriptor for reading; not valid where the system has none left.
  OwnedFd open_library() const;
  int image() const { return BorrowedFd(image_).raw(); }
  // opens_everything_strictly: a shape matches every name, so that nothing is won.
  bool opens_everything_strictly() const { return all_strict_; }

  // preload adds the library to the environment, behind what is preloaded otherwise: such a library
  // may stand in for open(2), too, and calls the next one.
  static void preload(std::vector<std::string>& environment);

 private:
  FastGate(OwnedFd image, fast::Table* table) : image_(std::move(image)), table_(table) {}
  OwnedFd image_;
  fast::Table* table_;  // a mapping, shared with the broker
  bool all_strict_ = false;
};

}  // namespace nono::sandbox
