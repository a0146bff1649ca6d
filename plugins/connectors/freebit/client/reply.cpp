// The envelope, in all the ways it is spelt.
#include "client/reply.hpp"

#include <fmt/format.h>

#include <portico/contract.hpp>

#include "client/fields.hpp"

namespace freebit {

namespace json = boost::json;

std::string for_log(std::string_view message) {
  constexpr std::size_t kMost = 200;
  std::string out;
  for (std::size_t at = 0; at < message.size() && out.size() < kMost;) {
    auto end = at;
    while (end < message.size() && message[end] >= '0' && message[end] <= '9') ++end;
    if (end - at >= 6) {
      out += '#';
      at = end;
    } else if (end > at) {
      out += message.substr(at, end - at);
      at = end;
    } else {
      out += message[at++];
    }
  }
  if (out.size() > kMost) out.resize(kMost);
  // Cut back to a whole character.
  auto end = out.size();
  while (end > 0 && (static_cast<unsigned char>(out[end - 1]) & 0xC0) == 0x80) --end;
  if (end > 0 && static_cast<unsigned char>(out[end - 1]) >= 0xC0) {
    const auto lead = static_cast<unsigned char>(out[end - 1]);
    const std::size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (out.size() - (end - 1) < wanted) out.resize(end - 1);
  }
  return out;
}

Verdict read_reply(int status, std::string_view body, const Wire& wire) {
  if (status != 200) return Nonsense{status, fmt::format("HTTP {}", status)};
  json::value parsed;
  try {
    parsed = portico::parse_json(body);
  } catch (const portico::Problem& problem) {
    return Nonsense{status, fmt::format("{} bytes, not JSON: {}", body.size(), for_log(problem.detail))};
  }
  auto* object = parsed.if_object();
  if (!object) return Nonsense{status, "JSON but no object"};
  try {
    const Fields reply(*object);
    const auto result = reply.text("resultCode");
    if (result.empty()) return Nonsense{status, "no resultCode"};
    // A refusal without its details is a refusal still.
    const auto inner = reply.object("status");
    const auto detail = inner ? inner->text("statusCode") : std::string();
    const auto message = inner ? inner->text("message") : std::string();
    const auto meaning = wire.meaning(result, detail, message);
    if (meaning == Meaning::ok) return Done{std::move(*object)};
    const auto code = detail.empty() || detail == result ? result : fmt::format("{}-{}", result, detail);
    return Declined{meaning, for_log(code.substr(0, 40)), for_log(message)};
  } catch (const BadReply& bad) {
    return Nonsense{status, bad.what()};
  }
}

}  // namespace freebit
