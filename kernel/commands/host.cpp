// Builds the host from its settings and takes it down again.
#include "kernel/commands/host.hpp"

#include <fmt/format.h>

#include <thread>

#include "kernel/commands/plugin_report.hpp"
#include "kernel/commands/upstream_report.hpp"
#include "kernel/commands/workflow_routes.hpp"
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

constexpr std::chrono::milliseconds kForClosing{500};    // of http.drain_ms: for plugins and pools
constexpr std::chrono::milliseconds kForStreams{1'000};  // for plugins to hear that their streams have ended

const loader::HostTable kHostTable{&extensions::find_extension, &extensions::release_lease};

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

Host::Host(const config::Settings& settings, const config::Source& source, ReadAgain read_again)
    : settings_(settings),
      source_(source),
      read_again_(std::move(read_again)),
      loader_({settings.plugin_path, settings.cache_path, "/proc/self/exe"}),
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
      zone_(settings.time_zone),
      scheduler_(zone_),
      jobs_(database_, zone_),
      workflows_(database_),
      services_{settings_, database_, cache_, outbound_,  channels_, channel_streams_,
                pipeline_, mail_,     seal_,  workflows_, jobs_} {
  pipeline_.set_port(settings.http_port);
  pipeline_.audit = [this](policy::Call& call, int status) { audit(call, status); };
}

Host::~Host() {
  stop();
}

void Host::start_plugins() {
  auto lineup = loader_.discover(source_);
  for (const auto& plugin : lineup.order)
    extensions::add_upstreams(*plugin, outbound_, channels_, settings_.cluster_replicas);
  loader_.start(lineup, services_, kHostTable);
  pipeline_.publish(policy::build_published(lineup.started(), builtins(), settings_));
  loader::publish(lineup);
  begin(lineup.started());
  const std::lock_guard lock(mutex_);
  lineup_ = std::move(lineup);
}

void Host::begin(const std::vector<loader::PluginPtr>& plugins) {
  for (const auto& plugin : plugins) scheduler_.add(*plugin), jobs_.add(*plugin), workflows_.add(*plugin);
}

loader::Lineup Host::lineup() const {
  const std::lock_guard lock(mutex_);
  return lineup_;
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
  f.event_keep_alive = settings_.event_keep_alive;
  if (!settings_.tls_certificate.empty()) f.tls = {settings_.tls_certificate, settings_.tls_key};
  f.uncounted_addresses = settings_.trusted_proxies;
  if (settings_.development) f.uncounted_addresses.insert(f.uncounted_addresses.end(), {"127.0.0.1", "::1"});
  front_ = std::make_unique<front::Front>(
      f, [this](front::Exchange exchange) { pipeline_.handle(std::move(exchange)); },
      [this](const front::Head& head) { return pipeline_.body_limit(head); },
      [this](int status, std::string_view code) { return pipeline_.refusal(status, code); },
      [this](const front::Head& head) { return pipeline_.refuse_body(head); },
      [this](const front::Head& head) { return pipeline_.streams_body(head); });
  if (const auto* tls = front_->tls(); tls && tls->valid_until() <= front::Tls::Clock::now())
    observe::log(Level::error, "tls", "the certificate has expired",
                 {{"file", settings_.tls_certificate.string()}});
  front_->start();
  pipeline_.set_port(front_->port());
  mail_.start();
  scheduler_.start();
  jobs_.start();
  workflows_.start();
  ready_ = true;
}

void Host::stop() {
  if (std::exchange(stopped_, true)) return;
  stopping_ = true;
  const std::lock_guard changing(changing_);
  const auto notice_until = std::chrono::steady_clock::now() + settings_.drain_notice;
  const bool served = ready_.exchange(false);
  scheduler_.stop();
  jobs_.stop();
  workflows_.stop();
  if (served) std::this_thread::sleep_until(notice_until);
  if (front_) front_->drain(std::max(settings_.drain - kForClosing, std::chrono::milliseconds(0)));
  mail_.stop();
  channel_streams_.stop(kForStreams);
  auto lineup = this->lineup();
  for (const auto& plugin : lineup.order) pipeline_.remove(*plugin);
  loader::stop(lineup);
  for (const auto& plugin : draining()) plugin->stop();
  if (front_) front_->stop();
  pipeline_.stop();
  channels_.stop();
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
  for (const auto& plugin : lineup().plugins)
    plugins.push_back(json::object{
        {"id", plugin->id()}, {"state", to_string(plugin->state())}, {"reason", plugin->reason()}});
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

json::object Host::upstreams() const {
  auto lanes = outbound_.stats();
  const auto more = channels_.stats();
  lanes.insert(lanes.end(), more.begin(), more.end());
  std::sort(lanes.begin(), lanes.end(), [](const auto& a, const auto& b) {
    return std::tie(a.upstream, a.lane) < std::tie(b.upstream, b.lane);
  });
  return describe_upstreams(lanes);
}

json::object Host::answer(const json::object& question) {
  const auto word = [&](const char* member) {
    const auto* value = question.if_contains(member);
    return value && value->is_string() ? std::string(value->get_string()) : std::string();
  };
  const auto command = word("command");
  if (command == "list") return describe_plugins(lineup(), draining());
  if (command == "why") return explain_plugin(word("id"), lineup(), draining());
  if (command == "top") return cost_of_plugins(lineup());
  if (command == "upstreams") return upstreams();
  if (command == "isolate" || command == "restore") {
    const auto name = word("name");
    if (channels_.knows(name))
      channels_.isolate(name, command == "isolate");
    else
      outbound_.isolate(name, command == "isolate");
    return upstreams();
  }
  if (command == "reload") return json::value_from(reload()).as_object();
  throw Problem(400, "control.not_understood", "no command '" + command + "'");
}

std::vector<policy::BuiltinRoute> Host::builtins() {
  using loader::Access;
  std::vector<policy::BuiltinRoute> routes{
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
         measure_plugins(lineup());
         return text(200, "text/plain; version=0.0.4", observe::render_metrics());
       }},
      {"GET", std::string(policy::kPagesPath), "Pages, navigation and modules of the enabled plugins",
       Access::anyone,
       [](policy::Call& call) { return text(200, "application/json", call.published->pages_document); }},
      {"GET", "/api/openapi.json", "This document", Access::anyone,
       [](policy::Call& call) { return text(200, "application/json", call.published->api_document); }},
      {"GET", "/api/health", "Each dependency and plugin, for staff", Access::staff,
       [this](policy::Call&) { return health(); }},
      {"GET", "/api/admin/plugins", "Every plugin, its state and why", Access::admin,
       [this](policy::Call&) {
         return text(200, "application/json", json::serialize(describe_plugins(lineup(), draining())));
       }},
  };
  auto more = workflow_routes(database_, workflows_, seal_);
  std::move(more.begin(), more.end(), std::back_inserter(routes));
  return routes;
}

}  // namespace kernel::commands
