// cli/options.cc: the table, handed to Boost.Program_options and read back.
#include "cli/options.h"

#include <boost/program_options.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "cli/upstream_options.h"

namespace nono::cli {
namespace {

namespace po = boost::program_options;

constexpr Option kJsonOption{"json", 0, "", "print one JSON document (docs/json-output.md)"};
constexpr Option kPlanJsonOption{
    "json", 0, "", "with --dry-run: print it as one JSON document (docs/json-output.md)"};
constexpr std::array<Option, 5> kCommonOptions = {{
    {"quiet", 'q', "", "no notes, no summary, no progress: results and errors only"},
    {"silent", 's', "", "nothing but errors; the exit code tells"},
    {"verbose", 'v', "", "say more: digests, bundles, where everything lies"},
    {"color", 0, "WHEN", "colour the words: auto, always or never (also NO_COLOR)",
     Takes::OneValue},
    {"help", 'h', "", "show this help"},
}};
constexpr const char* kOperands = " operands";  // no option can be called that

Error usage(const Command& command, std::string what) {
  return Error(ErrorKind::Usage, std::move(what))
      .mend_with("nono " + std::string(command.name) + " --help");
}

void describe(const std::string& names, Takes takes, po::options_description& description) {
  switch (takes) {
    case Takes::Nothing:
      description.add_options()(names.c_str(), po::value<bool>()->zero_tokens(), "");
      break;
    case Takes::OneValue:
      description.add_options()(names.c_str(), po::value<std::string>(), "");
      break;
    case Takes::Values:
    case Takes::Pair:
      description.add_options()(names.c_str(), po::value<std::vector<std::string>>(), "");
      break;
  }
}

using Words = std::vector<std::string>;

// mentions: a word can be about that option, by its name or among the letters behind one dash.
bool mentions(const Words& words, std::string_view name, char letter) {
  return std::ranges::any_of(words, [&](std::string_view word) {
    return word.starts_with("--") ? word.substr(2, word.find('=') - 2) == name
                                  : letter != 0 && word.starts_with('-') && word.contains(letter);
  });
}

// spread gives the second word of a pair the name of the option, too: Boost takes one word for one
// name. A missing word, or an option in its place, is left for Boost to refuse.
Words spread(const Command& command, const Words& words) {
  const std::vector<Option> options = options_of(command);
  const auto pair = [&](std::string_view word) {
    return std::ranges::any_of(options, [&](const Option& option) {
      return option.takes == Takes::Pair && word.starts_with("--") &&
             word.substr(2, word.find('=') - 2) == option.name;
    });
  };
  Words out;
  std::string name;      // of the option whose second word is to come
  std::size_t left = 0;  // words until that is behind us
  for (const std::string& word : words) {
    if (left == 1) {
      out.push_back(name);
    }
    left -= left > 0 ? 1 : 0;
    out.push_back(word);
    if (pair(word)) {
      name = word.substr(0, word.find('='));
      left = word.contains('=') ? 1 : 2;
    }
  }
  if (left == 1) {
    out.push_back(name);
  }
  return out;
}

// describe tells Boost of the options that the words mention: it takes a name as it stands, so that
// those that nobody wrote make no difference, but the half of the time that reading options takes.
po::options_description describe(const Command& command, const Words& words) {
  po::options_description description;
  for (const Option& option : options_of(command)) {
    if (mentions(words, option.name, option.letter)) {
      std::string names(option.name);
      if (option.letter != 0) {
        names.append(",").push_back(option.letter);
      }
      describe(names, option.takes, description);
    }
    for (const UpstreamOption& alias : upstream_options()) {
      if (alias.ours == option.name && mentions(words, alias.name, 0)) {
        describe(std::string(alias.name), option.takes, description);
      }
    }
  }
  description.add_options()(kOperands, po::value<std::vector<std::string>>(), "");
  return description;
}

std::string dashed(const std::string& name) {
  return name.starts_with('-') ? name : (name.size() == 1 ? "-" : "--") + name;
}

Error no_such_option(const Command& command, const std::string& option) {
  const UpstreamOption* upstream =
      option.starts_with("--") ? upstream_option(std::string_view(option).substr(2)) : nullptr;
  const bool known = upstream != nullptr && !upstream->instead.empty();
  return usage(command, "there is no option " + option +
                            (known ? ": " + std::string(upstream->instead) : ""));
}

// Boost parses into options one by one; storing and its conversions are not needed.
Result<po::parsed_options> parse(const Command& command, const Words& words) {
  const po::options_description description = describe(command, words);
  po::positional_options_description positional;
  positional.add(kOperands, -1);
  namespace style = po::command_line_style;
  const int form = style::allow_short | style::short_allow_adjacent | style::short_allow_next |
                   style::allow_long | style::long_allow_adjacent | style::long_allow_next |
                   style::allow_sticky | style::allow_dash_for_short;
  try {
    return po::command_line_parser(words)
        .options(description)
        .positional(positional)
        .style(form)
        .run();
  } catch (const po::unknown_option& error) {
    return std::unexpected(no_such_option(command, dashed(error.get_option_name())));
  } catch (const po::error_with_option_name& error) {
    return std::unexpected(usage(command, error.what()));
  } catch (const po::error& error) {
    return std::unexpected(usage(command, error.what()));
  }
}

Result<void> check_counts(const Command& command, const Arguments& arguments) {
  for (const Option& option : options_of(command)) {
    const auto values = arguments.values(option.name);
    if (option.takes == Takes::OneValue && values.size() > 1) {
      return std::unexpected(usage(command, dashed(std::string(option.name)) + " is given twice"));
    }
    if (std::ranges::find(values, std::string()) != values.end()) {
      return std::unexpected(
          usage(command, dashed(std::string(option.name)) + " needs a value that is not empty"));
    }
  }
  if (command.json == JsonOutput::OfDryRun && arguments.has("json") && !arguments.has("dry-run")) {
    return std::unexpected(
        Error(ErrorKind::Usage, "--json is for --dry-run: what a session prints is the agent's own")
            .mend_with("add --dry-run; what a session did: nono audit show --json"));
  }
  return {};
}

Result<void> check_operands(const Command& command, const Arguments& arguments) {
  const std::size_t count = arguments.operands().size();
  if (count < command.operands.least) {
    return std::unexpected(usage(command, std::string(command.operands.shown) + " is missing"));
  }
  if (count > command.operands.most) {
    return std::unexpected(usage(command, "\"" + arguments.operands()[command.operands.most] +
                                              "\" is one argument too many"));
  }
  if (std::ranges::find(arguments.operands(), std::string()) != arguments.operands().end()) {
    return std::unexpected(usage(command, "an argument is empty"));
  }
  if (command.tail == Tail::Required && arguments.program().empty()) {
    return std::unexpected(usage(command, "the program to run is missing: it follows --"));
  }
  return {};
}

Result<void> check_given(const Command& command, const Arguments& arguments) {
  NONO_CHECK(check_counts(command, arguments));
  return check_operands(command, arguments);
}

}  // namespace

std::span<const Option> common_options() {
  return kCommonOptions;
}

std::vector<Option> options_of(const Command& command) {
  std::vector<Option> options(command.options.begin(), command.options.end());
  if (command.json != JsonOutput::None) {
    options.push_back(command.json == JsonOutput::Offered ? kJsonOption : kPlanJsonOption);
  }
  options.insert(options.end(), kCommonOptions.begin(), kCommonOptions.end());
  return options;
}

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found = values_.find(std::string(option));
  return found == values_.end() || found->second.empty() ? std::nullopt
                                                         : std::optional(found->second.front());
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  const auto found = values_.find(std::string(option));
  return found == values_.end() ? std::vector<std::string>() : found->second;
}

