// cli/sign_in_desk.h: the terminal and the browser of a person who signs in.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/ambient_token.h"
#include "engine/sign_in.h"

namespace nono::cli {

// Desk says what to do on stderr, also where nono is told to be quiet: without it nothing goes on.
class Desk final : public engine::SignInDesk {
 public:
  explicit Desk(engine::LookUp environment) : environment_(std::move(environment)) {}

  bool has_terminal() const override;
  // open starts a program of BROWSER (a list with colons; `%s` in a word is the URL, which is the
  // last word else), or xdg-open. No shell reads the URL.
  void open(const std::string& url) override;
  Result<std::string> typed_code(const std::string& url) override;
  void show_device(const engine::DeviceCode& code) override;

 private:
  engine::LookUp environment_;
};

}  // namespace nono::cli
