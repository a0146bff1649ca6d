// Transactions on pooled PostgreSQL connections; the only door to the database while the host runs.
#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "kernel/database/failure.hpp"
#include "kernel/database/url.hpp"
#include "kernel/database/value.hpp"

namespace kernel::database {

using Deadline = std::chrono::steady_clock::time_point;

class Link;
class Pool;

/// In whose name a transaction runs; row-level security reads it (kernel.current_user_id(),
/// kernel.is_system()).
struct Scope {
  enum Kind { user, system } kind = user;
  std::string user_id;  // uuid; of user scope, empty for system
  std::string reason;   // why the system acts; system scope refuses an empty one
  std::string role;     // the database role, e.g. "portico_auth"
};

/// One open transaction on one connection; used by one thread at a time. Destroyed without commit(): rolled
/// back.
class Transaction {
 public:
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;
  ~Transaction();

  /// Runs one SELECT, INSERT, UPDATE, DELETE, MERGE, VALUES, WITH, LOCK or EXPLAIN; prepared once per
  /// connection.
  ///
  /// params  $1, $2, … in order
  /// errors  see failure.hpp; 503 database.timeout past the deadline; 500 database.statement for another
  /// statement;
  ///         500 database.aborted after an earlier failure in this transaction
  Result run(std::string_view sql, std::span<const Value> params = {});
  Result run(std::string_view sql, std::initializer_list<Value> params) {
    return run(sql, std::span<const Value>(params.begin(), params.size()));
  }

  /// The same in this transaction under another role (kernel tables written beside a plugin's own), one round
  /// trip.
  Result run_as(std::string_view role, std::string_view sql, std::span<const Value> params = {});
  Result run_as(std::string_view role, std::string_view sql, std::initializer_list<Value> params) {
    return run_as(role, sql, std::span<const Value>(params.begin(), params.size()));
  }

  /// errors  503 database.commit_unknown when the answer was lost: it may or may not have happened, look by
  /// key
  ///         on a new transaction; 500 database.aborted when an earlier statement had failed
  void commit();

  /// Ends without effect. Never throws; a second call does nothing.
  void rollback() noexcept;

  /// Whether commit() was sent and its answer lost.
  bool outcome_unknown() const { return outcome_unknown_; }
  bool open() const { return link_ != nullptr; }

 private:
  friend class Pool;
  Transaction(Pool& pool, std::unique_ptr<Link> link, std::string role, Deadline deadline);
  Result execute(std::string_view role, std::string_view sql, std::span<const Value> params);
  [[noreturn]] void lose_commit(const std::string& why);
  void give_back() noexcept;

  Pool* pool_;
  std::unique_ptr<Link> link_;
  std::string role_;
  Deadline deadline_;
  std::chrono::milliseconds server_limit_{0};  // what statement_timeout is set to at present
  bool failed_ = false;
  bool outcome_unknown_ = false;
};

struct PoolSettings {
  DatabaseUrl url;
  std::size_t max_connections = 16;
  std::chrono::milliseconds acquire_wait{1000};     // then 503 database.busy
  std::chrono::milliseconds connect_timeout{1500};  // url.connect_timeout wins
  std::chrono::milliseconds begin_timeout{1500};    // a server that accepts but does not answer
  std::chrono::milliseconds statement_limit{5000};  // longest single statement, whatever the deadline
  std::chrono::milliseconds idle_limit{300'000};    // an unused connection is closed after this
  std::size_t statements_per_connection = 200;      // prepared; the least recently used goes
  std::string application_name = "portico";
};

struct PoolStats {
  std::size_t open = 0;  // connections, idle and used
  std::size_t in_use = 0;
  std::size_t waiting = 0;
  bool away = false;  // the last attempt to connect failed
};

/// Connections made when asked for, kept, and replaced when PostgreSQL dropped them. Thread-safe.
class Pool {
 public:
  explicit Pool(PoolSettings settings);
  ~Pool();  // every transaction must have ended
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Begins a transaction in the given scope: BEGIN, role and settings in one round trip.
  ///
  /// deadline  holds for the whole transaction; statements get what remains of it
  /// errors    503 database.busy (all connections in use), 503 database.unavailable (PostgreSQL away), both
  /// with
  ///           retry_after_s; 500 database.scope (user_id no uuid, reason or role missing or malformed)
  Transaction begin(const Scope& scope, Deadline deadline);

  PoolStats stats() const;

 private:
  friend class Transaction;
  struct State;
  std::unique_ptr<Link> acquire(Deadline deadline);
  std::unique_ptr<Link> open_link(Deadline deadline);
  void give_back(std::unique_ptr<Link> link) noexcept;

  PoolSettings settings_;
  std::unique_ptr<State> state_;
};

/// Runs body(Transaction&) and commits; begins anew when PostgreSQL asks for it (serialization failure,
/// deadlock), at most `attempts` times. body must have no effect outside the transaction.
///
/// errors  what body throws; 503 database.serialization after the last attempt; commit_unknown is never
/// repeated
template <class Body>
auto with_retry(Pool& pool, const Scope& scope, Deadline deadline, Body&& body, int attempts = 3) {
  for (int attempt = 1;; ++attempt) {
    try {
      Transaction transaction = pool.begin(scope, deadline);
      if constexpr (std::is_void_v<decltype(body(transaction))>) {
        body(transaction);
        transaction.commit();
        return;
      } else {
        auto answer = body(transaction);
        transaction.commit();
        return answer;
      }
    } catch (const SqlProblem& problem) {
      if (!problem.retryable() || attempt >= attempts) throw;
    }
    pause_before_retry(attempt, deadline);
  }
}

}  // namespace kernel::database
