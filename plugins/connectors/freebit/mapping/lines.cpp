// One call each.
#include "mapping/lines.hpp"

#include <fmt/format.h>

#include "client/outgoing.hpp"
#include "mapping/reading.hpp"

namespace freebit {

namespace json = boost::json;
namespace contract = portico::mobile;
using portico::Problem;

std::string account_of(const contract::PhoneNumber& number) {
  if (!is_line_account(number.digits)) throw portico::invalid_field("/line/digits", "invalid_phone_number");
  return number.digits;
}

std::string account_of(const contract::Pool& pool) {
  if (pool.line.has_value() == pool.group.has_value()) throw portico::invalid_field("/line", "required");
  if (pool.line) return account_of(*pool.line);
  if (!is_group_account(pool.group->code)) throw portico::invalid_field("/group/code", "invalid_group_code");
  return pool.group->code;
}

Problem problem_of(const Refusal& refusal) {
  const auto detail = fmt::format("{}: {}", refusal.call, refusal.code);
  switch (refusal.meaning) {
    case Meaning::not_found:
      return Problem(404, "mobile.line_not_found", detail);
    case Meaning::not_now:
      return Problem(409, "mobile.no_usage", detail);
    case Meaning::busy:
      return Problem(503, "upstream.busy", detail, 60);
    case Meaning::ok:
    case Meaning::key:
    case Meaning::invalid:
    case Meaning::server:
      break;
  }
  return Problem(502, "upstream.refused", detail);
}

std::optional<contract::Line> Lines::find(const std::string& account) {
  try {
    return api_.ask(CallId::detail,
                    {{"version", "2"},
                     {"requestDatas", json::array{json::object{{"kind", "MVNO"}, {"account", account}}}}},
                    [&](const Fields& reply) { return line_from(reply, account, now_()); });
  } catch (const Refusal& refusal) {
    if (refusal.meaning == Meaning::not_found) return std::nullopt;
    throw problem_of(refusal);
  }
}

contract::Line Lines::get(const contract::LineRef& ref) {
  auto line = find(account_of(ref.number));
  if (!line) throw Problem(404, "mobile.line_not_found");
  return std::move(*line);
}

contract::Usage Lines::usage(const contract::Pool& pool) {
  const auto account = account_of(pool);
  try {
    return api_.ask(CallId::traffic, {{"account", account}},
                    [&](const Fields& reply) { return usage_from(reply, now_()); });
  } catch (const Refusal& refusal) {
    throw problem_of(refusal);
  }
}

contract::TopUpList Lines::history(const contract::TopUpQuery& query) {
  const auto account = account_of(query.pool);
  const auto from = to_day(query.from, "/from"), to = to_day(query.to, "/to");
  if (to < from || to - from > std::chrono::days(366)) throw portico::invalid_field("/to", "out_of_range");
  try {
    return api_.ask(CallId::quota_history,
                    {{"account", account}, {"fromDate", wire_date(from)}, {"toDate", wire_date(to)}},
                    [&](const Fields& reply) { return history_from(reply, now_()); });
  } catch (const Refusal& refusal) {
    throw problem_of(refusal);
  }
}

}  // namespace freebit
