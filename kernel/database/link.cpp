// One PostgreSQL connection.
#include "kernel/database/link.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>

#include "kernel/database/codec.hpp"
#include "kernel/observe/log.hpp"

namespace kernel::database {
namespace {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

std::string one_line(const char* text) {
  std::string out = text ? text : "";
  while (!out.empty() && out.back() == '\n') out.pop_back();
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
  return out;
}

void quiet(void*, const char* message) {
  observe::log(observe::Level::debug, "database", "notice", {{"text", one_line(message)}});
}

/// Waits until the socket is ready or the deadline is past; false then.
bool ready(int socket, bool for_write, Link::Deadline deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd one{socket, static_cast<short>(POLLIN | (for_write ? POLLOUT : 0)), 0};
    const int got = poll(&one, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (got > 0) return true;
    if (got < 0 && errno != EINTR) return true;  // libpq finds out what is wrong
  }
}

}  // namespace

/// One message of the pipeline.
struct Link::Step {
  enum Kind { plain, prepare, execute } kind = plain;
  std::string_view sql;
  std::string_view name;
  std::span<const Encoded> params;
};

Link::Link(pg_conn* connection, std::size_t statement_capacity)
    : connection_(connection), statement_capacity_(std::max<std::size_t>(statement_capacity, 4)) {
  PQsetNoticeProcessor(connection_, quiet, nullptr);
  PQsetnonblocking(connection_, 1);
}

Link::~Link() {
  PQfinish(connection_);
}

std::unique_ptr<Link> Link::open(const DatabaseUrl& url, const std::string& application_name,
                                 std::size_t statement_capacity, Deadline deadline) {
  auto words = url.keywords();
  words.insert(words.end(), {{"application_name", application_name},
                             {"client_encoding", "UTF8"},
                             {"keepalives_idle", "5"},
                             {"keepalives_interval", "2"},
                             {"keepalives_count", "3"},
                             {"tcp_user_timeout", "10000"}});
  std::vector<const char*> names, values;
  for (const auto& [name, value] : words) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  PGconn* raw = PQconnectStartParams(names.data(), values.data(), 0);
  if (!raw) throw LinkLost("no memory for a connection");
  std::unique_ptr<Link> link(new Link(raw, statement_capacity));
  for (PostgresPollingStatusType state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    if (PQstatus(raw) == CONNECTION_BAD || state == PGRES_POLLING_FAILED)
      throw LinkLost(one_line(PQerrorMessage(raw)));
    pollfd one{PQsocket(raw), static_cast<short>(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) throw LinkLost(fmt::format("{} did not answer in time", url.shown()), true);
    if (poll(&one, 1, static_cast<int>(left.count())) > 0) state = PQconnectPoll(raw);
  }
  // A transaction left open by a bug must not hold back the whole server, and names are written with their
  // schema.
  link->command(
      "SELECT set_config('TimeZone', 'UTC', false), set_config('search_path', 'pg_catalog', false), "
      "set_config('idle_in_transaction_session_timeout', '10s', false)",
      deadline);
  return link;
}

void Link::lose(std::string text, bool timed_out) {
  tainted_ = true;
  throw LinkLost(std::move(text), timed_out);
}

void Link::wait(bool for_write, Deadline deadline) {
  if (!ready(PQsocket(connection_), for_write, deadline)) lose("no answer before the deadline", true);
  if (!PQconsumeInput(connection_)) lose(one_line(PQerrorMessage(connection_)));
}

PGresult* Link::next(Deadline deadline) {
  for (;;) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) lose(one_line(PQerrorMessage(connection_)));
    if (!PQisBusy(connection_)) break;
    wait(unsent == 1, deadline);
  }
  PGresult* result = PQgetResult(connection_);
  if (PQstatus(connection_) == CONNECTION_BAD) {
    PQclear(result);
    lose(one_line(PQerrorMessage(connection_)));
  }
  return result;
}

