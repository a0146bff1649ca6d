// The host's life around one plugin, and what a test sets and reads.
#include <fmt/format.h>
#include <portico/abi/audit.h>
#include <portico/abi/cache.h>
#include <portico/abi/channels.h>
#include <portico/abi/clock.h>
#include <portico/abi/config.h>
#include <portico/abi/crypto.h>
#include <portico/abi/health.h>
#include <portico/abi/log.h>
#include <portico/abi/mail.h>
#include <portico/abi/metrics.h>
#include <portico/abi/outbound.h>
#include <portico/abi/pages.h>
#include <portico/abi/streams.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "state.hpp"

namespace portico::testkit {

namespace {

const std::map<std::string_view, const void*>& tables() {
  static const std::map<std::string_view, const void*> all = {{PORTICO_EXT_ROUTES, &kRoutes},
                                                              {PORTICO_EXT_EXCHANGE, &kExchange},
                                                              {PORTICO_EXT_OPERATIONS, &kOperations},
                                                              {PORTICO_EXT_DATABASE, &kDatabase},
                                                              {PORTICO_EXT_CACHE, &kCache},
                                                              {PORTICO_EXT_OUTBOUND, &kOutbound},
                                                              {PORTICO_EXT_CHANNELS, &kChannels},
                                                              {PORTICO_EXT_TASKS, &kTasks},
                                                              {PORTICO_EXT_EVENTS, &kEvents},
                                                              {PORTICO_EXT_WORKFLOWS, &kWorkflows},
                                                              {PORTICO_EXT_STREAMS, &kStreams},
                                                              {PORTICO_EXT_IDEMPOTENCY, &kIdempotency},
                                                              {PORTICO_EXT_MAIL, &kMail},
                                                              {PORTICO_EXT_IDENTITY, &kIdentity},
                                                              {PORTICO_EXT_CONFIG, &kConfig},
                                                              {PORTICO_EXT_LOG, &kLog},
                                                              {PORTICO_EXT_METRICS, &kMetrics},
                                                              {PORTICO_EXT_AUDIT, &kAudit},
                                                              {PORTICO_EXT_HEALTH, &kHealth},
                                                              {PORTICO_EXT_CRYPTO, &kCrypto},
                                                              {PORTICO_EXT_CLOCK, &kClock},
                                                              {PORTICO_EXT_PAGES, &kPages}};
  return all;
}

const void* extension(const portico_host* host, const char* id) {
  const auto& s = State::of(host);
  if (!s.manifest.anything && !s.manifest.declares_extension(id)) return nullptr;
  const auto it = tables().find(id);
  return it == tables().end() || s.lacking.count(id) ? nullptr : it->second;
}

void release(const portico_host* host, portico_handle lease) {
  auto& s = State::of(host);
  std::shared_ptr<Lease> ended;  // dies outside of the lock
  const std::lock_guard lock(s.mutex);
  ended = s.leases.take(lease);
}

Problem problem_of_start(portico_status status, const portico_error& error, const char* step) {
  if (error.status) return call::problem_of(error);
  return Problem(500, fmt::format("plugin.{}_failed", step), fmt::format("{} answered {}", step, status));
}

}  // namespace

State::State() {
  host = {sizeof host, PORTICO_ABI_MINOR, this, extension, release};
  portal = {{"name", "Test Portal"},
            {"public_url", "http://localhost:8080"},
            {"time_zone", "Asia/Tokyo"},
            {"languages", boost::json::array{"en", "ja"}},
            {"default_language", "en"}};
}

State::~State() = default;

void State::shut_down() {
  if (phase == Phase::gone) return;
  const bool was_there = plugin != nullptr;
  if (phase == Phase::running) settle_streams(true);
  phase = Phase::stopping;
  if (plugin) {
    Scope scope(*this, kControl, "stop");
    if (std::exchange(started, false)) plugin->stop(plugin);
    plugin->destroy(std::exchange(plugin, nullptr));
    close_call(scope);
  }
  phase = Phase::gone;
  if (!was_there) return;
  const std::lock_guard lock(mutex);
  std::map<std::string, int> left;
  for (const auto& [handle, lease] : leases.all()) ++left[lease->from];
  for (const auto& [from, count] : left)
    faults.push_back(fmt::format("{} lease{} of {} never given back", count, count == 1 ? "" : "s", from));
  leases.clear();
  for (const auto& [handle, open] : transactions.all()) {
    open->real->rollback();
    faults.push_back("a transaction opened in " + open->where + " was left open");
  }
  transactions.clear();
}

TestHost::TestHost() : state_(std::make_unique<State>()) {}

TestHost::~TestHost() noexcept(false) {
  const bool quiet = std::uncaught_exceptions() > 0;
  const auto state = std::move(state_);  // its end comes before what is thrown is caught
  state->shut_down();
  if (quiet) return;
  for (const auto& [name, upstream] : state->upstreams)
    if (state->failed.empty())
      for (auto& missing : upstream->missing()) state->fault(std::move(missing));
  state->throw_faults();
}

TestHost& TestHost::manifest(std::string_view json) {
  state_->manifest = Manifest::parse(json);
  return *this;
}

TestHost& TestHost::manifest_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return manifest(text.str());
}

bool TestHost::has_manifest() const {
  return !state_->manifest.anything;
}

