// The order of the policies, and the two ends of a request: finding its route and finishing its answer.
#include "kernel/policy/pipeline.hpp"

#include <fmt/format.h>

#include <array>

#include "kernel/front/cookies.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/random_id.hpp"
#include "kernel/policy/idempotency.hpp"
#include "kernel/policy/language.hpp"
#include "kernel/policy/problem_document.hpp"
#include "kernel/policy/problem_page.hpp"

namespace kernel::policy {

using portico::Problem;

namespace {

constexpr Policy kPolicies[] = {limit_by_address, authenticate, refuse_cross_site, authorize,
                                limit_by_user,    claim_key,    serve_cached,      run_handler};

constexpr loader::LaneSpec kHostLane{2, 64, 2000};  // for routes of the host that ask the database

/// Null for what no route takes.
const Route* route_of(const Published& live, const front::Head& head) {
  const auto segments = front::PathSegments::of(head.path);
  if (!segments) return nullptr;
  const auto found = live.routes.find(*segments);
  if (!found) return nullptr;
  const auto it = found->value->by_method.find(head.method);
  return it == found->value->by_method.end() ? nullptr : &it->second;
}

bool below(std::string_view path, std::string_view prefix) {
  return path.substr(0, prefix.size()) == prefix;
}

}  // namespace

Pipeline::Pipeline(const config::Settings& host_settings, cache::Cache& host_cache,
                   cache::RateLimiter& rate_limiter, database::Pool& pool)
    : settings(host_settings),
      cache(host_cache),
      limiter(rate_limiter),
      database(pool),
      streams(*this, {.in_all = host_settings.event_streams,
                      .per_owner = host_settings.event_streams_per_user,
                      .check = host_settings.event_keep_alive}),
      published_(std::make_shared<const Published>()),
      host_lane_("host", kHostLane) {}

Pipeline::~Pipeline() = default;

void Pipeline::publish(std::shared_ptr<const Published> published) {
  std::atomic_store(&published_, std::move(published));
}

std::shared_ptr<const Published> Pipeline::published() const {
  return std::atomic_load(&published_);
}

void Pipeline::handle(front::Exchange exchange) {
  auto call = std::make_shared<Call>(*this, std::move(exchange), published());
  const auto& request = call->request();
  const auto sent_id = request.headers.find("x-correlation-id");
  call->correlation_id = observe::correlation_id_for(sent_id.value_or(std::string_view()));
  call->client_address = client_address(request, call->https);
  const observe::CorrelationScope scope(call->correlation_id);
  try {
    if (!find_route(*call)) return;
    const bool read = call->route->spec.method == "GET";
    const auto own = call->route->spec.deadline;
    call->deadline = call->started + (own.count() > 0 ? own
                                      : read          ? settings.read_deadline
                                                      : settings.write_deadline);
    call->language = negotiate_language(request, settings.default_language);
    advance(call, MayBlock::no);
  } catch (const Problem& problem) {
    call->fail(problem);
  } catch (const std::exception& e) {
    call->fail(Problem(500, "internal", e.what()));
  }
}

void Pipeline::advance(const std::shared_ptr<Call>& call, MayBlock may_block) {
  try {
    while (call->next_policy < std::size(kPolicies)) {
      const Verdict verdict = kPolicies[call->next_policy](*call, may_block);
      if (may_block == MayBlock::yes) end_question(*call);
      switch (verdict) {
        case Verdict::pass:
          ++call->next_policy;
          break;
        case Verdict::answered:
          return;
        case Verdict::later:
          return advance_on_worker(call);
      }
    }
  } catch (const Problem& problem) {
    call->fail(problem);
  } catch (const std::exception& e) {
    call->fail(Problem(500, "internal", e.what()));
  }
  if (may_block == MayBlock::yes) end_question(*call);
}

/// A crowd with one question takes one worker: the others look again when that one knows. What it found may
/// be nothing that is kept (a failure, a 404), so each waits once and then asks for itself.
void Pipeline::advance_on_worker(const std::shared_ptr<Call>& call) {
  call->own_request();
  deadlines_.watch(call);
  auto question = std::exchange(call->question, {});
  if (!question.empty() && std::exchange(call->waited_at, call->next_policy) != call->next_policy) {
    const auto look_again = [this, call] {
      const observe::CorrelationScope scope(call->correlation_id);
      if (!call->answered()) advance(call, MayBlock::no);
    };
    if (gathering_.wait(question, look_again)) return;
    call->asks = std::move(question);
  }
  // The host's own routes have no workers: what blocks there is asking who calls.
  auto* worker = call->route->plugin ? call->route->plugin : call->published->identity.plugin;
  auto* lane = worker ? worker->lane(call->route->spec.lane) : nullptr;
  const auto go_on = [this, call] {
    const observe::CorrelationScope scope(call->correlation_id);
    if (call->answered()) return end_question(*call);
    advance(call, MayBlock::yes);
  };
  const auto refuse = [this, call](const char* why) {
    call->fail(Problem(503, "service.busy", why, 2));
    end_question(*call);
  };
  if (!lane || !lane->post({go_on, [refuse] { refuse("waited too long for a worker"); }}))
    refuse("the lane's queue is full");
}

void Pipeline::answer_on_host(const std::shared_ptr<Call>& call) {
  call->own_request();
  deadlines_.watch(call);
  const auto answer = [call] {
    const observe::CorrelationScope scope(call->correlation_id);
    if (call->answered()) return;
    try {
      call->answer(call->route->builtin(*call));
    } catch (const Problem& problem) {
      call->fail(problem);
    } catch (const std::exception& e) {
      call->fail(Problem(500, "internal", e.what()));
    }
  };
  const auto refuse = [call] { call->fail(Problem(503, "service.busy", "the host's workers are busy", 2)); };
  if (!host_lane_.post({answer, refuse})) refuse();
}

void Pipeline::clean_keys() {
  constexpr auto kEvery = std::chrono::steady_clock::duration(std::chrono::hours(1)).count();
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  auto last = keys_cleaned_.load();
  if ((last && now - last < kEvery) || !keys_cleaned_.compare_exchange_strong(last, now)) return;
  const auto clean = [this] {
    try {
      forget_old_keys(database);
    } catch (const std::exception& e) {
      observe::log(observe::Level::warning, "host", "old idempotency keys stay for another hour",
                   {{"why", e.what()}});
    }
  };
  host_lane_.post({clean, [] {}});
}

void Pipeline::end_question(Call& call) {
  if (call.asks.empty()) return;
  for (const auto& look_again : gathering_.end(std::exchange(call.asks, {}))) look_again();
}

bool Pipeline::find_route(Call& call) {
  const auto& request = call.request();
  const auto segments = front::PathSegments::of(request.path);
  if (!segments) throw Problem(400, "http.malformed_path", "the path does not decode");
  call.path = segments->joined();
  auto found = segments->is_root() ? call.published->routes.find(std::array<std::string_view, 0>())
                                   : call.published->routes.find(*segments);
  if (!found) return serve_file_or_page(call);
  const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
  const auto it = found->value->by_method.find(method);
  if (it == found->value->by_method.end()) {
    auto response = problem_response(Problem(405, "request.method_not_allowed"), call.correlation_id);
    response.headers.add("Allow", found->value->allow);
    call.answer(std::move(response));
    return false;
  }
  call.route = &it->second;
  call.parameters = std::move(found->parameters);
  if (!call.route->builtin || call.route->spec.access != loader::Access::anyone) return true;
  call.answer(call.route->builtin(call));
  return false;
}

bool Pipeline::serve_file_or_page(Call& call) {
  const auto& request = call.request();
  const auto& live = *call.published;
  if (auto file = live.assets.answer(request, request.path)) {
    call.answer(std::move(*file));
    return false;
  }
  const bool read = request.method == "GET" || request.method == "HEAD";
  if (!read || below(call.path, "/api/") || below(call.path, "/assets/") || !live.shell ||
      !wants_page(request))
    throw Problem(404, "request.no_such_route", call.path);
  auto segments = *front::path_segments(request.path);
  if (segments.size() == 1 && segments[0].empty()) segments.clear();
  const bool known = live.pages.find(segments).has_value();
  auto response = front::StaticFiles::answer_with(request, *live.shell, known ? 200 : 404);
  response.headers.add("Content-Security-Policy", live.shell_csp);
  call.answer(std::move(response));
  return false;
}

std::uint64_t Pipeline::body_limit(const front::Head& head) const {
  const auto live = published();
  const auto* route = route_of(*live, head);
  // Of unknown routes too: they get their own answer.
  return route && route->spec.body_limit ? route->spec.body_limit : front::Limits{}.body;
}

bool Pipeline::streams_body(const front::Head& head) const {
  const auto live = published();
  const auto* route = route_of(*live, head);
  return route && route->spec.streamed_body;
}

std::optional<front::Refusal> Pipeline::refuse_body(const front::Head& head) const {
  const auto live = published();
  const auto* route = route_of(*live, head);
  if (!route || route->spec.access == loader::Access::anyone || !live->identity.plugin) return std::nullopt;
  const auto credential = front::find_cookie(head.headers, cookie_name(live->identity.spec.cookie));
  if (credential && !credential->empty()) return std::nullopt;
  return front::Refusal::no_credentials;
}

front::Response Pipeline::refusal(int status, std::string_view code) const {
  const auto id = observe::new_correlation_id();
  auto response =
      problem_response(Problem(status, std::string(code), {}, status == 503 || status == 429 ? 1 : 0), id);
  response.headers.add("X-Correlation-Id", id);
  response.headers.add("Cache-Control", "no-store");
  return response;
}

void Pipeline::finish(Call& call, front::Response& response) {
  static const auto head = std::make_shared<const std::string>(
      "X-Content-Type-Options: nosniff\r\nCross-Origin-Opener-Policy: same-origin\r\n"
      "Cross-Origin-Resource-Policy: same-origin\r\nX-Frame-Options: DENY\r\n");
  static const auto head_tls = std::make_shared<const std::string>(
      *head + "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n");
  const auto has = [&](std::string_view name) { return response.headers.contains(name); };
  response.headers.add("X-Correlation-Id", call.correlation_id);
  const bool api = call.route != nullptr || response.status >= 400;
  if (!response.head_fragment) {
    if (api && !has("cache-control")) response.headers.add("Cache-Control", "no-store");
    if (api && !has("content-security-policy") && !call.published->shell_csp.empty() &&
        response.content().substr(0, 1) == "<")
      response.headers.add("Content-Security-Policy",
                           "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'");
    if (!has("referrer-policy")) response.headers.add("Referrer-Policy", "same-origin");
    response.head_fragment = settings.development ? head : head_tls;
  } else {
    response.headers.add("X-Content-Type-Options", "nosniff");
  }
  if (call.route && call.route->spec.method == "GET" && !call.route->spec.secret)
    response.compression = front::Compression::allowed;

  if (call.route && call.route->plugin && call.route->spec.method != "GET" && call.route->spec.audited &&
      !call.replayed && audit)
    audit(call, response.status);
  static RouteMetrics other("other");
  auto& metrics = call.route ? *call.route->metrics : other;
  const auto took = std::chrono::duration<double>(Call::Clock::now() - call.started).count();
  const observe::CorrelationScope scope(call.correlation_id);  // whatever thread answers
  metrics.count(response.status, took);
  if (call.route && call.route->plugin) {
    auto& usage = call.route->plugin->usage;
    usage.add(usage.bytes_out, response.content().size());
  }
  observe::log(response.status >= 500 ? observe::Level::warning : observe::Level::info, "access", "request",
               {observe::Field::plain("method", std::string_view(call.request().method)),
                observe::Field::plain("route", std::string_view(metrics.label())),
                observe::Field::plain("status", response.status), observe::Field::plain("ms", took * 1000),
                observe::Field::plain("bytes", response.content().size())});
}

std::string Pipeline::client_address(const front::Request& request, bool& https) const {
  const auto& proxies = settings.trusted_proxies;
  const auto trusted = [&](std::string_view address) {
    return std::find(proxies.begin(), proxies.end(), address) != proxies.end();
  };
  if (!trusted(request.peer_address)) return request.peer_address;
  if (const auto scheme = request.headers.find("x-forwarded-proto")) https = *scheme == "https";
  const auto forwarded = request.headers.find("x-forwarded-for");
  if (!forwarded) return request.peer_address;
  std::string_view rest = *forwarded;  // the last address that is no proxy of ours is the client
  while (!rest.empty()) {
    const auto comma = rest.rfind(',');
    auto address = comma == std::string_view::npos ? rest : rest.substr(comma + 1);
    while (!address.empty() && address.front() == ' ') address.remove_prefix(1);
    while (!address.empty() && address.back() == ' ') address.remove_suffix(1);
    const bool plain = !address.empty() && address.size() <= 45 &&
                       address.find_first_not_of("0123456789abcdefABCDEF.:") == std::string_view::npos;
    if (!plain) return request.peer_address;
    if (!trusted(address)) return std::string(address);
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(0, comma);
  }
  return request.peer_address;
}

std::string Pipeline::cookie_name(std::string_view base) const {
  std::string name(settings.development ? "" : "__Host-");
  return name.append(base).append(cookie_suffix_);
}

std::string Pipeline::set_cookie(std::string_view base, std::string_view value,
                                 std::int64_t max_age_s) const {
  return fmt::format("{}={}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{}", cookie_name(base), value,
                     max_age_s, settings.development ? "" : "; Secure");
}

bool Pipeline::is_own_origin(std::string_view origin) const {
  if (origin == settings.public_url) return true;
  return settings.development && (origin == fmt::format("http://localhost:{}", port_) ||
                                  origin == fmt::format("http://127.0.0.1:{}", port_));
}

}  // namespace kernel::policy
