// Cookies: the grammar, foreign garbage, planted twins.
#include "kernel/front/cookies.hpp"

#include <catch2/catch.hpp>

using namespace kernel::front;

namespace {

Headers with(std::initializer_list<std::string_view> cookie_fields) {
  Headers headers;
  headers.add("Host", "a");
  for (const auto field : cookie_fields) headers.add("Cookie", field);
  return headers;
}

}  // namespace

TEST_CASE("well-formed cookies are read in order") {
  const Headers headers = with({"a=1; b=\"two\";c=;d=x=y", "e=5"});
  const auto cookies = parse_cookies(headers);
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {
      {"a", "1"}, {"b", "two"}, {"c", ""}, {"d", "x=y"}, {"e", "5"}};
  CHECK(cookies == expected);
}

TEST_CASE("a malformed cookie is left out and the others stay") {
  const Headers headers = with({"json={\"a\",1}; good=1; =x; alone; sp ace=1; q=\"open; tab=a\tb; last=2"});
  const auto cookies = parse_cookies(headers);
  const std::vector<std::pair<std::string_view, std::string_view>> expected = {{"good", "1"}, {"last", "2"}};
  CHECK(cookies == expected);
}

TEST_CASE("a name with two values is nobody's cookie") {
  CHECK(find_cookie(with({"s=1; s=1"}), "s") == "1");
  CHECK_FALSE(find_cookie(with({"s=1; s=2"}), "s"));
  CHECK_FALSE(find_cookie(with({"s=1", "s=2"}), "s"));
  CHECK_FALSE(find_cookie(with({"S=1"}), "s"));
}

TEST_CASE("cookies beyond the limit are not looked at") {
  std::string field;
  for (std::size_t i = 0; i < kMaxCookies; ++i) field += "c" + std::to_string(i) + "=1; ";
  CHECK(parse_cookies(with({field + "late=1"})).size() == kMaxCookies);
  CHECK_FALSE(find_cookie(with({field + "late=1"}), "late"));
}
