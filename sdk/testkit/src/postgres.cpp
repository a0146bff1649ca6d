// Makes, prepares and drops the test's database; transactions under the plugin's role.
#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <portico/problem.hpp>
#include <portico/testkit/postgres.hpp>
#include <random>
#include <sstream>
#include <stdexcept>

#include "postgres_values.hpp"

namespace portico::testkit {

namespace {

using Connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

bool good(const Result& result) {
  const auto status = PQresultStatus(result.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

Result execute(PGconn* connection, const std::string& sql) {
  Result result(PQexec(connection, sql.c_str()), &PQclear);
  if (!good(result))
    throw std::runtime_error(fmt::format("{}in: {:.300}", PQresultErrorMessage(result.get()), sql));
  return result;
}

Connection open(const std::string& url) {
  Connection connection(PQconnectdb(url.c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK)
    throw std::runtime_error(fmt::format("the test database: {}", PQerrorMessage(connection.get())));
  return connection;
}

/// The server's URL with another database.
std::string with_database(const std::string& url, const std::string& name) {
  const auto query = url.find('?');
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme + 3);
  return url.substr(0, std::min(path, query)) + "/" + name + (query == url.npos ? "" : url.substr(query));
}

/// What the host prepares before the first migration of a plugin.
constexpr const char* kPrepare = R"(
  CREATE SCHEMA kernel;
  CREATE SCHEMA {0};
  DO $$ BEGIN CREATE ROLE {1} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
  GRANT {1} TO CURRENT_USER;
  GRANT USAGE ON SCHEMA kernel, {0} TO {1};
  ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {1};
  ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT USAGE ON SEQUENCES TO {1};
  ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA {0} GRANT EXECUTE ON FUNCTIONS TO {1};
  CREATE FUNCTION kernel.current_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$SELECT nullif(current_setting('app.user_id', true), '')::uuid$$;
  CREATE FUNCTION kernel.is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$SELECT coalesce(current_setting('app.scope', true) = 'system', false) OR current_user =
      (SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = 'kernel')$$;
  GRANT EXECUTE ON FUNCTION kernel.current_user_id(), kernel.is_system() TO {1};
  SET search_path = {0}, pg_catalog;
)";

std::string schema_name(std::string_view plugin) {
  std::string schema(plugin);
  std::replace(schema.begin(), schema.end(), '-', '_');
  if (schema.empty() || schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != schema.npos)
    throw std::runtime_error("'" + schema + "' cannot name a schema");
  return schema;
}

/// The problem of a statement that PostgreSQL refused.
Problem problem_of(const PGresult* result) {
  const auto field = [&](int code) {
    const char* text = PQresultErrorField(result, code);
    return std::string(text ? text : "");
  };
  const auto state = field(PG_DIAG_SQLSTATE);
  struct Row {
    std::string_view prefix;
    int status;
    const char* code;
  };
  constexpr Row kRows[] = {{"23505", 409, "database.conflict"},
                           {"40001", 503, "database.serialization"},
                           {"40P01", 503, "database.serialization"},
                           {"57014", 503, "database.timeout"},
                           {"25P03", 503, "database.timeout"},
                           {"55P03", 503, "database.locked"},
                           {"53", 503, "database.busy"},
                           {"57P", 503, "database.unavailable"},
                           {"08", 503, "database.unavailable"},
                           {"42501", 500, "database.denied"},
                           {"25P02", 500, "database.aborted"},
                           {"", 500, "database.error"}};
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const Row& r) { return std::string_view(state).starts_with(r.prefix); });
  boost::json::object members;
  if (row->status == 409) members["constraint"] = field(PG_DIAG_CONSTRAINT_NAME);
  return Problem(row->status, row->code, fmt::format("{} [{}]", PQresultErrorMessage(result), state),
                 row->status == 503 ? 1 : 0, std::move(members));
}

}  // namespace

struct Postgres::Pool {
  std::mutex mutex;
  std::vector<Connection> idle;
  pid_t owner = getpid();

  /// A forked test must not talk on its parent's connections, nor close them.
  void forget_parent() {
    if (owner == getpid()) return;
    for (auto& connection : idle) static_cast<void>(connection.release());
    idle.clear();
    owner = getpid();
  }
};

namespace {

class PostgresTransaction final : public DatabaseTransaction {
 public:
  PostgresTransaction(Connection connection, std::function<void(Connection)> give_back)
      : connection_(std::move(connection)), give_back_(std::move(give_back)) {}