void Link::send(std::span<const Step> steps) {
  const auto sent = [&](int good) {
    if (!good) lose(one_line(PQerrorMessage(connection_)));
  };
  sent(PQenterPipelineMode(connection_));
  for (const Step& step : steps) {
    const std::string sql(step.sql);
    const std::string name(step.name);
    const int count = static_cast<int>(step.params.size());
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (const Encoded& param : step.params) {
      types.push_back(param.type);
      values.push_back(param.null ? nullptr : param.bytes.c_str());
      lengths.push_back(static_cast<int>(param.bytes.size()));
      formats.push_back(param.format);
    }
    switch (step.kind) {
      case Step::plain:
        sent(PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0));
        break;
      case Step::prepare:
        sent(PQsendPrepare(connection_, name.c_str(), sql.c_str(), count, types.data()));
        break;
      case Step::execute:
        sent(PQsendQueryPrepared(connection_, name.c_str(), count, values.data(), lengths.data(),
                                 formats.data(), 1));
        break;
    }
  }
  sent(PQpipelineSync(connection_));
}

Result Link::receive(std::span<const Step> steps, Deadline deadline, std::string* tag) {
  Result answer;
  std::optional<SqlError> failure;
  std::exception_ptr undecodable;  // the pipeline is read to its end all the same
  completed_ = 0;
  for (const Step& step : steps) {
    for (ResultPtr result(next(deadline)); result; result.reset(next(deadline))) {
      switch (PQresultStatus(result.get())) {
        case PGRES_TUPLES_OK:
        case PGRES_COMMAND_OK:
          ++completed_;
          if (tag) *tag = PQcmdStatus(result.get());
          if (step.kind != Step::execute) break;
          try {
            answer = rows(result.get());
          } catch (...) {
            undecodable = std::current_exception();
          }
          break;
        case PGRES_PIPELINE_ABORTED:
          break;
        default:
          if (!failure) failure = error_of(result.get(), step.sql);
      }
    }
  }
  const ResultPtr sync(next(deadline));
  if (!sync || PQresultStatus(sync.get()) != PGRES_PIPELINE_SYNC || !PQexitPipelineMode(connection_))
    lose("the connection is out of step");
  if (failure) throw SqlFailure(std::move(*failure));
  if (undecodable) std::rethrow_exception(undecodable);
  return answer;
}

Result Link::exchange(std::span<const std::string> before, std::string_view sql,
                      std::span<const Value> params, std::span<const std::string> after, Deadline deadline) {
  std::vector<Encoded> encoded;
  encoded.reserve(params.size());
  std::string key = space + ' ';
  key += sql;
  for (const Value& value : params) {
    encoded.push_back(encode(value));
    key += fmt::format(",{}", encoded.back().type);  // the same text with other types is another statement
  }
  std::vector<Step> steps;
  for (const std::string& text : before) steps.push_back({Step::plain, text, {}, {}});

  const auto known = by_key_.find(key);
  std::string name;
  if (known != by_key_.end()) {
    statements_.splice(statements_.begin(), statements_, known->second);
    name = known->second->name;
  } else {
    name = fmt::format("p{}", next_name_++);
    if (statements_.size() >= statement_capacity_) forget(std::prev(statements_.end()));
  }
  std::vector<std::string> deallocate;
  for (const std::string& gone : std::exchange(garbage_, {})) deallocate.push_back("DEALLOCATE " + gone);
  for (const std::string& text : deallocate) steps.push_back({Step::plain, text, {}, {}});
  const std::size_t prepare_at = steps.size();
  const bool prepare = known == by_key_.end();
  if (prepare) steps.push_back({Step::prepare, sql, name, encoded});
  steps.push_back({Step::execute, sql, name, encoded});
  for (const std::string& text : after) steps.push_back({Step::plain, text, {}, {}});

  const auto keep = [&] {
    if (!prepare || completed_ <= prepare_at) return;
    statements_.push_front({key, name});
    by_key_.emplace(key, statements_.begin());
  };
  send(steps);
  try {
    Result answer = receive(steps, deadline, nullptr);
    keep();
    return answer;
  } catch (const SqlFailure& failure) {
    keep();
    // A plan that a migration made wrong, or that the server lost, must be made anew.
    if (const auto kept = by_key_.find(key); kept != by_key_.end()) {
      if (failure.error.sqlstate == "0A000") forget(kept->second);
      if (failure.error.sqlstate == "26000") tainted_ = true;
    }
    throw;
  } catch (const portico::Problem&) {  // ran well, but a cell has no form here
    keep();
    throw;
  }
}

