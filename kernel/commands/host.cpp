// Builds the host from its settings and takes it down again.
#include "kernel/commands/host.hpp"

#include <fmt/format.h>

#include <thread>

#include "kernel/database/url.hpp"
#include "kernel/extensions/audit.hpp"
#include "kernel/extensions/table.hpp"
#include "kernel/extensions/upstreams.hpp"
#include "kernel/observe/health.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"
#include "kernel/policy/problem_document.hpp"

namespace kernel::commands {

namespace json = boost::json;
using observe::Level;
using portico::Problem;

namespace {

constexpr std::chrono::milliseconds kForClosing{500};  // of http.drain_ms: for plugins and pools

database::PoolSettings pool_settings(const config::Settings& s) {
  database::PoolSettings out;
  out.url = database::parse_database_url(s.database_url);
  out.max_connections = static_cast<std::size_t>(s.database_connections);
  return out;
}

cache::RedisSettings redis_settings(const config::Settings& s) {
  const auto url = database::parse_redis_url(s.redis_url);
  cache::RedisSettings out;
  out.host = url.host, out.port = url.port, out.user = url.user, out.password = url.password,
  out.database = url.database;
  out.call_timeout = s.redis_call_timeout;
  return out;
}

cache::CacheSettings cache_settings(const config::Settings& s) {
  cache::CacheSettings out;
  out.local_bytes = static_cast<std::size_t>(s.cache_bytes);
  out.lease = s.cache_load_lease;
  return out;
}

front::Response text(int status, std::string type, std::string body) {
  front::Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(type));
  response.body = std::move(body);
  return response;
}

}  // namespace

Host::Host(const config::Settings& settings, const config::Source& source)
    : settings_(settings),
      loader_({settings.plugin_path, settings.cache_path}, source),
      seal_(settings.seal_key, settings.old_seal_keys),
      database_(pool_settings(settings)),
      redis_(redis_settings(settings)),
      cache_(redis_, cache_settings(settings)),
      limiter_(redis_, settings.cluster_replicas),
      pipeline_(settings, cache_, limiter_, database_),
      mail_(database_, outbound::SmtpSender(outbound::SmtpSettings::from_url(settings.smtp_url)),
            settings.mail_from,
            {[this](const std::string& t) { return seal_.seal(t, "mail"); },
             [this](const std::string& t) { return seal_.open(t, "mail"); },
             [this](const std::string& t) { return seal_.hash(t); }}),
      scheduler_(database_),
      services_{settings_, database_, cache_, outbound_, pipeline_, mail_, seal_} {
  pipeline_.set_port(settings.http_port);
  pipeline_.audit = [this](policy::Call& call, int status) { audit(call, status); };
}

Host::~Host() {
  stop();
}

void Host::start_plugins() {
  loader_.discover();
  for (const auto& plugin : loader_.plugins())
    if (plugin->state() == loader::State::verified && !plugin->config.empty())
      extensions::add_upstreams(*plugin, outbound_);
  loader_.start(services_, {&extensions::find_extension, &extensions::release_lease});
  pipeline_.publish(policy::build_published(loader_.active(), builtins(), settings_));
  for (auto* plugin : loader_.active()) scheduler_.add(*plugin);
}

void Host::listen() {
  front::FrontSettings f;
  f.address = settings_.http_address;
  f.port = settings_.http_port;
  f.reactors = settings_.http_reactors;
  f.max_connections = settings_.max_connections;
  f.max_connections_per_address = settings_.max_connections_per_address;
  f.head_deadline = settings_.head_deadline;
  f.idle_deadline = settings_.idle_deadline;
  f.rate_grace = settings_.body_grace;
  f.send_grace = settings_.send_grace;
  f.min_rate = settings_.min_rate;
  if (!settings_.tls_certificate.empty()) f.tls = {settings_.tls_certificate, settings_.tls_key};
  f.uncounted_addresses = settings_.trusted_proxies;
  if (settings_.development) f.uncounted_addresses.insert(f.uncounted_addresses.end(), {"127.0.0.1", "::1"});
  front_ = std::make_unique<front::Front>(
      f, [this](front::Exchange exchange) { pipeline_.handle(std::move(exchange)); },
      [this](const front::Head& head) { return pipeline_.body_limit(head); },
      [this](int status, std::string_view code) { return pipeline_.refusal(status, code); },
      [this](const front::Head& head) { return pipeline_.refuse_body(head); });
  if (const auto* tls = front_->tls(); tls && tls->valid_until() <= front::Tls::Clock::now())
    observe::log(Level::error, "tls", "the certificate has expired",
                 {{"file", settings_.tls_certificate.string()}});
  front_->start();
  pipeline_.set_port(front_->port());
  mail_.start();
  scheduler_.start();
  ready_ = true;
}

