// How PostgreSQL's failures become problems.
#include "kernel/database/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <thread>

#include "kernel/observe/metrics.hpp"

namespace kernel::database {
namespace {

struct Mapping {
  std::string_view prefix;  // of the SQLSTATE
  int status;
  const char* code;
  int retry_after_s;
};

constexpr Mapping kMappings[] = {
    {"23505", 409, "database.conflict", 0},
    {"40001", 503, "database.serialization", 1},
    {"40P01", 503, "database.serialization", 1},
    {"57014", 503, "database.timeout", 1},
    {"25P03", 503, "database.timeout", 1},
    {"55P03", 503, "database.locked", 1},
    {"53", 503, "database.busy", 1},
    {"57P", 503, "database.unavailable", 1},
    {"08", 503, "database.unavailable", 1},
    {"42501", 500, "database.denied", 0},
    {"25P02", 500, "database.aborted", 0},
    {"", 500, "database.error", 0},
};

}  // namespace

bool SqlProblem::retryable() const {
  return sqlstate == "40001" || sqlstate == "40P01" ||
         (sqlstate == "0A000" && code == "database.serialization");
}

SqlProblem to_problem(const SqlError& error) {
  const auto* mapping = std::find_if(std::begin(kMappings), std::end(kMappings), [&](const Mapping& m) {
    return std::string_view(error.sqlstate).starts_with(m.prefix);
  });
  Mapping chosen = *mapping;
  // A prepared statement whose table a migration changed: PostgreSQL refuses it once, prepared anew it works.
  if (error.sqlstate == "0A000" && error.message.find("cached plan") != std::string::npos)
    chosen = {"0A000", 503, "database.serialization", 1};
  observe::counter("portico_database_errors_total", "Statements PostgreSQL refused, by SQLSTATE class",
                   {{"class", error.sqlstate.substr(0, 2)}})
      .add();
  boost::json::object members;
  if (chosen.status == 409) members["constraint"] = error.constraint;
  auto detail =
      fmt::format("{} [{}]{}{} in: {:.300}", error.message, error.sqlstate,
                  error.constraint.empty() ? "" : " constraint ", error.constraint, error.statement);
  return {portico::Problem(chosen.status, chosen.code, std::move(detail), chosen.retry_after_s,
                           std::move(members)),
          error.sqlstate};
}

void pause_before_retry(int attempt, std::chrono::steady_clock::time_point deadline) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int longest = std::min(100, 5 << std::min(attempt, 5));
  const std::chrono::milliseconds pause(std::uniform_int_distribution<int>(1, longest)(random));
  std::this_thread::sleep_until(std::min(deadline, std::chrono::steady_clock::now() + pause));
}

}  // namespace kernel::database
