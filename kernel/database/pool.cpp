// The pool: who gets a connection, when a new one is made, when an old one goes.
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "kernel/database/connection.hpp"
#include "kernel/database/link.hpp"
#include "kernel/observe/log.hpp"
#include "kernel/observe/metrics.hpp"

namespace kernel::database {
namespace {

using std::chrono::steady_clock;

// After a failed attempt others fail at once for this long instead of queueing behind a dead server.
constexpr std::chrono::milliseconds kAwayPause{250};

constexpr std::string_view kRolePrefix = "portico_";  // and the schema's name: see role_of()

[[noreturn]] void throw_unavailable(const std::string& why) {
  throw portico::Problem(503, "database.unavailable", why, 2);
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !std::isxdigit(static_cast<unsigned char>(text[i]))) return false;
  }
  return true;
}

void check(const Scope& scope) {
  const auto refuse = [](const char* why) { throw portico::Problem(500, "database.scope", why); };
  if (scope.role.empty() || scope.role.size() > 63 ||
      !std::all_of(scope.role.begin(), scope.role.end(),
                   [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }))
    refuse("the role of a transaction must be a lower-case name");
  if (scope.kind == Scope::user && !is_uuid(scope.user_id)) refuse("user scope needs the user's uuid");
  if (scope.kind == Scope::system && scope.reason.empty()) refuse("system scope needs a reason");
  if (scope.kind == Scope::system && !scope.user_id.empty()) refuse("system scope has no user");
}

}  // namespace

struct Pool::State {
  std::mutex mutex;
  std::condition_variable freed;
  std::vector<std::unique_ptr<Link>> idle;  // the last used at the back
  std::size_t open = 0;
  std::size_t waiting = 0;
  bool away = false;
  steady_clock::time_point away_until{};
  std::string away_text;

  observe::Gauge& open_gauge = observe::gauge("portico_database_connections", "Open PostgreSQL connections");
  observe::Gauge& used_gauge =
      observe::gauge("portico_database_connections_in_use", "PostgreSQL connections in use");
  observe::Gauge& up_gauge =
      observe::gauge("portico_database_up", "1 when the last attempt to connect succeeded");
  observe::Histogram& wait_seconds =
      observe::histogram("portico_database_wait_seconds", "Time a transaction waited for a connection");

  /// Under the lock.
  void show() {
    open_gauge.set(static_cast<double>(open));
    used_gauge.set(static_cast<double>(open - idle.size()));
  }
};

Pool::Pool(PoolSettings settings) : settings_(std::move(settings)), state_(std::make_unique<State>()) {
  if (settings_.url.connect_timeout) settings_.connect_timeout = *settings_.url.connect_timeout;
}

Pool::~Pool() = default;

std::unique_ptr<Link> Pool::open_link(Deadline deadline) {
  try {
    auto link = Link::open(settings_.url, settings_.application_name, settings_.statements_per_connection,
                           std::min(deadline, steady_clock::now() + settings_.connect_timeout));
    const std::lock_guard lock(state_->mutex);
    if (std::exchange(state_->away, false))
      observe::log(observe::Level::info, "database", "PostgreSQL is back");
    state_->up_gauge.set(1);
    return link;
  } catch (const std::exception& failure) {  // LinkLost, or SqlFailure while the session is being set up
    const std::lock_guard lock(state_->mutex);
    --state_->open;
    state_->show();
    if (!std::exchange(state_->away, true))
      observe::log(observe::Level::error, "database", "PostgreSQL cannot be reached",
                   {{"why", failure.what()}});
    state_->up_gauge.set(0);
    state_->away_until = steady_clock::now() + kAwayPause;
    state_->away_text = failure.what();
    state_->freed.notify_all();
    throw_unavailable(failure.what());
  }
}

std::unique_ptr<Link> Pool::acquire(Deadline deadline) {
  const auto started = steady_clock::now();
  const auto wait_until = std::min(deadline, started + settings_.acquire_wait);
  std::unique_lock lock(state_->mutex);
  for (;;) {
    while (!state_->idle.empty()) {
      std::unique_ptr<Link> link = std::move(state_->idle.back());
      state_->idle.pop_back();
      state_->show();
      lock.unlock();
      state_->wait_seconds.observe(std::chrono::duration<double>(steady_clock::now() - started).count());
      if (link->usable()) return link;
      link.reset();
      lock.lock();
      --state_->open;
      state_->show();
    }
    if (state_->open < settings_.max_connections) {
      if (steady_clock::now() < state_->away_until) throw_unavailable(state_->away_text);
      ++state_->open;
      state_->show();
      lock.unlock();
      return open_link(deadline);
    }
    ++state_->waiting;
    const auto woken = state_->freed.wait_until(lock, wait_until);
    --state_->waiting;
    if (woken == std::cv_status::timeout && state_->idle.empty() && state_->open >= settings_.max_connections)
      throw portico::Problem(503, "database.busy",
                             fmt::format("all {} connections were in use", settings_.max_connections), 1);
  }
}

