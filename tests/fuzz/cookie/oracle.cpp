// Cookies: every pair is clean and lies in its field, names are found or contested, and a list written again
// is itself.
//
// Each line of an input is one Cookie field.
#include "kernel/front/bytes.hpp"
#include "kernel/front/cookies.hpp"
#include "tests/fuzz/lib/target.hpp"

using namespace kernel::front;
using fuzz::promise;

namespace {

bool lies_in_a_cookie_field(const Headers& headers, std::string_view part) {
  for (const Headers::Field& field : headers) {
    if (same_ignoring_case(field.name, "cookie") && part.data() >= field.value.data() &&
        part.data() + part.size() <= field.value.data() + field.value.size())
      return true;
  }
  return false;
}

}  // namespace

void fuzz::check(std::string_view input) {
  Choice choice(input);
  Headers headers;
  headers.add("X-Other", "planted=1");
  for (std::size_t lines = 0; !input.empty() && lines < 100; ++lines) {
    const auto end = input.find('\n');
    headers.add(lines % 2 == 0 ? "Cookie" : "cookie", input.substr(0, end));
    input.remove_prefix(end == std::string_view::npos ? input.size() : end + 1);
  }
  const auto cookies = parse_cookies(headers);
  promise(cookies.size() <= kMaxCookies, "the number of cookies is limited");
  std::string again;
  for (const auto& [name, value] : cookies) {
    promise(!name.empty() && all_are(name, kToken), "a name is a token");
    promise(all_are(value, kVisible) && value.find_first_of("\",;\\") == std::string_view::npos,
            "a value is clean");
    again.append(again.empty() ? "" : "; ").append(name).append("=").append(value);
  }
  if (!cookies.empty()) {
    const auto [name, value] = cookies[choice.below(cookies.size())];
    promise(
        lies_in_a_cookie_field(headers, name) && (value.empty() || lies_in_a_cookie_field(headers, value)),
        "a cookie lies in its field");
    bool contested = false;
    for (const auto& [other, claim] : cookies) contested = contested || (other == name && claim != value);
    const auto found = find_cookie(headers, name);
    promise(contested ? !found : found == value, "a cookie is found unless two values claim its name");
  }
  promise(!find_cookie(headers, "planted") || again.find("planted=") != std::string::npos,
          "only Cookie fields have cookies");
  Headers rewritten;
  rewritten.add("Cookie", again);
  promise(parse_cookies(rewritten) == cookies, "cookies written again are read as themselves");
}
