// What the fake host's tables work on. One thread, so handles are plain numbers.
#pragma once

#include <fmt/format.h>

#include "tests/support/fake_host.hpp"

namespace auth::testing {

using portico::Problem;
using portico::to_str;
using portico::view;

struct CacheEntry {
  std::string text;
  std::int64_t made_us, fresh_until_us, stale_until_us;
  std::vector<std::string> tags;
};

struct Exchange {
  std::string method, path, body, address;
  std::map<std::string, std::string> cookies;
  portico_identity identity{};
  bool known = false;
  std::optional<Reply> reply;
};

struct RouteEntry {
  std::string method, pattern;
  portico_route route;
};

struct OpenTransaction {
  PGconn* connection;
  std::vector<SentMail> mails;
  std::vector<AuditRow> audit;
};

struct FakeHost::State {
  FakeHost* self = nullptr;
  portico_host host{};
  const TestDatabase* database = nullptr;
  std::vector<PGconn*> idle;
  std::map<portico_handle, std::shared_ptr<void>> leases;
  std::map<portico_handle, OpenTransaction> transactions;
  std::map<portico_handle, Exchange*> exchanges;
  std::map<portico_handle, std::string> replies;
  std::map<std::string, CacheEntry> cache;
  std::vector<RouteEntry> routes;
  std::map<std::string, std::pair<portico_task_fn, void*>> tasks;
  std::map<std::string, std::pair<portico_operation_fn, void*>> provided;
  std::pair<portico_authenticate_fn, void*> authenticator{};
  std::string settings, portal;
  portico_handle next = 1;
  void* library = nullptr;
  portico_plugin* plugin = nullptr;

  static State& of(const portico_host* h) { return *static_cast<State*>(h->context); }

  portico_buffer lease(std::string text) {
    auto held = std::make_shared<std::string>(std::move(text));
    leases[++next] = held;
    return {held->data(), held->size(), next};
  }
  std::int64_t now_us() const {
    return std::chrono::duration_cast<std::chrono::microseconds>(
               std::chrono::system_clock::now().time_since_epoch() + self->clock_ahead)
        .count();
  }
  void command(PGconn* connection, const char* sql) {
    PGresult* result = PQexec(connection, sql);
    const bool ok = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    const std::string message = PQresultErrorMessage(result);
    PQclear(result);
    if (!ok) throw Problem(500, "database.statement", message);
  }
};

extern const portico_database kFakeDatabase;

}  // namespace auth::testing