void Pool::give_back(std::unique_ptr<Link> link) noexcept {
  std::vector<std::unique_ptr<Link>> closing;  // PQfinish outside the lock
  {
    const std::lock_guard lock(state_->mutex);
    const auto now = steady_clock::now();
    if (link->idle()) {
      link->used = true;
      link->idle_since = now;
      state_->idle.push_back(std::move(link));
    } else {
      closing.push_back(std::move(link));
    }
    while (!state_->idle.empty() && now - state_->idle.front()->idle_since > settings_.idle_limit) {
      closing.push_back(std::move(state_->idle.front()));
      state_->idle.erase(state_->idle.begin());
    }
    state_->open -= closing.size();
    state_->show();
  }
  state_->freed.notify_one();
}

Transaction Pool::begin(const Scope& scope, Deadline deadline) {
  check(scope);
  static const std::string kBegin[] = {"BEGIN"};
  static constexpr std::string_view kSettings =
      "SELECT set_config('role', $1, true), set_config('statement_timeout', $2, true), "
      "set_config('app.user_id', $3, true), set_config('app.scope', $4, true), set_config('app.reason', $5, "
      "true), set_config('search_path', $6, true)";
  // Names without a schema are the owner's own; pg_temp is named so that it comes last, not first.
  const std::string schema = scope.role.starts_with(kRolePrefix) ? scope.role.substr(kRolePrefix.size()) : "";
  for (;;) {
    const auto now = steady_clock::now();
    if (deadline <= now)
      throw portico::Problem(503, "database.timeout", "no time is left for a transaction", 1);
    std::unique_ptr<Link> link = acquire(deadline);
    const bool reused = link->used;
    const auto limit = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(deadline - now),
                                  std::chrono::milliseconds(1), settings_.statement_limit);
    const Value settings[] = {scope.role,    std::to_string(limit.count()),
                              scope.user_id, std::string(scope.kind == Scope::user ? "user" : "system"),
                              scope.reason,  schema.empty() ? "pg_catalog" : schema + ", pg_temp"};
    link->space = schema;
    std::string lost;
    bool timed_out = false;
    try {
      link->exchange(kBegin, kSettings, settings, {},
                     std::min(deadline, steady_clock::now() + settings_.begin_timeout));
      Transaction transaction(*this, std::move(link), scope.role, deadline);
      transaction.server_limit_ = limit;
      return transaction;
    } catch (const LinkLost& failure) {
      lost = failure.text;
      timed_out = failure.timed_out;
      link->taint();
      give_back(std::move(link));
    } catch (const SqlFailure& failure) {
      const std::string& state = failure.error.sqlstate;
      link->taint();
      give_back(std::move(link));
      if (!state.starts_with("57P")) {
        if (state == "22023" || state == "42704" || state == "42501")
          throw portico::Problem(
              500, "database.scope",
              fmt::format("the login cannot act as {}: {}; run the migrations, or grant the role "
                          "to the login",
                          scope.role, failure.error.message));
        throw to_problem(failure.error);
      }
      lost = failure.error.message;  // the server said goodbye instead of BEGIN
    } catch (...) {                  // a value that cannot be sent
      give_back(std::move(link));
      throw;
    }
    // Nothing was sent in the transaction yet: a connection that had died while it lay idle is replaced, and
    // so are its neighbours. A fresh one that fails means PostgreSQL is away.
    if (!reused || timed_out) throw_unavailable(lost);
    std::vector<std::unique_ptr<Link>> stale;
    const std::lock_guard lock(state_->mutex);
    stale.swap(state_->idle);
    state_->open -= stale.size();
    state_->show();
  }
}

PoolStats Pool::stats() const {
  const std::lock_guard lock(state_->mutex);
  return {state_->open, state_->open - state_->idle.size(), state_->waiting, state_->away};
}

}  // namespace kernel::database
