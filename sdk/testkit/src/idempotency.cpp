// portico.idempotency/1: answers that are kept for the repeats of a request.
#include <portico/abi/idempotency.h>

#include <algorithm>

#include "matching.hpp"
#include "state.hpp"

namespace portico::testkit {

namespace {

constexpr std::size_t kLeast = 20, kMost = 100;  // characters of a key, as the host has them

portico_status key(const portico_host* host, portico_handle handle, portico_str* out) {
  return host_call(host, {"idempotency.key", kRequest}, nullptr, [&](State& s) -> portico_status {
    const std::lock_guard lock(s.mutex);
    const auto exchange = s.exchanges.find(handle);
    if (!exchange) return PORTICO_E_STALE;
    if (exchange->claimed.empty()) return PORTICO_E_NOT_FOUND;
    const std::string_view claimed = exchange->claimed;
    *out = to_str(claimed.substr(claimed.rfind(' ') + 1));
    return PORTICO_OK;
  });
}

portico_status keep(const portico_host* host, portico_handle handle, portico_handle transaction,
                    const portico_answer* answer, portico_error* error) {
  return host_call(host, {"idempotency.keep", kRequest}, error, [&](State& s) -> portico_status {
    std::shared_ptr<Exchange> exchange;
    {
      const std::lock_guard lock(s.mutex);
      exchange = s.exchanges.find(handle);
    }
    if (!exchange) return PORTICO_E_STALE;
    auto reply = reply_of(*answer);
    if (reply.status < 200 || reply.status >= 400) return PORTICO_E_INVALID;
    const auto open = s.transaction(transaction, "idempotency.keep");
    open->on_commit.push_back([&s, exchange, reply] { settle_key(s, *exchange, reply); });
    return PORTICO_OK;
  });
}

}  // namespace

bool takes_idempotency_key(std::string_view method, const portico_route& route) {
  constexpr std::uint32_t kNever = PORTICO_ROUTE_SECRET | PORTICO_ROUTE_STREAMED_BODY;
  return (method == "POST" || method == "PATCH" || method == "DELETE") &&
         route.access != PORTICO_ACCESS_ANYONE && !(route.flags & kNever);
}

std::optional<Reply> claim_key(State& s, const RouteEntry& route, Exchange& exchange) {
  if (!takes_idempotency_key(route.method, route.raw)) return std::nullopt;
  const std::string* sent = nullptr;
  for (const auto& [name, value] : exchange.headers)
    if (same_name(name, "Idempotency-Key")) sent = &value;
  if (!sent && (route.raw.flags & PORTICO_ROUTE_IDEMPOTENCY_KEY))
    throw Problem(400, "idempotency.key_missing", "this route needs the header Idempotency-Key");
  if (!sent) return std::nullopt;
  if (sent->size() < kLeast || sent->size() > kMost || sent->find(' ') != std::string::npos)
    throw Problem(400, "idempotency.key_invalid", *sent);
  exchange.fingerprint = exchange.path + "?" + exchange.query + " " + exchange.body;
  exchange.claimed = std::string(exchange.principal.user_id) + " " + route.pattern + " " + *sent;
  const std::lock_guard lock(s.mutex);
  const auto kept = s.kept_answers.find(exchange.claimed);
  if (kept == s.kept_answers.end()) return std::nullopt;
  if (kept->second.fingerprint != exchange.fingerprint)
    throw Problem(422, "idempotency.key_reused", "this key came before with another request");
  auto reply = kept->second.reply;
  reply.headers.emplace_back("Idempotent-Replayed", "true");
  return reply;
}

void settle_key(State& s, const Exchange& exchange, const Reply& reply) {
  if (exchange.claimed.empty() || reply.status >= 400) return;
  const std::lock_guard lock(s.mutex);
  s.kept_answers.emplace(exchange.claimed, KeptAnswer{exchange.fingerprint, reply});
}

const portico_idempotency kIdempotency{sizeof(portico_idempotency), 0, key, keep};

}  // namespace portico::testkit
