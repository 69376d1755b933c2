// sandbox/seatbelt_text.h: words of the profile language of macOS ("Seatbelt", a Scheme): how bytes
// that are somebody else's (file names) are written so that they mean themselves.
//
// There is no public grammar. What is used here is what TinyScheme reads, on which libsandbox is
// built, and what the profiles that come with the system use themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nono::sandbox {

// seatbelt_string writes `bytes` as a string literal, quotes included. Only `"` and `\` could end
// or bend it; what is not printable ASCII is escaped too, so that a terminal can show the text.
std::string seatbelt_string(std::string_view bytes);

// LetterCase: file systems of macOS fold case, so names that must not be met are written Folded.
enum class LetterCase : unsigned char { Exact, Folded };
// seatbelt_regex_quote writes `bytes` as a regular expression that matches them and nothing else
// (Folded: ASCII letters of either case). It is put into a seatbelt_string afterwards.
std::string seatbelt_regex_quote(std::string_view bytes, LetterCase letter_case);

// seatbelt_spellings lists the names under which macOS may compare `path`: /tmp, /var and /etc are
// links into /private there, and a grant of one is a grant of the other.
std::vector<std::string> seatbelt_spellings(std::string_view path);

}  // namespace nono::sandbox
