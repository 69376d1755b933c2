// net/exchange.cc: see exchange.h.
#include "net/exchange.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/text.h"
#include "net/answer_rules.h"
#include "net/exchange_errors.h"
#include "net/fetch.h"

namespace nono::net {
namespace {

constexpr std::chrono::milliseconds kConnectDeadline{10'000};
constexpr long kTurn = 1000;  // milliseconds that one turn waits at most

struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, ListFree>;
struct EasyFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, EasyFree>;
struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
using Multi = std::unique_ptr<CURLM, MultiFree>;

bool append(List& list, const std::string& entry) {
  curl_slist* longer = curl_slist_append(list.get(), entry.c_str());
  if (longer == nullptr) {
    return false;
  }
  (void)list.release();
  list.reset(longer);
  return true;
}

// What the callbacks of one exchange work on. They never throw across the library: what goes wrong
// in them is kept here and ends the transfer.
struct Incoming {
  explicit Incoming(const Hop& hop)
      : head(hop.request.max_bytes), max_body(hop.request.max_bytes), loopback(hop.url.loopback) {}
  AnswerHead head;
  std::string body;
  std::size_t max_body;
  bool loopback;
  std::optional<Error> refusal;
  std::array<char, CURL_ERROR_SIZE> detail{};
  bool asked = false;  // the peer, or the proxy for a way to it

  bool holds(Result<void> step) {
    if (step) {
      return true;
    }
    refusal = std::move(step).error();
    return false;
  }
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* context) noexcept {
  auto& incoming = *static_cast<Incoming*>(context);
  return incoming.holds(incoming.head.take({data, size * count})) ? size * count : 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* context) noexcept {
  auto& incoming = *static_cast<Incoming*>(context);
  if (incoming.body.empty() && !incoming.holds(incoming.head.begin_body())) {
    return 0;
  }
  if (size * count > incoming.max_body - incoming.body.size()) {
    incoming.refusal =
        Error(ErrorKind::Network, "the answer is larger than the " +
                                      std::to_string(incoming.max_body) + " bytes that are taken");
    return 0;
  }
  incoming.body.append(data, size * count);
  return size * count;
}

bool is_loopback(const curl_sockaddr& address) {
  if (address.family == AF_INET && address.addrlen >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, &address.addr, sizeof in);
    return ntohl(in.sin_addr.s_addr) >> 24U == 127;
  }
  if (address.family == AF_INET6 && address.addrlen >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    // The library allocates as much as the address is long; its declared type is shorter.
    std::memcpy(&in, reinterpret_cast<const char*>(&address) + offsetof(curl_sockaddr, addr),
                sizeof in);
    return std::memcmp(&in.sin6_addr, &in6addr_loopback, sizeof(in6_addr)) == 0;
  }
  return false;
}

// The address that is about to be connected: a loopback URL stays on the machine, whatever the name
// was resolved to.
curl_socket_t on_socket(void* context, curlsocktype purpose, curl_sockaddr* address) noexcept {
  auto& incoming = *static_cast<Incoming*>(context);
  if (purpose != CURLSOCKTYPE_IPCXN || (incoming.loopback && !is_loopback(*address))) {
    incoming.refusal = Error(ErrorKind::Network, "a name of this machine led elsewhere");
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// What the library says of its work tells when it sent a request: to a proxy before anything else.
int on_debug(CURL* /*easy*/, curl_infotype what, char* /*data*/, std::size_t /*size*/,
             void* context) noexcept {
  auto& incoming = *static_cast<Incoming*>(context);
  incoming.asked = incoming.asked || what == CURLINFO_HEADER_OUT;
  return 0;
}

class Handle {
 public:
  Handle(const Hop& hop, const CaStore& authorities)
      : hop_(hop), authorities_(authorities), incoming_(hop), easy_(curl_easy_init()) {}

  std::optional<Result<HttpResponse>> run(BorrowedFd channel) {
    if (easy_ == nullptr) {
      return fail(ErrorKind::Network, "the HTTP library gives no handle");
    }
    set_target();
    set_headers();
    set_limits();
    set_tls();
    set_proxy();
    set_callbacks();
    if (!good_) {
      return fail(ErrorKind::Network, "the HTTP library refuses its settings");
    }
    const auto code = drive(channel);
    if (!code) {
      return std::nullopt;
    }
    return result_of(*code);
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    good_ = curl_easy_setopt(easy_.get(), option, value) == CURLE_OK && good_;
  }
  void add(List& list, const std::string& entry) { good_ = append(list, entry) && good_; }

  void set_target() {
    set(CURLOPT_URL, hop_.url.text().c_str());
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_USERAGENT, "nono/" NONO_VERSION);
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
    set(CURLOPT_HTTP09_ALLOWED, 0L);
    set(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
    set(CURLOPT_FORBID_REUSE, 1L);
    set(CURLOPT_FRESH_CONNECT, 1L);
    // "localhost" is what it says, whatever a resolver thinks.
    add(resolve_, "localhost:" + std::to_string(hop_.url.port) + ":127.0.0.1,[::1]");
    set(CURLOPT_RESOLVE, resolve_.get());
    const HttpRequest& request = hop_.request;
    if (request.method == Method::Post) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request.body.c_str());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
  }

  void set_headers() {
    // A name alone takes back what the library would add by itself.
    add(headers_, "Expect:");
    bool typed = hop_.request.method == Method::Get;
    for (const auto& [name, value] : hop_.request.headers) {
      std::string entry(name);
      add(headers_, entry.append(value.empty() ? ";" : ": ").append(value));
      typed = typed || ascii_lower(name) == "content-type";
    }
    if (!typed) {
      add(headers_, "Content-Type:");
    }
    set(CURLOPT_HTTPHEADER, headers_.get());
  }

  void set_limits() {
    const auto left = std::max(
        std::chrono::ceil<std::chrono::milliseconds>(hop_.until - std::chrono::steady_clock::now()),
        std::chrono::milliseconds(1));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));
    connect_time_ = std::min(left, kConnectDeadline);
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(connect_time_.count()));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_QUICK_EXIT, 1L);  // a resolver that hangs is not waited for
  }

  void set_tls() {
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
    set(CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
    set(CURLOPT_PROXY_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    // Never the library's built-in paths.
    const std::string& directory = authorities_.directory;
    for (const CURLoption option : {CURLOPT_CAPATH, CURLOPT_PROXY_CAPATH}) {
      set(option, directory.empty() ? nullptr : directory.c_str());
    }
    set(CURLOPT_CAINFO, nullptr);
    set(CURLOPT_PROXY_CAINFO, nullptr);
    if (!authorities_.pem.empty()) {
      // The library only reads it, though its type cannot say so.
      curl_blob pem{.data = const_cast<char*>(authorities_.pem.data()),
                    .len = authorities_.pem.size(),
                    .flags = CURL_BLOB_NOCOPY};
      set(CURLOPT_CAINFO_BLOB, &pem);
      set(CURLOPT_PROXY_CAINFO_BLOB, &pem);
    }
  }

  void set_proxy() {
    set(CURLOPT_PROXY, hop_.proxy ? hop_.proxy->url.c_str() : "");  // never the environment's
    if (!hop_.proxy) {
      return;
    }
    set(CURLOPT_NOPROXY, "");
    set(CURLOPT_HTTPPROXYTUNNEL, 1L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (const std::string_view user = hop_.proxy->user; !user.empty()) {
      const std::size_t colon = std::min(user.find(':'), user.size());
      set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_BASIC));
      set(CURLOPT_PROXYUSERNAME, decoded(user.substr(0, colon)).c_str());
      set(CURLOPT_PROXYPASSWORD, decoded(user.substr(std::min(colon + 1, user.size()))).c_str());
    }
  }

  std::string decoded(std::string_view text) {
    if (text.empty()) {
      return {};  // the library takes a length of 0 for unknown
    }
    int size = 0;
    char* plain =
        curl_easy_unescape(easy_.get(), text.data(), static_cast<int>(text.size()), &size);
    std::string out(plain == nullptr ? "" : plain, static_cast<std::size_t>(size));
    curl_free(plain);
    return out;
  }

  void set_callbacks() {
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &incoming_);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &incoming_);
    set(CURLOPT_OPENSOCKETFUNCTION, &on_socket);
    set(CURLOPT_OPENSOCKETDATA, &incoming_);
    set(CURLOPT_ERRORBUFFER, incoming_.detail.data());
    set(CURLOPT_DEBUGFUNCTION, &on_debug);
    set(CURLOPT_DEBUGDATA, &incoming_);
    set(CURLOPT_VERBOSE, hop_.proxy ? 1L : 0L);
  }

  // drive runs the transfer to its end; nothing when the channel became readable or closed.
  std::optional<CURLcode> drive(BorrowedFd channel) {
    const Multi multi(curl_multi_init());
    if (multi == nullptr || curl_multi_add_handle(multi.get(), easy_.get()) != CURLM_OK) {
      return CURLE_FAILED_INIT;
    }
    int running = 1;
    bool abandoned = false;
    while (curl_multi_perform(multi.get(), &running) == CURLM_OK && running != 0 && !abandoned) {
      curl_waitfd extra{.fd = channel.raw(), .events = CURL_WAIT_POLLIN, .revents = 0};
      curl_multi_poll(multi.get(), &extra, 1, kTurn, nullptr);
      abandoned = extra.revents != 0;
    }
    std::optional<CURLcode> code;
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi.get(), &left);
    if (!abandoned) {
      code = message == nullptr ? CURLE_FAILED_INIT : message->data.result;
    }
    curl_multi_remove_handle(multi.get(), easy_.get());
    return code;
  }

  Result<HttpResponse> result_of(CURLcode code) {
    if (code == CURLE_OK && incoming_.body.empty()) {
      incoming_.holds(incoming_.head.begin_body());
    }
    if (incoming_.refusal || code != CURLE_OK) {
      return std::unexpected(explain(code));
    }
    HttpResponse response = std::move(incoming_.head).response();
    response.body = std::move(incoming_.body);
    return response;
  }

  Error explain(CURLcode code) {
    long system = 0;
    long connect_answer = 0;
    curl_off_t resolved = 0;
    curl_off_t connected = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    curl_easy_getinfo(easy_.get(), CURLINFO_PRETRANSFER_TIME_T, &connected);
    curl_easy_getinfo(easy_.get(), CURLINFO_OS_ERRNO, &system);
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_CONNECTCODE, &connect_answer);
    return explain_failure({.code = static_cast<int>(code),
                            .system = static_cast<int>(system),
                            .connect_answer = static_cast<int>(connect_answer),
                            .detail = incoming_.detail.data(),
                            .refusal = incoming_.refusal ? incoming_.refusal->message() : "",
                            .received = incoming_.body.size(),
                            .head_came = incoming_.head.status() != 0,
                            .name_known = resolved != 0,
                            .asked = incoming_.asked,
                            .connected = connected != 0,
                            .connect_time = connect_time_},
                           hop_);
  }

  const Hop& hop_;
  const CaStore& authorities_;
  bool good_ = true;
  std::chrono::milliseconds connect_time_{};
  Incoming incoming_;
  List headers_;
  List resolve_;
  Easy easy_;
};

}  // namespace

Result<void> initialise_transport() {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(ErrorKind::Unsupported, "the HTTP library cannot be prepared");
  }
  return {};
}

std::optional<Result<HttpResponse>> exchange(const Hop& hop, const CaStore& authorities,
                                             BorrowedFd channel) {
  if (hop.url.scheme == Scheme::Https && authorities.pem.empty() && authorities.directory.empty()) {
    return fail(ErrorKind::Unsupported,
                "no certificate authorities are known here: install ca-certificates, or name a "
                "bundle in SSL_CERT_FILE");
  }
  Handle handle(hop, authorities);
  return handle.run(channel);
}

}  // namespace nono::net
