#include "tests/sandbox/seatbelt_evaluator.h"

#include <regex.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <initializer_list>
#include <map>

namespace nono::sandbox::testing {
namespace {

// Reader turns text into expressions.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  std::optional<std::vector<Expression>> all(std::string& why) {
    std::vector<Expression> out;
    for (skip(); !rest_.empty(); skip()) {
      auto one = expression(0);
      if (!one) {
        why = "not understood: " + std::string(rest_.substr(0, 40));
        return std::nullopt;
      }
      out.push_back(*std::move(one));
    }
    return out;
  }

 private:
  static constexpr int kMaxDepth = 16;

  void skip() {
    while (!rest_.empty()) {
      if (rest_.front() == ';') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.front() == ' ' || rest_.front() == '\n') {
        rest_.remove_prefix(1);
      } else {
        return;
      }
    }
  }

  std::optional<Expression> expression(int depth) {
    if (rest_.empty() || depth > kMaxDepth || rest_.front() == ')') {
      return std::nullopt;
    }
    if (rest_.front() == '"') {
      return string();
    }
    return rest_.front() == '(' ? list(depth) : word();
  }

  std::optional<Expression> list(int depth) {
    rest_.remove_prefix(1);
    Expression out;
    for (skip(); !rest_.empty() && rest_.front() != ')'; skip()) {
      auto item = expression(depth + 1);
      if (!item) {
        return std::nullopt;
      }
      out.items.push_back(*std::move(item));
    }
    if (rest_.empty()) {
      return std::nullopt;
    }
    rest_.remove_prefix(1);
    return out;
  }

  std::optional<Expression> word() {
    const std::size_t end = std::min(rest_.find_first_of(" \n()\";"), rest_.size());
    Expression out{.kind = Expression::Kind::Word, .text = std::string(rest_.substr(0, end))};
    rest_.remove_prefix(end);
    return out.text.empty() ? std::nullopt : std::optional(std::move(out));
  }

  std::optional<Expression> string() {
    Expression out{.kind = Expression::Kind::String};
    for (rest_.remove_prefix(1); !rest_.empty() && rest_.front() != '"';) {
      if (rest_.front() == '\\' && !escaped(out.text)) {
        return std::nullopt;
      }
      if (rest_.empty() || rest_.front() == '"' || rest_.front() == '\\') {
        continue;
      }
      out.text += rest_.front();
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) {
      return std::nullopt;
    }
    rest_.remove_prefix(1);
    return out;
  }

  // escaped takes one escape: \" \\ \xNN.
  bool escaped(std::string& out) {
    if (rest_.size() >= 2 && (rest_[1] == '"' || rest_[1] == '\\')) {
      out += rest_[1];
      rest_.remove_prefix(2);
      return true;
    }
    if (rest_.size() < 4 || rest_[1] != 'x' || std::isxdigit(rest_[2]) == 0 ||
        std::isxdigit(rest_[3]) == 0) {
      return false;
    }
    out += static_cast<char>(std::strtol(std::string(rest_.substr(2, 2)).c_str(), nullptr, 16));
    rest_.remove_prefix(4);
    return true;
  }

  std::string_view rest_;
};