void Host::stop() {
  if (std::exchange(stopped_, true)) return;
  const auto notice_until = std::chrono::steady_clock::now() + settings_.drain_notice;
  const bool served = ready_.exchange(false);
  scheduler_.stop();
  if (served) std::this_thread::sleep_until(notice_until);
  if (front_) front_->drain(std::max(settings_.drain - kForClosing, std::chrono::milliseconds(0)));
  mail_.stop();
  loader_.stop();
  if (front_) front_->stop();
  outbound_.stop();
}

void Host::reload_certificate() noexcept {
  if (!front_ || !front_->tls()) return;
  try {
    front_->tls()->reload();
    observe::log(Level::info, "tls", "certificate loaded", {{"file", settings_.tls_certificate.string()}});
  } catch (const Problem& problem) {
    observe::log(Level::error, "tls", "certificate not loaded, the one before stays",
                 {{"code", problem.code}, {"detail", problem.detail}});
  } catch (const std::exception& e) {
    observe::log(Level::error, "tls", "certificate not loaded, the one before stays", {{"why", e.what()}});
  }
}

void Host::look_at_certificate() noexcept {
  if (front_ && front_->tls() && front_->tls()->is_reload_due()) reload_certificate();
}

void Host::audit(policy::Call& call, int status) {
  try {
    auto t = database_.begin({database::Scope::system, {}, "audit of a request", "portico_kernel"},
                             std::chrono::steady_clock::now() + std::chrono::seconds(2));
    const bool known = call.principal && !call.principal->user_id.empty();
    extensions::write_audit(
        t, seal_,
        {known ? call.principal->user_id : "", known ? "user" : "anonymous", "request", call.route->label,
         std::to_string(status), call.correlation_id, call.client_address});
    t.commit();
  } catch (const std::exception& e) {
    observe::log(Level::error, "audit", "row not written",
                 {{"route", call.route->label}, {"detail", e.what()}});
  }
}

front::Response Host::health() {
  json::array checks;
  for (const auto& check : observe::health().checks())
    checks.push_back(json::object{
        {"name", check.name}, {"state", observe::to_string(check.state)}, {"reason", check.reason}});
  json::array plugins;
  for (const auto& plugin : loader_.plugins())
    plugins.push_back(json::object{
        {"id", plugin->id()}, {"state", loader::to_string(plugin->state())}, {"reason", plugin->reason()}});
  const auto pool = database_.stats();
  return text(
      200, "application/json",
      json::serialize(json::object{
          {"state", observe::to_string(observe::health().worst())},
          {"database",
           json::object{
               {"away", pool.away}, {"open", pool.open}, {"in_use", pool.in_use}, {"waiting", pool.waiting}}},
          {"redis", json::object{{"available", redis_.available()}, {"linked", cache_.linked()}}},
          {"plugins", std::move(plugins)},
          {"checks", std::move(checks)}}));
}

std::vector<policy::BuiltinRoute> Host::builtins() {
  using loader::Access;
  return {
      {"GET", "/healthz", "The process is alive", Access::anyone,
       [](policy::Call&) { return text(200, "text/plain", "ok\n"); }},
      {"GET", "/readyz", "The host may get traffic", Access::anyone,
       [this](policy::Call&) {
         return ready_ ? text(200, "text/plain", "ready\n") : text(503, "text/plain", "not ready\n");
       }},
      {"GET", "/metrics", "Metrics in the Prometheus text format", Access::anyone,
       [this](policy::Call& call) {
         const auto& readers = settings_.metrics_readers;
         if (std::find(readers.begin(), readers.end(), call.client_address) == readers.end())
           throw Problem(404, "request.no_such_route", "not a metrics reader");
         return text(200, "text/plain; version=0.0.4", observe::render_metrics());
       }},
      {"GET", std::string(policy::kPagesPath), "Pages, navigation and modules of the enabled plugins",
       Access::anyone,
       [](policy::Call& call) { return text(200, "application/json", call.published->pages_document); }},
      {"GET", "/api/openapi.json", "This document", Access::anyone,
       [](policy::Call& call) { return text(200, "application/json", call.published->api_document); }},
      {"GET", "/api/health", "Each dependency and plugin, for staff", Access::staff,
       [this](policy::Call&) { return health(); }},
  };
}

}  // namespace kernel::commands
