// sandbox/connector.h: performs connects of the agent's sockets that somebody allowed.
//
// The agent's domain forbids them, so they are made outside of it, on the supervisor's side: by a
// forked child each, because whether the socket blocks is the agent's to change at any moment and
// the supervisor must not wait. The child has no capabilities and no descriptor but what it needs;
// its end is the answer.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/expansion.h"

namespace nono::sandbox {

class Connector {
 public:
  static constexpr std::size_t kMax = Expander::kMaxPending;

  static Result<Connector> make();
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  Connector(Connector&& other) noexcept = default;
  Connector& operator=(Connector&&) = delete;
  ~Connector();  // ends what is under way

  // begin starts the connect of a question that was allowed: an errno where it cannot.
  Answer<void> begin(const Expansion& expansion);
  int watched() const { return BorrowedFd(epoll_).raw(); }  // readable when one is finished
  // finished gives the kernel's answers, as connect(2) gave them.
  std::vector<Expanded> finished();

 private:
  explicit Connector(OwnedFd epoll) : epoll_(std::move(epoll)) {}
  struct Child {
    OwnedFd pidfd;
    std::uint64_t cookie = 0;
  };
  OwnedFd epoll_;
  std::map<int, Child> children_;  // by the number of the pidfd
};

}  // namespace nono::sandbox
