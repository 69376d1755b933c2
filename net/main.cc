// net/main.cc: nono-net: what nono hands its HTTP requests to. It reads them from descriptor 3, one
// after the other, and ends when the channel does. It prints nothing: an answer is its only output.
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "net/ca_store.h"
#include "net/confine.h"
#include "net/fetch.h"
#include "net/frame.h"

namespace nono::net {
namespace {

constexpr int kWrongUse = 2;
constexpr int kChannelBroken = 3;
constexpr int kInternal = 70;

Result<Surroundings> prepare() {
  Surroundings surroundings{.authorities = {}, .proxy = ProxyEnvironment::from_environment()};
  NONO_CHECK(initialise_transport());
  NONO_TRY(surroundings.authorities, load_ca_store());
  NONO_CHECK(confine(surroundings.authorities.directory));
  return surroundings;
}

// answer_one reports whether there may be another request.
bool answer_one(BorrowedFd channel, const Result<Surroundings>& surroundings, int& exit_code) {
  const auto payload = receive_frame(channel, max_request_frame(), std::nullopt);
  if (payload && !*payload) {
    exit_code = 0;
    return false;
  }
  const auto request = payload ? decode_request(**payload) : std::unexpected(payload.error());
  if (!request) {
    return false;
  }
  std::optional<Answer> answer = Failure{
      .kind = ErrorKind::Unsupported, .text = surroundings ? "" : surroundings.error().message()};
  if (surroundings) {
    answer = fetch(*request, *surroundings, channel);
  }
  return answer && send_frame(channel, encode_answer(*answer), std::nullopt).has_value();
}

int serve() {
  const BorrowedFd channel = BorrowedFd::unowned(kChannel);
  const auto surroundings = prepare();
  int exit_code = kChannelBroken;
  while (answer_one(channel, surroundings, exit_code)) {
  }
  return exit_code;
}

int say(int descriptor, std::string_view text, int exit_code) {
  return ::write(descriptor, text.data(), text.size()) < 0 ? kWrongUse : exit_code;
}

bool has_channel() {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(kChannel, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

int run(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    return say(STDOUT_FILENO, "nono-net " NONO_VERSION "\n", 0);
  }
  if (argc != 1 || !has_channel()) {
    return say(STDERR_FILENO, "nono-net is started by nono, which it carries HTTP requests for\n",
               kWrongUse);
  }
  return serve();
}

}  // namespace
}  // namespace nono::net

int main(int argc, char** argv) {
  try {
    return nono::net::run(argc, argv);
  } catch (...) {
    // Out of memory: the other side sees the channel close.
    return nono::net::kInternal;
  }
}
