// One PostgreSQL connection: pipelined exchanges that end by a deadline, prepared statements kept by use.
#pragma once

#include <chrono>
#include <exception>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kernel/database/failure.hpp"
#include "kernel/database/url.hpp"
#include "kernel/database/value.hpp"

struct pg_conn;
struct pg_result;

namespace kernel::database {

/// The connection is of no use any more. Stays inside this room: callers get a Problem.
struct LinkLost : std::exception {
  explicit LinkLost(std::string text, bool late = false) : text(std::move(text)), timed_out(late) {}
  const char* what() const noexcept override { return text.c_str(); }
  std::string text;
  bool timed_out;
};

/// PostgreSQL refused a statement; the connection lives on. Stays inside this room.
struct SqlFailure : std::exception {
  explicit SqlFailure(SqlError e) : error(std::move(e)) {}
  const char* what() const noexcept override { return error.message.c_str(); }
  SqlError error;
};

/// Used by one thread at a time.
class Link {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// errors  LinkLost, whose text holds no password; SqlFailure when the login is refused
  static std::unique_ptr<Link> open(const DatabaseUrl& url, const std::string& application_name,
                                    std::size_t statement_capacity, Deadline deadline);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// One round trip: `before`, then the prepared statement, then `after`; the first failure stops the rest.
  Result exchange(std::span<const std::string> before, std::string_view sql, std::span<const Value> params,
                  std::span<const std::string> after, Deadline deadline);

  /// One plain statement; returns its command tag ("COMMIT").
  std::string command(const std::string& sql, Deadline deadline);

  /// Several statements in one text, outside the pipeline; for migrations. SqlFailure::error.detail then
  /// begins with the line of the text where PostgreSQL stopped, if it said so.
  void script(const std::string& sql, Deadline deadline);

  /// Idle, connected, and nothing has arrived that ends it.
  bool usable();
  bool idle() const;  // connected and outside a transaction
  void taint() { tainted_ = true; }

  bool used = false;  // has served a transaction before
  std::string space;  // in which names are looked up: the same text in another space is another statement
  std::chrono::steady_clock::time_point idle_since{};

 private:
  struct Statement {
    std::string key;
    std::string name;
  };
  struct Step;

  Link(pg_conn* connection, std::size_t statement_capacity);
  void send(std::span<const Step> steps);
  Result receive(std::span<const Step> steps, Deadline deadline, std::string* tag);
  pg_result* next(Deadline deadline);
  void wait(bool for_write, Deadline deadline);
  [[noreturn]] void lose(std::string text, bool timed_out = false);
  void forget(std::list<Statement>::iterator statement);
  Result rows(pg_result* result);
  SqlError error_of(pg_result* result, std::string_view sql) const;

  pg_conn* connection_;
  std::size_t statement_capacity_;
  std::list<Statement> statements_;  // most recently used first
  std::unordered_map<std::string, std::list<Statement>::iterator> by_key_;
  std::vector<std::string> garbage_;  // names to deallocate at the next exchange
  std::size_t completed_ = 0;         // steps of the last exchange that PostgreSQL ran
  std::uint64_t next_name_ = 0;
  bool tainted_ = false;
};

}  // namespace kernel::database
