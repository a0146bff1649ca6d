// The gate of every host call: tags, failing calls, faults, and what a call left open.
#include "state.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace portico::testkit {

namespace {

thread_local Scope* t_innermost = nullptr;

std::string tags_of(unsigned places) {
  std::string out;
  const std::pair<unsigned, const char*> names[] = {
      {kStarting, "[control] of start"}, {kControl, "[control]"}, {kRequest, "[request]"}, {kTask, "[task]"}};
  for (const auto& [place, name] : names)
    if (places & place) out += (out.empty() ? "" : " ") + std::string(name);
  return out;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view first_of(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return {};
}

Scope::Scope(State& of, Place where, std::string name)
    : state(of), place(where), what(std::move(name)), previous_(t_innermost) {
  if (const auto* caller = current(of)) {
    correlation_id = caller->correlation_id, user_id = caller->user_id;
    client_address = caller->client_address;
  }
  t_innermost = this;
}

Scope::~Scope() {
  t_innermost = previous_;
}

Scope* Scope::current(const State& of) {
  for (auto* scope = t_innermost; scope; scope = scope->previous_)
    if (&scope->state == &of) return scope;
  return nullptr;
}

bool Scope::is_loading(const std::string& key) const {
  for (const auto* scope = t_innermost; scope; scope = scope->previous_)
    if (&scope->state == &state && scope->loading.count(key)) return true;
  return false;
}

std::int64_t State::now_us() const {
  const std::lock_guard lock(mutex);
  return now_locked();
}

std::int64_t State::now_locked() const {
  if (!system_clock) return clock_us;
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
             .count() +
         ahead_us;
}

void State::fault(std::string text) {
  const std::lock_guard lock(mutex);
  faults.push_back(std::move(text));
}

void State::throw_faults() {
  std::string all;
  {
    const std::lock_guard lock(mutex);
    for (const auto& fault : faults) all += (all.empty() ? "" : "\n") + fault;
    faults.clear();
  }
  if (!all.empty()) throw Fault(all);
}

bool State::enter(const Function& function, portico_status& status, portico_error* error) noexcept {
  const auto* scope = Scope::current(*this);
  const bool starting = scope && scope->place == kControl && phase == Phase::starting;
  const bool allowed = (function.places & kAnywhere) || (scope && (function.places & scope->place)) ||
                       (starting && (function.places & kStarting));
  if (!allowed)
    fault(fmt::format("{} is {} and was called {}", function.name, tags_of(function.places),
                      scope ? "in " + scope->what : std::string("outside of any call into the plugin")));
  const std::lock_guard lock(mutex);
  if (++call_count != fail_at) return false;
  failed = function.name;
  failed_registration = starting && (function.places & kStarting);
  status = fail_status;
  if (fail_status == PORTICO_E_PROBLEM) {
    if (error)
      call::fill(error, failure);
    else
      status = PORTICO_E_INTERNAL;
  }
  return true;
}

portico_buffer State::lease_text(std::string text, const char* from) {
  auto held = std::make_shared<std::string>(std::move(text));
  portico_buffer buffer{held->data(), held->size(), 0};
  buffer.lease = lease(std::move(held), from);
  return buffer;
}

portico_handle State::lease(std::shared_ptr<void> held, const char* from) {
  const std::lock_guard lock(mutex);
  const auto handle = new_handle();
  leases.add(handle, std::make_shared<Lease>(Lease{std::move(held), from}));
  return handle;
}

std::shared_ptr<OpenTransaction> State::transaction(portico_handle handle, const char* function) {
  std::shared_ptr<OpenTransaction> open;
  {
    const std::lock_guard lock(mutex);
    open = transactions.find(handle);
  }
  if (open) return open;
  fault(fmt::format("{} was given a transaction that has ended or never was", function));
  throw Problem(409, "database.no_transaction", "the transaction has ended");
}

void State::with_transaction(portico_handle handle, const char* function, std::function<void()> effect) {
  if (!handle) return effect();
  const auto open = transaction(handle, function);
  const std::lock_guard lock(mutex);
  open->on_commit.push_back(std::move(effect));
}

void State::note_outcome(int status, std::string_view code) {
  const std::lock_guard lock(mutex);
  if (failed.empty() || status_after) return;
  status_after = status;
  code_after = code;
}

void State::close_call(Scope& scope) {
  std::vector<std::shared_ptr<OpenTransaction>> open;
  {
    const std::lock_guard lock(mutex);
    for (const auto handle : scope.transactions)
      if (auto left = transactions.take(handle)) open.push_back(std::move(left));
  }
  for (const auto& left : open) {
    left->real->rollback();
    fault(fmt::format("{} left a transaction open (opened in {})", scope.what, left->where));
  }
}

void State::not_in_manifest(const std::string& what, const char* member) {
  const auto text = fmt::format("{} is not under \"{}\" in manifest.json", what, member);
  if (phase == Phase::running) fault(text);
  throw Problem(403, "plugin.not_in_manifest", text);
}

void State::check_no_transaction(const std::string& what) {
  const auto* scope = Scope::current(*this);
  if (outside_calls_in_transactions || !scope) return;
  const std::lock_guard lock(mutex);
  for (const auto handle : scope->transactions)
    if (transactions.find(handle))
      faults.push_back(fmt::format("{} while a transaction of {} is open", what, scope->what));
}

portico_status State::run(Place place, std::string what, const std::function<portico_status()>& fn,
                          const std::function<void(Scope&)>& prepare) {
  Scope scope(*this, place, std::move(what));
  if (prepare) prepare(scope);
  const auto status = fn();
  close_call(scope);
  return status;
}

}  // namespace portico::testkit