void Arguments::take(const std::string& option, const std::vector<std::string>& given,
                     std::span<const Option> options) {
  if (option == kOperands) {
    operands_.insert(operands_.end(), given.begin(), given.end());
    return;
  }
  std::vector<std::string>& values = values_[option];
  const auto row = std::ranges::find(options, std::string_view(option), &Option::name);
  if (row != options.end() && row->takes != Takes::Nothing) {
    values.insert(values.end(), given.begin(), given.end());
  }
}

Result<Arguments> parse_arguments(const Command& command, std::span<const std::string> words) {
  // What follows `--` is never nono's: it is cut off before anything is parsed.
  const auto dashes = std::ranges::find(words, std::string_view("--"));
  NONO_TRY(const po::parsed_options parsed,
           parse(command, spread(command, Words(words.begin(), dashes))));
  const std::vector<Option> options = options_of(command);
  Arguments arguments;
  for (const po::option& option : parsed.options) {
    const UpstreamOption* alias = upstream_option(option.string_key);
    const bool same = alias != nullptr && !alias->ours.empty();
    arguments.take(same ? std::string(alias->ours) : option.string_key, option.value, options);
  }
  if (dashes != words.end()) {
    std::vector<std::string>& rest =
        command.tail == Tail::Required ? arguments.program_ : arguments.operands_;
    rest.insert(rest.end(), dashes + 1, words.end());
  }
  if (!arguments.has("help")) {
    NONO_CHECK(check_given(command, arguments));
  }
  return arguments;
}

}  // namespace nono::cli