TestHost& TestHost::config(boost::json::object settings) {
  state_->settings = std::move(settings);
  return *this;
}

TestHost& TestHost::portal(boost::json::object info) {
  for (const auto& [key, value] : info) state_->portal[key] = value;
  return *this;
}

TestHost& TestHost::with_database(Database& database) {
  state_->database = &database;
  return *this;
}

TestHost& TestHost::without(std::string extension) {
  state_->lacking.insert(std::move(extension));
  return *this;
}

TestHost& TestHost::forbid_calls_in_transactions() {
  state_->outside_calls_in_transactions = false;
  return *this;
}

TestHost& TestHost::seed_random(std::uint64_t seed) {
  state_->random_seed = seed;
  return *this;
}

TestHost& TestHost::provide(std::string name, OperationFn fn) {
  const std::lock_guard lock(state_->mutex);
  state_->foreign_operations[std::move(name)] = std::move(fn);
  return *this;
}

Upstream& TestHost::upstream(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  auto& slot = state_->upstreams[std::string(name)];
  if (!slot) slot = std::make_unique<Upstream>(std::string(name));
  return *slot;
}

Channel& TestHost::channel(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  auto& slot = state_->channels[std::string(name)];
  if (!slot) slot = std::make_unique<Channel>();
  return *slot;
}

TestHost& TestHost::start(CreateFn create) {
  auto& s = *state_;
  if (s.phase != Phase::fresh) throw Fault("a TestHost holds one plugin, once");
  for (const auto& id : s.manifest.extensions_required)
    if (!extension(&s.host, id.c_str()))
      throw Problem(422, "plugin.extension_missing", "needs " + id + ", which this host does not offer");
  s.settings = s.manifest.read_config(s.settings);
  auto error = call::empty_error();
  s.phase = Phase::creating;
  const auto created = s.run(kControl, "create", [&] { return create(&s.host, &s.plugin, &error); });
  if (created != PORTICO_OK || !s.plugin) {
    s.plugin = nullptr;  // create failed: no destroy
    s.phase = Phase::gone;
    const auto problem = problem_of_start(created, error, "create");
    s.note_outcome(problem.status, problem.code);
    s.throw_faults();
    throw problem;
  }
  s.phase = Phase::starting;
  const auto status = s.run(kControl, "start", [&] { return s.plugin->start(s.plugin, &error); });
  if (status != PORTICO_OK) {
    s.shut_down();  // start failed: destroy, no stop
    const auto problem = problem_of_start(status, error, "start");
    s.note_outcome(problem.status, problem.code);
    s.throw_faults();
    throw problem;
  }
  s.started = true;
  s.phase = Phase::running;
  if (s.failed_registration)
    s.fault(fmt::format("start went on although {} failed: what it registers is missing", s.failed));
  for (auto* list : {&s.registered.routes, &s.registered.operations, &s.registered.tasks})
    std::sort(list->begin(), list->end());
  s.throw_faults();
  return *this;
}

void TestHost::stop() {
  state_->shut_down();
}

void TestHost::finish() {
  state_->shut_down();
  if (state_->failed.empty())
    for (const auto& [name, upstream] : state_->upstreams)
      for (auto& missing : upstream->missing()) state_->fault(std::move(missing));
  state_->upstreams.clear();
  state_->throw_faults();
}

const Registered& TestHost::registered() const {
  return state_->registered;
}

void TestHost::time_left(std::chrono::microseconds left) {
  const std::lock_guard lock(state_->mutex);
  state_->left = left;
}

void TestHost::clients_gone(bool gone) {
  const std::lock_guard lock(state_->mutex);
  state_->gone = gone;
}

std::string TestHost::call(std::string_view name, std::string_view arguments) {
  try {
    auto result = state_->run_operation(std::string(name), arguments, kRequest);
    state_->throw_faults();
    return result;
  } catch (const Problem& problem) {
    state_->note_outcome(problem.status, problem.code);
    state_->throw_faults();
    throw;
  }
}

Time TestHost::now() const {
  return Time(std::chrono::microseconds(state_->now_us()));
}

void TestHost::set_time(Time now) {
  const std::lock_guard lock(state_->mutex);
  state_->clock_us = now.time_since_epoch().count();
}

TestHost& TestHost::follow_system_clock() {
  const std::lock_guard lock(state_->mutex);
  state_->system_clock = true;
  return *this;
}

std::vector<SentMail> TestHost::mails() const {
  const std::lock_guard lock(state_->mutex);
  return state_->mails;
}

std::vector<AuditRow> TestHost::audit() const {
  const std::lock_guard lock(state_->mutex);
  return state_->audit;
}

std::vector<LogLine> TestHost::log() const {
  const std::lock_guard lock(state_->mutex);
  return state_->log;
}

std::map<std::string, HealthReport> TestHost::health() const {
  const std::lock_guard lock(state_->mutex);
  return state_->health;
}

std::map<std::string, double> TestHost::metrics() const {
  const std::lock_guard lock(state_->mutex);
  return state_->metrics;
}

std::vector<std::string> TestHost::revoked_sessions() const {
  const std::lock_guard lock(state_->mutex);
  return state_->revoked;
}

std::vector<std::string> TestHost::take_faults() {
  const std::lock_guard lock(state_->mutex);
  return std::exchange(state_->faults, {});
}

}  // namespace portico::testkit