void Link::forget(std::list<Statement>::iterator statement) {
  garbage_.push_back(statement->name);
  by_key_.erase(statement->key);
  statements_.erase(statement);
}

std::string Link::command(const std::string& sql, Deadline deadline) {
  const Step step{Step::plain, sql, {}, {}};
  std::string tag;
  send({&step, 1});
  receive({&step, 1}, deadline, &tag);
  return tag;
}

void Link::script(const std::string& sql, Deadline deadline) {
  if (!PQsendQuery(connection_, sql.c_str())) lose(one_line(PQerrorMessage(connection_)));
  std::optional<SqlError> failure;
  for (ResultPtr result(next(deadline)); result; result.reset(next(deadline))) {
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY) continue;
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
      lose("COPY is not possible here");
    if (failure) continue;
    failure = error_of(result.get(), "");
    if (const char* position = PQresultErrorField(result.get(), PG_DIAG_STATEMENT_POSITION)) {
      const auto upto = std::min<std::size_t>(sql.size(), std::strtoul(position, nullptr, 10));
      const auto line = 1 + std::count(sql.begin(), sql.begin() + static_cast<std::ptrdiff_t>(upto), '\n');
      failure->detail = fmt::format("line {}: {}", line, failure->detail);
    }
  }
  if (failure) throw SqlFailure(std::move(*failure));
}

bool Link::idle() const {
  return !tainted_ && PQstatus(connection_) == CONNECTION_OK &&
         PQtransactionStatus(connection_) == PQTRANS_IDLE && PQpipelineStatus(connection_) == PQ_PIPELINE_OFF;
}

bool Link::usable() {
  for (int round = 0; idle() && round < 8; ++round) {
    pollfd one{PQsocket(connection_), POLLIN, 0};
    if (poll(&one, 1, 0) == 0) return true;
    // Notices and settings may arrive at any time; so does the farewell of a server that stops.
    if (!PQconsumeInput(connection_) || PQisBusy(connection_)) continue;
  }
  return false;
}

Result Link::rows(PGresult* result) {
  const int columns = PQnfields(result);
  const int count = PQntuples(result);
  std::vector<std::string> names;
  names.reserve(static_cast<std::size_t>(columns));
  for (int column = 0; column < columns; ++column) names.emplace_back(PQfname(result, column));
  std::vector<Value> cells;
  cells.reserve(static_cast<std::size_t>(columns) * static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row)
    for (int column = 0; column < columns; ++column) {
      if (PQgetisnull(result, row, column)) {
        cells.emplace_back();
        continue;
      }
      cells.push_back(decode(
          PQftype(result, column),
          {PQgetvalue(result, row, column), static_cast<std::size_t>(PQgetlength(result, row, column))},
          names[static_cast<std::size_t>(column)]));
    }
  const std::string_view affected = PQcmdTuples(result);
  std::int64_t number = 0;
  std::from_chars(affected.data(), affected.data() + affected.size(), number);
  return {std::move(names), std::move(cells), number};
}

SqlError Link::error_of(PGresult* result, std::string_view sql) const {
  const auto field = [&](int code) { return one_line(PQresultErrorField(result, code)); };
  SqlError error{field(PG_DIAG_SQLSTATE), field(PG_DIAG_MESSAGE_PRIMARY), field(PG_DIAG_MESSAGE_DETAIL),
                 field(PG_DIAG_CONSTRAINT_NAME), std::string(sql)};
  if (error.sqlstate.empty()) error.sqlstate = "08000";  // libpq's own complaint carries none
  if (error.message.empty()) error.message = one_line(PQresultErrorMessage(result));
  return error;
}

}  // namespace kernel::database
