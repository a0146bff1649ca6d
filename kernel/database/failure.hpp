// How PostgreSQL's failures become problems.
#pragma once

#include <chrono>
#include <portico/problem.hpp>
#include <string>
#include <string_view>

namespace kernel::database {

/// A failure PostgreSQL reported.
///
/// | SQLSTATE      | problem |
/// |---------------|---------|
/// | 23505         | 409 database.conflict, member "constraint" |
/// | 40001, 40P01  | 503 database.serialization (with_retry repeats) |
/// | 57014         | 503 database.timeout |
/// | 55P03         | 503 database.locked |
/// | 53xxx         | 503 database.busy (too many connections, out of memory or disk) |
/// | 57P0x, 08xxx  | 503 database.unavailable |
/// | 42501         | 500 database.denied (right or row-level security) |
/// | else          | 500 database.error |
class SqlProblem : public portico::Problem {
 public:
  SqlProblem(Problem problem, std::string state) : Problem(std::move(problem)), sqlstate(std::move(state)) {}

  /// Whether the same transaction, begun anew, may well succeed.
  bool retryable() const;

  std::string sqlstate;
};

/// What PostgreSQL said about one failed statement.
struct SqlError {
  std::string sqlstate;
  std::string message;     // primary text
  std::string detail;      // may quote row values: never part of a Problem
  std::string constraint;  // name, where one was violated
  std::string statement;   // the SQL, for the log
};

SqlProblem to_problem(const SqlError& error);

/// Waits a few random milliseconds, growing with the attempt, never past the deadline.
void pause_before_retry(int attempt, std::chrono::steady_clock::time_point deadline);

}  // namespace kernel::database
