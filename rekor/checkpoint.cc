// rekor/checkpoint.cc: splitting a signed note into its text and its signatures, both strictly.
#include "rekor/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <system_error>
#include <utility>

#include "base/text.h"

namespace nono::rekor {

namespace {

constexpr std::string_view kDash = "\u2014 ";  // before every signature
constexpr std::string_view kBlankLine = "\n\n";

std::unexpected<Error> malformed(std::string why) {
  return fail(ErrorKind::InvalidInput, "the checkpoint " + std::move(why));
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n') || byte == 0x7f;
}

// take_line cuts the first line off `rest`, without its line feed, which must be there.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return line;
}

std::optional<std::uint64_t> parse_size(std::string_view digits) {
  std::uint64_t size = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, problem] = std::from_chars(digits.data(), end, size);
  const bool canonical = problem == std::errc() && stop == end && std::to_string(size) == digits;
  return canonical ? std::optional(size) : std::nullopt;
}

std::optional<crypto::Sha256> parse_root(std::string_view text) {
  const std::optional<Bytes> raw = base64_decode(text, Base64::Strict);
  return raw ? crypto::Sha256::from_raw(*raw) : std::nullopt;
}

// The name has no space, which parts it from the signature, and no '+', which parts the name from
// the key in a verifier's key (C2SP signed-note).
std::optional<NoteSignature> parse_signature(std::string_view line) {
  if (!line.starts_with(kDash)) {
    return std::nullopt;
  }
  line.remove_prefix(kDash.size());
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) {
    return std::nullopt;
  }
  NoteSignature signature{.name = std::string(line.substr(0, space)), .hint = {}, .signature = {}};
  const std::optional<Bytes> blob = base64_decode(line.substr(space + 1), Base64::Strict);
  if (signature.name.empty() || signature.name.contains('+') || !blob ||
      blob->size() <= signature.hint.size()) {
    return std::nullopt;
  }
  const auto signature_begin = blob->begin() + std::ssize(signature.hint);
  std::copy(blob->begin(), signature_begin, signature.hint.begin());
  signature.signature.assign(signature_begin, blob->end());
  return signature;
}

Result<std::vector<NoteSignature>> parse_signatures(std::string_view lines) {
  std::vector<NoteSignature> signatures;
  while (!lines.empty()) {
    const std::string which = std::to_string(signatures.size() + 1);
    if (signatures.size() == Checkpoint::kMaxSignatures) {
      return fail(ErrorKind::Exhausted, "the checkpoint carries more than " +
                                            std::to_string(Checkpoint::kMaxSignatures) +
                                            " signatures");
    }
    const std::optional<std::string_view> line = take_line(lines);
    if (!line) {
      return malformed("does not end its line of signature " + which + " with a line feed");
    }
    std::optional<NoteSignature> signature = parse_signature(*line);
    if (!signature) {
      return malformed("has a line of signature " + which +
                       " that is not a dash (U+2014), a name and base64 of a key hint and more");
    }
    signatures.push_back(*std::move(signature));
  }
  if (signatures.empty()) {
    return malformed("carries no signature");
  }
  return signatures;
}

Result<Checkpoint> parse_text(std::string_view text) {
  std::string_view rest = text;
  const std::optional<std::string_view> origin = take_line(rest);
  if (!origin || origin->empty()) {
    return malformed("has no origin in its first line");
  }
  const std::optional<std::string_view> size_line = take_line(rest);
  const std::optional<std::uint64_t> size = parse_size(size_line.value_or(""));
  if (!size) {
    return malformed("has no tree size in its second line: decimal, no leading zeros, 64 bits");
  }
  const std::optional<std::string_view> root_line = take_line(rest);
  const std::optional<crypto::Sha256> root = parse_root(root_line.value_or(""));
  if (!root) {
    return malformed("has no root hash in its third line: padded base64 of 32 bytes");
  }
  while (!rest.empty()) {
    const std::optional<std::string_view> extension = take_line(rest);
    if (!extension || extension->empty()) {
      return malformed("has an empty line within its text");
    }
  }
  return Checkpoint{.text = std::string(text),
                    .origin = std::string(*origin),
                    .size = *size,
                    .root = *root,
                    .signatures = {}};
}

}  // namespace

Result<Checkpoint> Checkpoint::parse(std::string_view note) {
  if (note.size() > kMaxBytes) {
    return fail(ErrorKind::Exhausted,
                "the checkpoint is longer than " + std::to_string(kMaxBytes) + " bytes");
  }
  if (!is_utf8(note) || std::ranges::any_of(note, is_control)) {
    return malformed("is not UTF-8 text without control characters");
  }
  const std::size_t blank = note.rfind(kBlankLine);
  if (blank == std::string_view::npos) {
    return malformed("has no blank line between its text and its signatures");
  }
  NONO_TRY(Checkpoint checkpoint, parse_text(note.substr(0, blank + 1)));
  NONO_TRY(checkpoint.signatures, parse_signatures(note.substr(blank + kBlankLine.size())));
  return checkpoint;
}

}  // namespace nono::rekor
