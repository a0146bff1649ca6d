// Classification of answers by status, envelope and message.
#include "client/reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <portico/contract.hpp>

#include "client/fields.hpp"

namespace whmcs {

namespace json = boost::json;

namespace {

constexpr std::size_t kLongestMessage = 300;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// Messages of what comes before the action, whatever status carries them: the reference has them as 403, and
/// for some installs as 200 or 400.
constexpr std::string_view kBarred[] = {
    "Invalid IP",
    "Invalid or missing credentials",
    "Authentication Failed",
    "Access Denied",
    "Administrator Account Disabled",
    "Invalid password provided",
    "Invalid Permissions",
    "Invalid API Action",
    "API Function Not Found",
    "Empty action request",
    "Invalid Access Key",
};

bool is_barred(std::string_view message) {
  return std::any_of(std::begin(kBarred), std::end(kBarred),
                     [&](std::string_view prefix) { return starts_with(message, prefix); });
}

/// A text member, shortened at a character's border; "" when it is something else.
std::string short_text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(json::string_view(name.data(), name.size()));
  if (!value || !value->is_string()) return {};
  auto text = Fields(object).text(name);
  if (text.size() > kLongestMessage) {
    auto end = kLongestMessage;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text.resize(end);
  }
  return text;
}

}  // namespace

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(),
                                                    [](char a, char b) { return lower(a) == lower(b); });
}

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

Verdict read_reply(int status, std::string_view body) {
  if (status >= 500) return Down{status};
  json::value parsed;
  try {
    parsed = portico::parse_json(body);
  } catch (const portico::Problem& problem) {
    return Nonsense{fmt::format("HTTP {}, {} bytes, not JSON: {}", status, body.size(), problem.detail)};
  }
  auto* object = parsed.if_object();
  if (!object) return Nonsense{fmt::format("HTTP {}, JSON but no object", status)};
  const auto result = short_text(*object, "result");
  const auto message = short_text(*object, "message");
  const bool success = result.size() == 7 && starts_with(result, "success");
  if (status == 200 && success) return Done{std::move(*object)};
  if (!success && is_barred(message)) return Barred{message};
  if (status == 401 || status == 403)
    return Barred{message.empty() ? fmt::format("HTTP {}", status) : message};
  if (status != 200) return Nonsense{fmt::format("HTTP {}: {}", status, message)};
  // Without "result" nothing is proven: a warning alone was seen for operations that failed.
  if (const auto warning = short_text(*object, "warning"); result.empty() && !warning.empty())
    return Declined{warning};
  if (!result.empty() || starts_with(short_text(*object, "status"), "error")) return Declined{message};
  return Nonsense{"a reply without a result"};
}

}  // namespace whmcs
