// One request through the policies that matter to a plugin's test: route, caller, access, body, answer.
#include <fmt/format.h>

#include <algorithm>

#include "matching.hpp"
#include "state.hpp"

namespace portico::testkit {

namespace {

constexpr std::size_t kBodyLimit = 256 * 1024;  // the host's, where a route names none

bool has_role(std::string_view roles, std::string_view role) {
  return fmt::format(",{},", roles).find(fmt::format(",{},", role)) != std::string::npos;
}

portico_identity principal_of(const User& user, std::int64_t now_us) {
  portico_identity out{};
  out.size = sizeof out;
  call::copy_text(out.user_id, user.user_id);
  call::copy_text(out.session_id, user.session_id);
  call::copy_text(out.roles, user.roles);
  call::copy_text(out.language, user.language);
  out.proved_at_us = user.proved_at ? user.proved_at->time_since_epoch().count() : now_us;
  return out;
}

/// Asks the plugin's authenticator. errors: its Problem
std::optional<portico_identity> authenticate(State& s, const Browser& browser) {
  if (!s.authenticator.first) return std::nullopt;
  const auto cookie = browser.cookies.find(s.registered.authenticator);
  if (cookie == browser.cookies.end() || cookie->second.empty()) return std::nullopt;
  portico_identity found{};
  found.size = sizeof found;
  auto error = call::empty_error();
  const auto status = s.run(kRequest, "the authenticator", [&] {
    return s.authenticator.first(s.authenticator.second, to_str(cookie->second), &found, &error);
  });
  if (status == PORTICO_OK) return found;
  if (status == PORTICO_E_NOT_FOUND) return std::nullopt;
  throw error.status ? call::problem_of(error)
                     : Problem(500, "internal", "the authenticator answered " + std::to_string(status));
}

struct Found {
  const RouteEntry* route;
  std::map<std::string, std::string> parameters;
};

/// errors    Problem 404 request.no_such_route; 405 request.method_not_allowed
Found find_route(const State& s, std::string_view method, const std::vector<std::string>& segments) {
  const auto wanted = method == "HEAD" ? std::string_view("GET") : method;
  std::optional<Found> best;
  const RouteEntry* closest = nullptr;  // of any method: a path belongs to one pattern
  for (const auto& route : s.routes)
    if (match(route.segments, segments) && (!closest || is_closer(route.segments, closest->segments)))
      closest = &route;
  if (!closest) throw Problem(404, "request.no_such_route", std::string(method));
  for (const auto& route : s.routes)
    if (route.method == wanted && same_paths(route.segments, closest->segments))
      best = Found{&route, *match(route.segments, segments)};
  if (!best) throw Problem(405, "request.method_not_allowed", closest->pattern);
  return *best;
}

void authorize(const portico_route& route, const portico_identity& who) {
  if (route.access == PORTICO_ACCESS_ANYONE) return;
  if (!who.user_id[0]) throw Problem(401, "auth.required");
  const bool admin = has_role(who.roles, "admin");
  if (route.access == PORTICO_ACCESS_SIGNED_IN || admin) return;
  if (route.access == PORTICO_ACCESS_STAFF && has_role(who.roles, "staff")) return;
  throw Problem(404, "request.no_such_route", "role missing");
}

/// Takes over the cookies as a browser does, and reads a problem's code.
void complete(Reply& reply, Browser& browser) {
  for (const auto& [name, value] : reply.headers) {
    if (same_name(name, "Retry-After")) reply.retry_after_s = std::atoi(value.c_str());
    if (!same_name(name, "Set-Cookie")) continue;
    const auto equals = std::min(value.find('='), value.size());
    const auto end = std::min(value.find(';'), value.size());
    const auto cookie = value.substr(0, equals);
    const auto text = equals < end ? value.substr(equals + 1, end - equals - 1) : std::string();
    reply.set_cookies[cookie] = text;
    if (text.empty())
      browser.cookies.erase(cookie);
    else
      browser.cookies[cookie] = text;
  }
  if (!reply.code.empty() || !reply.header("Content-Type").starts_with("application/problem+json")) return;
  const auto document = reply.json();
  if (const auto* object = document.if_object())
    if (const auto* code = object->if_contains("code"); code && code->is_string())
      reply.code = std::string(code->get_string());
}

/// Runs the handler until the one answer is there.
Reply call_handler(State& s, const RouteEntry& route, const std::shared_ptr<Exchange>& exchange) {
  const auto name = fmt::format("the handler of {} {}", route.method, route.pattern);
  portico_handle handle;
  {
    const std::lock_guard lock(s.mutex);
    s.exchanges.add(handle = s.new_handle(), exchange);
  }
  auto error = call::empty_error();
  const auto status = s.run(
      kRequest, name, [&] { return route.raw.handler(route.raw.user, handle, &error); },
      [&](Scope& scope) {
        scope.correlation_id = exchange->correlation_id, scope.user_id = exchange->principal.user_id;
        scope.client_address = exchange->address;
      });
  std::unique_lock lock(s.mutex);
  if (status == PORTICO_PENDING) {
    // Somebody else answers, on another thread perhaps; at the deadline the host does.
    const auto answered_by = [&](std::chrono::steady_clock::time_point until) {
      return s.changed.wait_until(lock, until, [&] { return exchange->reply.has_value(); });
    };
    const auto tell = [&] {
      const auto cancel = std::exchange(exchange->cancel, nullptr);
      if (!cancel || exchange->reply) return;
      exchange->cancelling = std::this_thread::get_id();
      lock.unlock();
      s.run(kRequest, "on_cancel of " + name,
            [&] { return cancel(exchange->cancel_user, handle), PORTICO_OK; });
      lock.lock();
      exchange->cancelling = {};
      s.changed.notify_all();
    };
    if (s.gone) tell();
    if (!answered_by(std::chrono::steady_clock::now() + s.left)) {
      tell();
      if (!exchange->reply) {
        exchange->ended = true;
        exchange->reply = problem_reply(Problem(504, "request.deadline", "no answer before the deadline", 1));
      }
    }
  }
  const bool answered = exchange->reply.has_value();
  const bool excused = s.failed == "exchange.answer" || s.failed == "exchange.fail";
  if (exchange->reply && exchange->reply->stream) {
    // A download is there when its body is; an event stream goes on.
    const auto stream = s.streams.find(exchange->reply->stream);
    if (stream && !stream->events) {
      if (!s.changed.wait_until(lock, std::chrono::steady_clock::now() + s.left,
                                [&] { return stream->over(); }))
        stream->seen.cut = true;
      exchange->reply->body = stream->seen.body, exchange->reply->cut = stream->seen.cut;
    }
  }
  // One that the deadline ended is known when the late answer comes.
  if (!exchange->ended) s.exchanges.take(handle);
  if (status == PORTICO_PENDING || (status == PORTICO_OK && answered)) return *exchange->reply;
  lock.unlock();
  if (answered) {
    s.fault(fmt::format("{} answered and then failed with status {}", name, status));
    return *exchange->reply;
  }
  if (status == PORTICO_E_PROBLEM && error.status) return problem_reply(call::problem_of(error));
  if (status == PORTICO_OK && !excused) s.fault(name + " ended without an answer");
  if (status == PORTICO_E_PROBLEM) s.fault(name + " said that it failed, and filled no error");
  return problem_reply(Problem(500, "internal", fmt::format("{} ended with status {}", name, status)));
}

}  // namespace

std::string_view Reply::header(std::string_view name) const {
  return first_of(headers, name);
}

std::string Reply::error(std::size_t i) const {
  const auto document = body.empty() ? boost::json::value() : json();
  const auto* object = document.if_object();
  const auto* errors = object ? object->if_contains("errors") : nullptr;
  if (!errors || !errors->is_array() || errors->get_array().size() <= i) return {};
  const auto& one = errors->get_array()[i].as_object();
  return std::string(one.at("pointer").as_string()) + " " + std::string(one.at("code").as_string());
}

Reply TestHost::send(Browser& from, std::string_view method, std::string_view target,
                     const boost::json::value& body) {
  Sent sent;
  sent.method = method, sent.target = target;
  if (!body.is_null()) sent.body = boost::json::serialize(body);
  return send(from, sent);
}

Reply TestHost::send(Browser& from, const Sent& sent) {
  auto& s = *state_;
  if (s.phase != Phase::running) throw Fault("the plugin is not running: no request can be sent");
  auto exchange = std::make_shared<Exchange>();
  const auto question = std::min(sent.target.find('?'), sent.target.size());
  exchange->method = sent.method, exchange->body = sent.body, exchange->address = from.address;
  exchange->query = sent.target.substr(std::min(question + 1, sent.target.size()));
  exchange->cookies = from.cookies, exchange->language = from.language;
  exchange->origin = std::string(s.portal.at("public_url").as_string());
  exchange->headers = from.headers;
  exchange->headers.insert(exchange->headers.end(), sent.headers.begin(), sent.headers.end());
  if (!sent.body.empty() && !sent.content_type.empty())
    exchange->headers.emplace_back("Content-Type", sent.content_type);
  {
    const std::lock_guard lock(s.mutex);
    exchange->correlation_id = fmt::format("test-{:08}", ++s.correlation_count);
  }
  Reply reply;
  try {
    const auto segments = path_segments(std::string_view(sent.target).substr(0, question));
    if (!segments) throw Problem(400, "http.malformed_target", "the path does not decode");
    for (const auto& segment : *segments) exchange->path += "/" + segment;
    if (segments->empty()) exchange->path = "/";
    auto found = find_route(s, sent.method, *segments);
    exchange->parameters = std::move(found.parameters);
    try {
      exchange->queries = query_pairs(exchange->query);
    } catch (const Problem&) {  // a query that does not decode has no values
    }
    if (from.user) {
      exchange->principal = principal_of(*from.user, s.now_us());
    } else {
      try {
        if (const auto known = authenticate(s, from)) exchange->principal = *known;
      } catch (const Problem& problem) {
        if (problem.status != 401) throw;  // a credential that is not good is nobody's
      }
    }
    if (exchange->principal.language[0]) exchange->language = exchange->principal.language;
    authorize(found.route->raw, exchange->principal);
    exchange->streamed_body = found.route->raw.flags & PORTICO_ROUTE_STREAMED_BODY;
    exchange->cached = found.route->raw.cache_scope != PORTICO_CACHE_NONE;
    const auto limit = found.route->raw.body_limit ? found.route->raw.body_limit : kBodyLimit;
    if (sent.body.size() > limit) throw Problem(413, "http.body_too_large");
    if (auto kept = claim_key(s, *found.route, *exchange)) {
      reply = std::move(*kept);
    } else {
      reply = call_handler(s, *found.route, exchange);
      settle_key(s, *exchange, reply);
    }
  } catch (const Problem& problem) {
    reply = problem_reply(problem);
  }
  complete(reply, from);
  s.note_outcome(reply.status, reply.code);
  s.throw_faults();
  return reply;
}

std::optional<User> TestHost::who(const Browser& of) {
  const auto found = authenticate(*state_, of);
  state_->throw_faults();
  if (!found) return std::nullopt;
  return User{found->user_id, found->roles, found->session_id, found->language,
              Time(std::chrono::microseconds(found->proved_at_us))};
}

}  // namespace portico::testkit
