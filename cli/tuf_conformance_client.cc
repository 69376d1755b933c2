// cli/tuf_conformance_client.cc: the command line of the TUF conformance suite, a thin front to the
// same client that `nono trust root update` uses.
//
//   tuf-conformance-client --metadata-dir DIR init ROOT
//   tuf-conformance-client --metadata-dir DIR --metadata-url URL refresh
//   tuf-conformance-client --metadata-dir DIR --metadata-url URL --target-dir DIR
//     --target-base-url URL --target-name PATH [--target-name PATH ...] download
//
// Exit code 0: done; 1: refused or failed, with the reason on stderr; 2: wrong usage.
#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/text.h"
#include "engine/tuf_repository.h"
#include "net/nono_net_client.h"
#include "tuf/directory_store.h"

namespace nono::cli {
namespace {

constexpr std::array<std::string_view, 5> kOptions{
    "--metadata-dir", "--metadata-url", "--target-dir", "--target-base-url", "--target-name"};

struct Words {
  std::map<std::string, std::vector<std::string>, std::less<>> options;
  std::vector<std::string> operands;

  // value is "" where the option is not given.
  std::string value(std::string_view name) const {
    const auto found = options.find(name);
    return found == options.end() ? std::string() : found->second.back();
  }
};

std::optional<Words> read_words(std::span<char* const> arguments) {
  Words words;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string word(arguments[i]);
    if (!word.starts_with("--")) {
      words.operands.push_back(word);
    } else if (std::ranges::find(kOptions, word) == kOptions.end() || ++i == arguments.size()) {
      return std::nullopt;
    } else {
      words.options[word].emplace_back(arguments[i]);
    }
  }
  return words;
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) {
    url.pop_back();
  }
  return url;
}

Result<void> init(tuf::DirectoryStore& store, const std::string& file) {
  NONO_TRY(const std::string root, read_file(file, tuf::kMaxRootBytes));
  NONO_CHECK(tuf::TrustedSet::start(root));
  return store.write_metadata(tuf::kRoot, root);
}

Result<void> refresh(tuf::Client& client, const tuf::DirectoryStore& store) {
  NONO_TRY(const std::optional<std::string> anchor, store.metadata(tuf::kRoot));
  return anchor ? client.refresh(*anchor)
                : Result<void>(fail(ErrorKind::NotFound, "there is no trusted root: init first"));
}

Result<void> work(const Words& words, const std::string& command) {
  tuf::DirectoryStore store(words.value("--metadata-dir"), words.value("--target-dir"));
  if (command == "init") {
    return init(store, words.operands[1]);
  }
  net::NonoNetClient http;
  engine::HttpTufRepository repository(http, without_slash(words.value("--metadata-url")),
                                       without_slash(words.value("--target-base-url")));
  tuf::Client client(repository, store, SystemClock().now());
  NONO_CHECK(refresh(client, store));
  const auto names = words.options.find("--target-name");
  if (command == "download" && names != words.options.end()) {
    for (const std::string& name : names->second) {
      NONO_CHECK(client.target(name));
    }
  }
  return {};
}

bool makes_sense(const Words& words) {
  if (words.operands.empty() || words.value("--metadata-dir").empty()) {
    return false;
  }
  const std::string& command = words.operands.front();
  const bool url = !words.value("--metadata-url").empty();
  if (command == "init") {
    return words.operands.size() == 2;
  }
  if (command == "refresh") {
    return words.operands.size() == 1 && url;
  }
  return command == "download" && words.operands.size() == 1 && url &&
         !words.value("--target-dir").empty() && !words.value("--target-base-url").empty() &&
         !words.value("--target-name").empty();
}

int complain(std::string_view what, int exit_code) {
  const std::string line = "tuf-conformance-client: " + printable(what) + "\n";
  std::fputs(line.c_str(), stderr);
  return exit_code;
}

int main_of(std::span<char* const> arguments) {
  const std::optional<Words> words = read_words(arguments);
  if (!words || !makes_sense(*words)) {
    return complain("usage: see cli/tuf_conformance_client.cc", 2);
  }
  const Result<void> done = work(*words, words->operands.front());
  return done ? 0 : complain(done.error().message(), 1);
}

}  // namespace
}  // namespace nono::cli

int main(int argc, char** argv) {
  return nono::cli::main_of(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
}
