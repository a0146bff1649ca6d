// The room's memory: org, switches, and how both come back from disk.
#include "examples/sandbox/salesforce/room.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "examples/sandbox/common/text.hpp"
#include "examples/sandbox/salesforce/seed.hpp"

namespace sandbox::salesforce {

namespace json = boost::json;

Room::Room(const Clock& clock, FaultBook& faults, StateFile& state, std::string key_file,
           std::string blob_folder)
    : faults_(faults),
      state_(state),
      keys_(std::move(key_file)),
      blobs_(std::move(blob_folder)),
      org_{clock, blobs_, {}, {}, {}} {
  if (!keys_.file().empty()) keys_.prepare();  // a client looks for the file before it calls
  seed(org_);
}

void Room::mount(Router& router) {
  router.add("GET", "/services/data", [this](const HttpRequest& r) { return versions(r); });
  router.add("*", "/services/data/**", [this](const HttpRequest& r) { return data(r); });
  router.add("POST", "/services/oauth2/token", [this](const HttpRequest& r) { return token(r); });
  router.add("POST", "/services/oauth2/revoke", [this](const HttpRequest& r) { return revoke(r); });
  for (const char* method : {"GET", "POST"})
    router.add(method, "/services/oauth2/userinfo", [this](const HttpRequest& r) { return user_info(r); });
  router.add("GET", "/id/{org}/{user}", [this](const HttpRequest& r) { return identity(r); });
}

void Room::set_base_url(std::string url) {
  const std::lock_guard lock(mutex_);
  org_.base_url = std::move(url);
}

json::object Room::client() const {
  const std::lock_guard lock(mutex_);
  return {{"loginUrl", org_.base_url},
          {"clientId", kClientId},
          {"username", kIntegrationUsername},
          {"keyFile", keys_.file()}};
}

json::object Room::open_session() {
  json::object out;
  {
    const std::lock_guard lock(mutex_);
    out = {{"access_token", new_session(integration_user_id())}, {"instance_url", org_.base_url}};
  }
  state_.commit();
  return out;
}

void Room::end_sessions() {
  {
    const std::lock_guard lock(mutex_);
    org_.store.sessions.clear();
  }
  state_.commit();
}

std::optional<std::string> Room::authenticate(std::string_view token) {
  const std::lock_guard lock(mutex_);
  return user_of(token);
}

std::string Room::base_url() const {
  const std::lock_guard lock(mutex_);
  return org_.base_url;
}

json::object Room::switches() const {
  const std::lock_guard lock(mutex_);
  return org_.switches.to_json();
}

void Room::change_switches(const json::object& changes) {
  {
    const std::lock_guard lock(mutex_);
    org_.switches.update(changes);
  }
  state_.commit();
}

json::object Room::counters() const {
  const std::lock_guard lock(mutex_);
  json::object out;
  for (const auto& [name, table] : org_.store.tables) {
    std::int64_t alive = 0;
    for (const auto& [id, record] : table) alive += is_deleted(record) ? 0 : 1;
    out[name] = alive;
  }
  return out;
}

json::array Room::changes(std::int64_t since) const {
  const std::lock_guard lock(mutex_);
  json::array out;
  for (const auto& change : org_.store.changes)
    if (change.number > since) out.push_back(change.to_json());
  return out;
}

std::vector<Change> Room::changes_after(std::int64_t since) const {
  const std::lock_guard lock(mutex_);
  const auto first = std::find_if(org_.store.changes.begin(), org_.store.changes.end(),
                                  [&](const Change& change) { return change.number > since; });
  return {first, org_.store.changes.end()};
}

std::int64_t Room::last_change() const {
  const std::lock_guard lock(mutex_);
  return org_.store.last_change;
}

void Room::reset() {
  {
    const std::lock_guard lock(mutex_);
    // Sessions stay good: a reset of the records is no reason to sign in again. Numbers of changes go on.
    Store fresh;
    fresh.sessions = std::move(org_.store.sessions);
    fresh.last_change = org_.store.last_change;
    org_.store = std::move(fresh);
    org_.switches = {};
    blobs_.clear();
    cursors_.clear();
    seed(org_);
  }
  calls_.clear();
  state_.commit();
}

json::object Room::to_json() const {
  const std::lock_guard lock(mutex_);
  return {{"store", org_.store.to_json()}, {"switches", org_.switches.to_json()}};
}

void Room::restore(const json::object& from) {
  Store store = Store::from_json(from.at("store").as_object());
  const std::lock_guard lock(mutex_);
  org_.store = std::move(store);
  org_.switches.update(from.at("switches").as_object());
}

// ---- sessions and limits ----

std::string_view bearer_of(const HttpRequest& request) {
  const std::string_view header = request.header("Authorization");
  for (const std::string_view scheme : {"Bearer ", "OAuth "})
    if (starts_ignoring_case(header, scheme)) return header.substr(scheme.size());
  return {};
}

std::string Room::new_session(const std::string& user_id) {
  constexpr std::size_t kMost = 1000;
  auto& sessions = org_.store.sessions;
  if (sessions.size() >= kMost)
    sessions.erase(std::min_element(sessions.begin(), sessions.end(), [](const auto& a, const auto& b) {
      return a.second.used_ms < b.second.used_ms;
    }));
  const std::string opaque = random_hex(40);
  std::string token =
      fmt::format("{}!AQEAQ{}.{}", org_id().substr(0, 15), opaque.substr(0, 50), opaque.substr(50));
  sessions[token] = {user_id, org_.now_ms()};
  return token;
}

std::optional<std::string> Room::user_of(std::string_view token) {
  const auto found = org_.store.sessions.find(std::string(token));
  if (found == org_.store.sessions.end()) return std::nullopt;
  constexpr std::int64_t kMs = 1000;
  const std::int64_t now = org_.now_ms();
  if (now - found->second.used_ms >= org_.switches.session_seconds * kMs) {
    org_.store.sessions.erase(found);
    return std::nullopt;
  }
  found->second.used_ms = now;
  return found->second.user_id;
}

void Room::count_call() {
  constexpr std::int64_t kDayMs = std::int64_t{24} * 3600 * 1000;
  auto& store = org_.store;
  const std::int64_t now = org_.now_ms();
  if (now - store.day_began_ms >= kDayMs || now < store.day_began_ms) {
    store.day_began_ms = now;
    store.day_calls = 0;
  }
  ++store.day_calls;
}

bool Room::crowded() {
  const auto longest = std::chrono::milliseconds(org_.switches.long_request_ms);
  const auto now = std::chrono::steady_clock::now();
  const auto count = std::count_if(running_.begin(), running_.end(),
                                   [&](const auto& call) { return now - call.second >= longest; });
  return count >= org_.switches.concurrent_requests;
}

std::string Room::usage() const {
  return fmt::format("api-usage={}/{}", std::min(org_.store.day_calls, org_.switches.daily_api_requests),
                     org_.switches.daily_api_requests);
}

}  // namespace sandbox::salesforce
