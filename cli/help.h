// cli/help.h: --help, made from the command table.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "cli/command.h"

namespace nono::cli {

// command_help is the text of `nono <command> --help`.
std::string command_help(const Command& command);
// group_help lists the commands whose names begin with `group`; empty for all of nono.
std::string group_help(std::string_view group);
// own_options are those of nono itself, which stand alone or before a command.
std::span<const Option> own_options();
// usage_line is "nono trust verify [OPTION...] FILE...".
std::string usage_line(const Command& command);
// option_head is "-k, --key NAME" or "    --all".
std::string option_head(const Option& option);
// wrapped breaks text into lines of at most `width` columns, each after `indent` spaces; paragraphs
// stay apart.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

}  // namespace nono::cli
