// portico.routes/1 and portico.exchange/1: routes as drafts, and the request a handler holds.
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "matching.hpp"
#include "state.hpp"

namespace portico::testkit {

namespace {

[[noreturn]] void refuse(const std::string& route, const std::string& why) {
  throw Problem(422, "plugin.route_invalid", route + ": " + why);
}

portico_status add(const portico_host* host, const portico_route* raw, portico_error* error) {
  return registering_call(host, "routes.add", error, [&](State& s) {
    if (raw->size < sizeof(portico_route)) refuse("route", "the struct is too small");
    const auto method = text_of(raw->method), pattern = text_of(raw->pattern);
    const auto name = method + " " + pattern;
    constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    if (std::find(std::begin(kMethods), std::end(kMethods), method) == std::end(kMethods))
      refuse(name, "the method is not GET, POST, PUT, PATCH or DELETE");
    if (!s.manifest.covers(s.manifest.routes, pattern)) s.not_in_manifest(name, "routes");
    auto segments = pattern_segments(pattern);
    if (!segments) refuse(name, "the pattern is malformed");
    if (raw->access > PORTICO_ACCESS_ADMIN) refuse(name, "unknown access");
    if (raw->csrf > PORTICO_CSRF_OPEN) refuse(name, "unknown csrf");
    if (raw->cache_scope > PORTICO_CACHE_SHARED) refuse(name, "unknown cache scope");
    if (!raw->handler) refuse(name, "no handler");
    if (raw->cache_scope && (method != "GET" || (raw->flags & PORTICO_ROUTE_SECRET)))
      refuse(name, "only GET routes without secrets are cached");
    if (raw->cache_scope == PORTICO_CACHE_USER && raw->access == PORTICO_ACCESS_ANYONE)
      refuse(name, "a user's cache needs a signed-in user");
    if (raw->lane.size && !s.manifest.names(s.manifest.lanes, view(raw->lane)))
      s.not_in_manifest("lane " + text_of(raw->lane), "lanes");
    if ((raw->flags & PORTICO_ROUTE_STREAMED_BODY) && method == "GET")
      refuse(name, "a GET has no body to read in pieces");
    constexpr std::uint32_t kKnownFlags = PORTICO_ROUTE_SECRET | PORTICO_ROUTE_NOT_AUDITED |
                                          PORTICO_ROUTE_STREAMED_BODY | PORTICO_ROUTE_IDEMPOTENCY_KEY;
    if (raw->flags & ~kKnownFlags) refuse(name, "unknown flags");
    if ((raw->flags & PORTICO_ROUTE_IDEMPOTENCY_KEY) && !takes_idempotency_key(method, *raw))
      refuse(
          name,
          "idempotency keys are for POST, PATCH and DELETE of signed-in users, neither secret nor streamed");
    if (raw->schemas.size && !parse_json(view(raw->schemas)).is_object())
      refuse(name, "schemas is no object");
    for (const auto& other : s.routes)
      if (other.method == method && same_paths(other.segments, *segments)) refuse(name, "is there twice");
    s.routes.push_back({method, pattern, std::move(*segments), *raw});
    s.registered.routes.push_back(name);
  });
}

/// The live exchange of a handle, given to fn under the lock.
template <class F>
portico_status with(const portico_host* host, portico_handle handle, const char* name, unsigned places,
                    F&& fn) {
  return host_call(host, {name, places}, nullptr, [&](State& s) -> portico_status {
    std::shared_ptr<Exchange> exchange;
    bool live = false, late = false;
    {
      const std::lock_guard lock(s.mutex);
      exchange = s.exchanges.find(handle);
      // Whoever answers in pieces may go on reading the request.
      live = exchange && (!exchange->reply || exchange->reply->stream);
      late = exchange &&
             exchange->ended;  // the deadline came while somebody still worked: no fault of the plugin's
    }
    if (live) return fn(*exchange);
    if (!late) s.fault(fmt::format("{} was given the handle of an exchange that has ended", name));
    return PORTICO_E_STALE;
  });
}

portico_status found(portico_str* out, std::string_view text) {
  *out = to_str(text);
  return PORTICO_OK;
}

portico_status field(const portico_host* host, portico_handle handle, std::uint32_t id, portico_str* out) {
  return with(host, handle, "exchange.field", kRequest, [&](Exchange& x) -> portico_status {
    switch (id) {
      case PORTICO_FIELD_METHOD:
        return found(out, x.method);
      case PORTICO_FIELD_PATH:
        return found(out, x.path);
      case PORTICO_FIELD_QUERY:
        return found(out, x.query);
      case PORTICO_FIELD_BODY:
        return found(out, x.streamed_body ? std::string_view() : std::string_view(x.body));
      case PORTICO_FIELD_LANGUAGE:
        return found(out, x.language);
      case PORTICO_FIELD_CORRELATION_ID:
        return found(out, x.correlation_id);
      case PORTICO_FIELD_CLIENT_ADDRESS:
        return found(out, x.address);
      case PORTICO_FIELD_ORIGIN:
        return found(out, x.origin);
      default:
        return PORTICO_E_NOT_FOUND;
    }
  });
}

template <class Pairs>
portico_status look_up(const Pairs& pairs, std::string_view name, portico_str* out) {
  for (const auto& [key, text] : pairs)
    if (key == name) return found(out, text);
  return PORTICO_E_NOT_FOUND;
}

portico_status value(const portico_host* host, portico_handle handle, std::uint32_t kind, portico_str name,
                     portico_str* out) {
  return with(host, handle, "exchange.value", kRequest, [&](Exchange& x) -> portico_status {
    switch (kind) {
      case PORTICO_VALUE_PATH:
        return look_up(x.parameters, view(name), out);
      case PORTICO_VALUE_QUERY:
        return look_up(x.queries, view(name), out);
      case PORTICO_VALUE_COOKIE:
        return look_up(x.cookies, view(name), out);
      case PORTICO_VALUE_HEADER:
        for (const auto& [key, text] : x.headers)
          if (same_name(key, view(name))) return found(out, text);
        return PORTICO_E_NOT_FOUND;
      default:
        return PORTICO_E_INVALID;
    }
  });
}

portico_status principal(const portico_host* host, portico_handle handle, portico_principal* out) {
  return with(host, handle, "exchange.principal", kRequest, [&](Exchange& x) {
    const auto& p = x.principal;
    *out = {sizeof *out, 0, to_str(p.user_id), to_str(p.session_id), to_str(p.roles), p.proved_at_us};
    return PORTICO_OK;
  });
}

// A late worker may ask about an exchange that has ended: that is what the next two are for.
std::int64_t remaining(const portico_host* host, portico_handle handle) {
  auto& s = State::of(host);
  const std::lock_guard lock(s.mutex);
  const auto exchange = s.exchanges.find(handle);
  return exchange && !exchange->reply ? s.left.count() : 0;
}

std::uint32_t cancelled(const portico_host* host, portico_handle handle) {
  auto& s = State::of(host);
  const std::lock_guard lock(s.mutex);
  const auto exchange = s.exchanges.find(handle);
  return !exchange || exchange->reply || s.gone || s.left.count() <= 0;
}

bool plain_header(std::string_view name, std::string_view value) {
  const auto bad = [](std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
  };
  return !name.empty() && !bad(name) && !bad(value) && name.find(':') == std::string_view::npos;
}

portico_status answer(const portico_host* host, portico_handle handle, const portico_answer* a) {
  return host_call(host, {"exchange.answer", kAnywhere}, nullptr, [&](State& s) {
    return s.give_reply(handle, "exchange.answer", [&] { return reply_of(*a); });
  });
}

portico_status fail(const portico_host* host, portico_handle handle, const portico_error* error) {
  return host_call(host, {"exchange.fail", kAnywhere}, nullptr, [&](State& s) {
    return s.give_reply(handle, "exchange.fail", [&] { return problem_reply(call::problem_of(*error)); });
  });
}

portico_status on_cancel(const portico_host* host, portico_handle handle, portico_cancel_fn fn, void* user) {
  return with(host, handle, "exchange.on_cancel", kRequest, [&](Exchange& x) -> portico_status {
    if (!fn || x.cancel) return PORTICO_E_INVALID;
    x.cancel = fn, x.cancel_user = user;
    return PORTICO_OK;
  });
}

}  // namespace

portico_status State::give_reply(portico_handle handle, const char* name,
                                 const std::function<Reply()>& make) {
  std::shared_ptr<Exchange> exchange;
  bool live = false;
  {
    const std::lock_guard lock(mutex);
    exchange = exchanges.find(handle);
    if (exchange && exchange->ended) return PORTICO_E_STALE;  // the deadline was faster
    live = exchange && !exchange->reply;
  }
  if (!live) {
    fault(fmt::format("{}: the exchange has been answered before, or never was", name));
    return PORTICO_E_STALE;
  }
  auto reply = make();
  if (!reply.status) {
    fault(fmt::format("{}: a status outside of 200 to 599, or a header that is none", name));
    return PORTICO_E_INVALID;
  }
  std::unique_lock lock(mutex);
  // What on_cancel was given lives until the answer: so the answer waits for it, but not for itself.
  changed.wait(lock, [&] {
    return exchange->cancelling == std::thread::id() || exchange->cancelling == std::this_thread::get_id();
  });
  if (exchange->reply) return PORTICO_E_STALE;
  exchange->reply = std::move(reply);
  changed.notify_all();
  return PORTICO_OK;
}

Reply reply_of(const portico_answer& answer) {
  Reply reply;
  if (answer.size < sizeof(portico_answer) || answer.status < 200 || answer.status > 599) return reply;
  if (answer.content_type.size) reply.headers.emplace_back("Content-Type", text_of(answer.content_type));
  for (std::uint64_t i = 0; i < answer.header_count; ++i) {
    const auto name = view(answer.headers[i].name), text = view(answer.headers[i].value);
    if (!plain_header(name, text)) return reply;
    reply.headers.emplace_back(name, text);
  }
  reply.body = text_of(answer.body);
  reply.status = answer.status;
  return reply;
}

Reply problem_reply(const Problem& problem) {
  Reply reply;
  reply.status = problem.status, reply.code = problem.code, reply.detail = problem.detail;
  reply.retry_after_s = problem.retry_after_s;
  auto document = problem.members;
  document["type"] = "about:blank", document["status"] = problem.status, document["code"] = problem.code;
  reply.headers.emplace_back("Content-Type", "application/problem+json");
  if (problem.retry_after_s > 0)
    reply.headers.emplace_back("Retry-After", std::to_string(problem.retry_after_s));
  reply.body = boost::json::serialize(document);
  return reply;
}

const portico_routes kRoutes{sizeof(portico_routes), 0, add};
const portico_exchange kExchange{
    sizeof(portico_exchange), 0, field, value, principal, remaining, cancelled, answer, fail, on_cancel};

}  // namespace portico::testkit
