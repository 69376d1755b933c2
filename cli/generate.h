// cli/generate.h: man pages and shell completions, made from the command table.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/command.h"

namespace nono::cli {

// man_page is the page nono-<words>.1 of a command, or nono.1 where `command` is null (man(7)).
std::string man_page(const Command* command);
// write_man_pages writes all of them into `directory`, which must exist.
Result<void> write_man_pages(const std::string& directory);
// completion is the script for "bash", "zsh" or "fish"; Usage for another shell.
Result<std::string> completion(std::string_view shell);

}  // namespace nono::cli
