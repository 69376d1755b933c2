// tests/sandbox/seatbelt_evaluator.h: reads the part of the profile language that is written here,
// and decides by it as macOS does: the last rule that matches wins. It shares no code with what
// writes the text; regular expressions are the C library's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nono::sandbox::testing {

// Expression is a word, a string, or a list of expressions.
struct Expression {
  enum class Kind : unsigned char { Word, String, List };
  Kind kind = Kind::List;
  std::string text{};
  std::vector<Expression> items{};
};

// Attempted is one operation as the system would ask about it.
struct Attempted {
  std::string operation{};  // "file-read-data"
  std::string path{};       // empty: not about a file
  std::string vnode = "REGULAR-FILE";
  std::string direction{};  // "remote" or "local"
  std::string protocol{};   // "tcp", "udp"
  int port = 0;
  std::string name{};    // of a service
  std::string target{};  // "self", "others"
};

class SeatbeltEvaluator {
 public:
  // read takes a whole profile; nothing where a byte of it is not understood, `why` says which.
  static std::optional<SeatbeltEvaluator> read(std::string_view text, std::string& why);
  bool allows(const Attempted& attempted) const;
  std::size_t rules() const { return rules_.size(); }

 private:
  struct Rule {
    bool allow = false;
    std::vector<std::string> operations;
    std::vector<Expression> filters;
  };
  static std::optional<Rule> rule_from(const Expression& expression, std::string& why);
  std::vector<Rule> rules_;
};

}  // namespace nono::sandbox::testing
