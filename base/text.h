// base/text.h: text that comes from files, names and signatures and goes to people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nono {

// is_utf8 reports whether `text` is well-formed UTF-8 (Unicode 15, table 3-7: no surrogates, no
// overlong forms).
bool is_utf8(std::string_view text);

// printable returns `text` as one line that no terminal interprets: control characters (C0, C1,
// DEL), bidirectional and zero-width format characters, line separators and bytes that are not
// UTF-8 come out as \n \t \e \xNN or \u{NNNN}; everything else is unchanged. Idempotent on ASCII
// text without backslashes; used for every foreign string that is shown.
std::string printable(std::string_view text);

// printable_name is printable for a name among lines that ask somebody something: blanks that could
// look like the layout around it (several, at either end, other than the ASCII one) are spelt out.
std::string printable_name(std::string_view name);

// fold_name brings a file name to the form in which guarded names are compared: NFKC and full case
// folding (Unicode 15, via utf8proc), control characters and all that is invisible removed,
// spaces and dots removed at both ends, and the Cyrillic and Greek look-alikes of Latin
// letters replaced by them. Bytes that are not UTF-8 are kept as they are. ASCII takes a fast path.
std::string fold_name(std::string_view name);

// parse_size takes a whole number of bytes with K, M, G or T (or KiB, MiB, GiB, TiB: the same
// powers of 1024), or none; nothing else, and nothing over 2^63 - 1.
std::optional<std::uint64_t> parse_size(std::string_view text);

// ascii_lower folds A-Z only.
std::string ascii_lower(std::string_view text);

// shell_quote makes `word` safe to paste into a POSIX shell; plain words are unchanged.
std::string shell_quote(std::string_view word);

}  // namespace nono
