// tests/engine/form_test.cc: forms, and what a browser may bring to the listener of a sign-in.
#include "engine/form.h"

#include <gtest/gtest.h>

#include "engine/redirect_request.h"

namespace nono::engine {
namespace {

TEST(FormTest, WritesOneSpelling) {
  EXPECT_EQ(form({{"a b", "1&2=3"}, {"c", "\xc3\xa4%+/~"}}), "a%20b=1%262%3D3&c=%C3%A4%25%2B%2F~");
  EXPECT_EQ(form({}), "");
}

TEST(FormTest, ReadsWhatItWrites) {
  const FormFields fields{{"a b", "1&2=3"}, {"", "x"}, {"c", std::string("\x01\xff", 2)}};
  EXPECT_EQ(read_form(form(fields)), fields);
}

TEST(FormTest, ReadsOtherSpellings) {
  EXPECT_EQ(read_form("a=1+2&&b&c=%7e%7E=").value(),
            (FormFields{{"a", "1 2"}, {"b", ""}, {"c", "~~="}}));
  EXPECT_TRUE(read_form("").value().empty());
}

TEST(FormTest, RefusesWhatTwoReadersCouldReadInTwoWays) {
  for (const char* const text : {"a=1&a=2", "a=1&%61=2", "a=%", "a=%4", "a=%zz", "a=%00", "%=1"}) {
    EXPECT_FALSE(read_form(text)) << text;
  }
  std::string many;
  for (std::size_t at = 0; at <= kMaxFormFields; ++at) {
    many += "n" + std::to_string(at) + "=&";
  }
  EXPECT_FALSE(read_form(many));
}

std::string head(const std::string& line, const std::string& host = "Host: localhost:4711\r\n") {
  return line + "\r\nAccept: */*\r\n" + host + "\r\n";
}

TEST(RedirectRequestTest, ReadsTheCallback) {
  const auto request =
      read_redirect(head("GET /auth/callback?code=a%2Fb&state=s HTTP/1.1"), "4711");
  ASSERT_TRUE(request);
  EXPECT_EQ(field(request->fields, "code"), "a/b");
  EXPECT_EQ(field(request->fields, "state"), "s");
  EXPECT_FALSE(field(request->fields, "iss"));
}

TEST(RedirectRequestTest, KnowsItsOwnNames) {
  const std::string line = "GET /auth/callback?a=b HTTP/1.1";
  EXPECT_TRUE(read_redirect(head(line, "host:  LOCALHOST:4711 \r\n"), "4711"));
  EXPECT_TRUE(read_redirect(head(line, "Host: 127.0.0.1:4711\r\n"), "4711"));
  for (const char* const host :
       {"", "Host: evil.example:4711\r\n", "Host: localhost:4712\r\n", "Host: localhost\r\n",
        "Host: localhost:4711\r\nHost: localhost:4711\r\n",
        "Host: localhost:4711\r\nHost: evil.example\r\n", "X-Host: localhost:4711\r\n"}) {
    EXPECT_FALSE(read_redirect(head(line, host), "4711")) << host;
  }
}

TEST(RedirectRequestTest, RefusesEverythingElse) {
  for (const char* const line :
       {"POST /auth/callback?a=b HTTP/1.1", "GET /auth/callback HTTP/1.1", "GET / HTTP/1.1",
        "GET /auth/callback/?a=b HTTP/1.1", "GET /favicon.ico HTTP/1.1",
        "GET http://localhost:4711/auth/callback?a=b HTTP/1.1", "GET /auth/callback?a=b", "GET ",
        "GET HTTP/1.1", " HTTP/1.1", "", "GET /auth/callback?a=1&a=2 HTTP/1.1",
        "GET /auth/callback?a=%0 HTTP/1.1"}) {
    EXPECT_FALSE(read_redirect(head(line), "4711")) << line;
  }
}

TEST(RedirectRequestTest, IsWholeAtTheEmptyLine) {
  EXPECT_TRUE(is_whole(head("GET / HTTP/1.1")));
  EXPECT_FALSE(is_whole("GET / HTTP/1.1\r\nHost: a\r\n"));
  EXPECT_FALSE(is_whole(""));
}

}  // namespace
}  // namespace nono::engine