// Compiled is an expression of the text that is tested; there are few, and each is asked often.
class Compiled {
 public:
  explicit Compiled(const std::string& expression) {
    if (::regcomp(&compiled_, expression.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
      std::abort();  // the text that is tested is at fault
    }
  }
  ~Compiled() { ::regfree(&compiled_); }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;
  bool finds(const std::string& text) const {
    return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
};

bool regex_finds(const std::string& expression, const std::string& text) {
  static std::map<std::string, Compiled> known_expressions;
  return known_expressions.try_emplace(expression, expression).first->second.finds(text);
}

bool beneath_text(const std::string& root, const std::string& path) {
  return path == root || root == "/" || path.starts_with(root + "/");
}

// address_matches takes "*:443" and "*:*".
bool address_matches(const std::string& wanted, int port) {
  return wanted == "*:*" || wanted == "*:" + std::to_string(port);
}

bool filter_matches(const Expression& filter, const Attempted& attempted);

bool combined(const std::string& kind, const Expression& filter, const Attempted& attempted) {
  const auto matches = [&](const Expression& part) { return filter_matches(part, attempted); };
  const auto begin = filter.items.begin() + 1;
  if (kind == "require-all") {
    return std::all_of(begin, filter.items.end(), matches);
  }
  return kind == "require-any" ? std::any_of(begin, filter.items.end(), matches)
                               : std::none_of(begin, filter.items.end(), matches);
}

bool path_matches(const std::string& kind, const std::string& value, const Attempted& attempted) {
  if (attempted.path.empty()) {
    return false;
  }
  if (kind == "literal") {
    return attempted.path == value;
  }
  return kind == "subpath" ? beneath_text(value, attempted.path)
                           : regex_finds(value, attempted.path);
}

bool filter_matches(const Expression& filter, const Attempted& attempted) {
  const std::string& kind = filter.items.front().text;
  if (kind.starts_with("require-")) {
    return combined(kind, filter, attempted);
  }
  const std::string& value = filter.items.back().text;
  if (kind == "literal" || kind == "subpath" || kind == "regex") {
    return path_matches(kind, value, attempted);
  }
  if (kind == "vnode-type") {
    return attempted.vnode == value;
  }
  if (kind == "global-name") {
    return attempted.name == value;
  }
  if (kind == "target") {
    return attempted.target == value;
  }
  const std::string& protocol = filter.items[1].text;
  return attempted.direction == kind && attempted.port != 0 &&
         (protocol == "ip" || protocol == attempted.protocol) &&
         address_matches(value, attempted.port);
}

bool operation_matches(const std::string& pattern, const std::string& operation) {
  return pattern == "default" || pattern == operation ||
         (pattern.ends_with('*') &&
          operation.starts_with(std::string_view(pattern).substr(0, pattern.size() - 1)));
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// known checks the shape of a filter, so that filter_matches need not.
bool known(const Expression& filter) {
  if (filter.kind != Expression::Kind::List || filter.items.size() < 2) {
    return false;
  }
  const std::string& kind = filter.items.front().text;
  const auto has_shape = [&](std::initializer_list<Expression::Kind> shape) {
    return std::equal(
        shape.begin(), shape.end(), filter.items.begin() + 1, filter.items.end(),
        [](Expression::Kind wanted, const Expression& item) { return item.kind == wanted; });
  };
  if (is_one_of(kind, {"require-all", "require-any", "require-not"})) {
    return std::all_of(filter.items.begin() + 1, filter.items.end(), known);
  }
  if (is_one_of(kind, {"remote", "local"})) {
    return has_shape({Expression::Kind::Word, Expression::Kind::String});
  }
  if (is_one_of(kind, {"vnode-type", "target"})) {
    return has_shape({Expression::Kind::Word});
  }
  return is_one_of(kind, {"literal", "subpath", "regex", "global-name"}) &&
         has_shape({Expression::Kind::String});
}

}  // namespace

std::optional<SeatbeltEvaluator::Rule> SeatbeltEvaluator::rule_from(const Expression& expression,
                                                                    std::string& why) {
  Rule rule;
  if (expression.items.size() < 2) {
    why = "a rule of one word";
    return std::nullopt;
  }
  const std::string& verb = expression.items.front().text;
  rule.allow = verb == "allow";
  for (auto item = expression.items.begin() + 1; item != expression.items.end(); ++item) {
    if (item->kind == Expression::Kind::Word && rule.filters.empty()) {
      rule.operations.push_back(item->text);
    } else if (known(*item)) {
      rule.filters.push_back(*item);
    } else {
      why = "an unknown filter in a rule of " + rule.operations.front();
      return std::nullopt;
    }
  }
  if ((!rule.allow && verb != "deny") || rule.operations.empty()) {
    why = "not a rule: " + verb;
    return std::nullopt;
  }
  return rule;
}

std::optional<SeatbeltEvaluator> SeatbeltEvaluator::read(std::string_view text, std::string& why) {
  const auto expressions = Reader(text).all(why);
  if (!expressions) {
    return std::nullopt;
  }
  SeatbeltEvaluator out;
  for (const Expression& expression : *expressions) {
    const bool version = out.rules_.empty() && expression.items.size() == 2 &&
                         expression.items.front().text == "version";
    if (version && expression.items.back().text == "1") {
      continue;
    }
    auto rule = rule_from(expression, why);
    if (!rule) {
      return std::nullopt;
    }
    out.rules_.push_back(*std::move(rule));
  }
  return out;
}

bool SeatbeltEvaluator::allows(const Attempted& attempted) const {
  bool allowed = false;
  for (const Rule& rule : rules_) {
    const bool about = std::ranges::any_of(rule.operations, [&](const std::string& pattern) {
      return operation_matches(pattern, attempted.operation);
    });
    if (about &&
        (rule.filters.empty() || std::ranges::any_of(rule.filters, [&](const Expression& filter) {
           return filter_matches(filter, attempted);
         }))) {
      allowed = rule.allow;
    }
  }
  return allowed;
}

}  // namespace nono::sandbox::testing