  QueryResult run(std::string_view sql, const std::vector<Value>& parameters) override {
    std::vector<WireParameter> wire;
    wire.reserve(parameters.size());
    for (const auto& parameter : parameters) wire.push_back(to_wire(parameter));
    std::vector<Oid> types;
    std::vector<const char*> values;
    std::vector<int> lengths, formats;
    for (const auto& p : wire) {
      types.push_back(p.type), formats.push_back(p.format);
      values.push_back(p.null ? nullptr : p.bytes.data()),
          lengths.push_back(static_cast<int>(p.bytes.size()));
    }
    const Result result(
        PQexecParams(connection_.get(), std::string(sql).c_str(), static_cast<int>(wire.size()), types.data(),
                     values.data(), lengths.data(), formats.data(), 1),
        &PQclear);
    if (!good(result)) throw problem_of(result.get());
    QueryResult out;
    const int rows = PQntuples(result.get()), columns = PQnfields(result.get());
    for (int c = 0; c < columns; ++c) out.columns.emplace_back(PQfname(result.get(), c));
    for (int r = 0; r < rows; ++r)
      for (int c = 0; c < columns; ++c) {
        if (PQgetisnull(result.get(), r, c)) {
          out.cells.emplace_back();
          continue;
        }
        const auto size = static_cast<std::size_t>(PQgetlength(result.get(), r, c));
        out.cells.push_back(from_wire(PQftype(result.get(), c), {PQgetvalue(result.get(), r, c), size},
                                      out.columns[static_cast<std::size_t>(c)]));
      }
    out.row_count = static_cast<std::uint64_t>(rows);
    out.affected = std::strtoull(PQcmdTuples(result.get()), nullptr, 10);
    return out;
  }
  void commit() override { end("COMMIT"); }
  void rollback() override { end("ROLLBACK"); }

 private:
  void end(const char* word) {
    if (!connection_) return;
    const Result result(PQexec(connection_.get(), word), &PQclear);
    const bool done = good(result) && std::string_view(PQcmdStatus(result.get())) == word;
    auto problem = good(result) ? Problem(500, "database.aborted", "the transaction had failed before")
                                : problem_of(result.get());
    give_back_(std::move(connection_));
    if (!done) throw problem;
  }
  Connection connection_;
  std::function<void(Connection)> give_back_;
};

}  // namespace

Postgres::Postgres(std::string url, std::string_view plugin, const std::filesystem::path& migrations)
    : server_(url.substr(0, url.find('?'))),  // libpq knows no ?schema=
      schema_(schema_name(plugin)),
      pool_(std::make_unique<Pool>()) {
  std::random_device random;
  name_ = fmt::format("portico_test_{}_{:08x}{:08x}", schema_, random(), random());
  execute(open(server_).get(), "CREATE DATABASE " + name_);
  try {
    const auto own = open(with_database(server_, name_));
    execute(own.get(), fmt::format(fmt::runtime(kPrepare), schema_, "portico_" + schema_));
    std::vector<std::filesystem::path> files;
    if (!migrations.empty())
      for (const auto& entry : std::filesystem::directory_iterator(migrations))
        if (entry.path().extension() == ".sql") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      std::ostringstream sql;
      sql << std::ifstream(file).rdbuf();
      execute(own.get(), "BEGIN;" + sql.str() + ";COMMIT");
    }
  } catch (...) {
    execute(open(server_).get(), "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    throw;
  }
}

Postgres::~Postgres() {
  try {
    pool_->idle.clear();
    execute(open(server_).get(), "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{} could not be dropped: {}\n", name_, failure.what());
  }
}

std::string Postgres::url_of_environment() {
  const char* url = std::getenv("PORTICO_TEST_DATABASE_URL");
  if (!url || !*url)
    throw std::runtime_error(
        "PORTICO_TEST_DATABASE_URL is not set: name a PostgreSQL login with CREATEDB and CREATEROLE");
  return url;
}

std::unique_ptr<DatabaseTransaction> Postgres::begin(const DatabaseScope& scope) {
  Connection connection(nullptr, &PQfinish);
  {
    const std::lock_guard lock(pool_->mutex);
    pool_->forget_parent();
    if (!pool_->idle.empty()) connection = std::move(pool_->idle.back()), pool_->idle.pop_back();
  }
  if (!connection) connection = open(with_database(server_, name_));
  if (scope.user_id.find('\'') != std::string::npos) throw Problem(500, "database.scope", "no id of a user");
  execute(connection.get(),
          fmt::format("BEGIN; SET LOCAL ROLE portico_{0}; SET LOCAL search_path = {0}; "
                      "SELECT set_config('app.user_id', '{1}', true), set_config('app.scope', '{2}', true)",
                      schema_, scope.user_id, scope.user_id.empty() ? "system" : "user"));
  return std::make_unique<PostgresTransaction>(std::move(connection), [this](Connection used) {
    if (PQtransactionStatus(used.get()) != PQTRANS_IDLE) return;
    const std::lock_guard lock(pool_->mutex);
    pool_->idle.push_back(std::move(used));
  });
}

std::string Postgres::url() const {
  return with_database(server_, name_);
}

void Postgres::script(const std::string& sql) const {
  const auto own = open(with_database(server_, name_));
  execute(own.get(),
          fmt::format("SET app.scope = 'system'; SET search_path = {}, pg_catalog;", schema_) + sql);
}

std::string Postgres::ask(const std::string& sql) const {
  const auto own = open(with_database(server_, name_));
  execute(own.get(), fmt::format("SET app.scope = 'system'; SET search_path = {}, pg_catalog", schema_));
  const auto result = execute(own.get(), sql);
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace portico::testkit
