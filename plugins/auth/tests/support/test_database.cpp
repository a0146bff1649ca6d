// Creates, prepares and drops the test's database.
#include "tests/support/test_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace auth::testing {
namespace {

void run(PGconn* connection, const std::string& sql) {
  PGresult* result = PQexec(connection, sql.c_str());
  const auto status = PQresultStatus(result);
  const std::string message = PQresultErrorMessage(result);
  PQclear(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
    throw std::runtime_error(message + "in: " + sql.substr(0, 200));
}

PGconn* open(const std::string& url) {
  PGconn* connection = PQconnectdb(url.c_str());
  if (PQstatus(connection) != CONNECTION_OK) {
    const std::string message = PQerrorMessage(connection);
    PQfinish(connection);
    throw std::runtime_error("the test database: " + message);
  }
  return connection;
}

/// The server's URL with another database.
std::string with_database(const std::string& url, const std::string& name) {
  const auto query = url.find('?');
  const auto scheme = url.find("://");
  const auto path = url.find('/', scheme + 3);
  return url.substr(0, std::min(path, query)) + "/" + name + (query == url.npos ? "" : url.substr(query));
}

const char* kPrepare = R"(
  CREATE SCHEMA kernel;
  CREATE SCHEMA auth;
  DO $$ BEGIN CREATE ROLE portico_auth NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
  GRANT portico_auth TO CURRENT_USER;
  GRANT USAGE ON SCHEMA kernel, auth TO portico_auth;
  ALTER DEFAULT PRIVILEGES IN SCHEMA auth GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO portico_auth;
  ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
  ALTER DEFAULT PRIVILEGES IN SCHEMA auth GRANT EXECUTE ON FUNCTIONS TO portico_auth;
  CREATE FUNCTION kernel.current_user_id() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
    AS $$SELECT nullif(current_setting('app.user_id', true), '')::uuid$$;
  CREATE FUNCTION kernel.is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    AS $$SELECT coalesce(current_setting('app.scope', true) = 'system', false) OR current_user =
      (SELECT pg_catalog.pg_get_userbyid(nspowner) FROM pg_catalog.pg_namespace WHERE nspname = 'kernel')$$;
  GRANT EXECUTE ON FUNCTION kernel.current_user_id(), kernel.is_system() TO portico_auth;
  SET search_path = auth, pg_catalog;
)";

}  // namespace

TestDatabase::TestDatabase() {
  const char* url = std::getenv("PORTICO_TEST_DATABASE_URL");
  if (!url || !*url)
    throw std::runtime_error(
        "PORTICO_TEST_DATABASE_URL is not set: name a PostgreSQL login with CREATEDB and CREATEROLE");
  server_ = url;
  server_ = server_.substr(0, server_.find('?'));  // libpq knows no ?schema=
  std::random_device random;
  name_ = fmt::format("portico_auth_test_{:08x}{:08x}", random(), random());
  PGconn* server = open(server_);
  run(server, "CREATE DATABASE " + name_);
  PQfinish(server);
  PGconn* own = connect();
  run(own, kPrepare);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(AUTH_MIGRATIONS))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ostringstream sql;
    sql << std::ifstream(file).rdbuf();
    run(own, sql.str());
  }
  PQfinish(own);
}

TestDatabase::~TestDatabase() {
  try {
    PGconn* server = open(server_);
    run(server, "DROP DATABASE IF EXISTS " + name_ + " WITH (FORCE)");
    PQfinish(server);
  } catch (const std::exception& failure) {
    fmt::print(stderr, "{} could not be dropped: {}\n", name_, failure.what());
  }
}

PGconn* TestDatabase::connect() const {
  return open(with_database(server_, name_));
}

void TestDatabase::script(const std::string& sql) const {
  PGconn* own = connect();
  run(own, "SET app.scope = 'system'; SET search_path = auth, pg_catalog;" + sql);
  PQfinish(own);
}

std::string TestDatabase::ask(const std::string& sql) const {
  PGconn* own = connect();
  run(own, "SET app.scope = 'system'; SET search_path = auth, pg_catalog");
  PGresult* result = PQexec(own, sql.c_str());
  const std::string message = PQresultErrorMessage(result);
  std::string cell = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(own);
  if (!message.empty()) throw std::runtime_error(message + "in: " + sql);
  return cell;
}

}  // namespace auth::testing
