// Splits Cookie fields at "; " and keeps the well-formed pairs.
#include "kernel/front/cookies.hpp"

#include "kernel/front/bytes.hpp"

namespace kernel::front {

namespace {

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_cookie_value(std::string_view value) noexcept {
  for (const char c : value) {
    if (!is(c, kVisible) || c == '"' || c == ',' || c == ';' || c == '\\') return false;
  }
  return true;
}

template <class Visit>
void each_cookie(const Headers& headers, Visit visit) {
  std::size_t seen = 0;
  for (const auto& field : headers) {
    if (!same_ignoring_case(field.name, "cookie")) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
      if (++seen > kMaxCookies) return;
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos || equals == 0) continue;
      const std::string_view name = pair.substr(0, equals);
      std::string_view value = pair.substr(equals + 1);
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      if (all_are(name, kToken) && is_cookie_value(value)) visit(name, value);
    }
  }
}

}  // namespace

std::vector<std::pair<std::string_view, std::string_view>> parse_cookies(const Headers& headers) {
  std::vector<std::pair<std::string_view, std::string_view>> cookies;
  each_cookie(headers,
              [&](std::string_view name, std::string_view value) { cookies.emplace_back(name, value); });
  return cookies;
}

std::optional<std::string_view> find_cookie(const Headers& headers, std::string_view name) {
  std::optional<std::string_view> found;
  bool contested = false;
  each_cookie(headers, [&](std::string_view candidate, std::string_view value) {
    if (candidate != name) return;
    contested = contested || (found && *found != value);
    found = value;
  });
  return contested ? std::nullopt : found;
}

}  // namespace kernel::front
