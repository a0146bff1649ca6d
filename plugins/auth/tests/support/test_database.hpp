// A database of its own for one test program: prepared like the host's migration run does, dropped after.
#pragma once

#include <libpq-fe.h>

#include <string>

namespace auth::testing {

/// PORTICO_TEST_DATABASE_URL names a login with CREATEDB and CREATEROLE that is no superuser.
class TestDatabase {
 public:
  TestDatabase();
  ~TestDatabase();
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  /// A new connection to it. Closed by the caller.
  PGconn* connect() const;
  /// Runs a script as the login in system scope.
  void script(const std::string& sql) const;
  /// First cell of a query in system scope, "" for NULL or no row.
  std::string ask(const std::string& sql) const;

 private:
  std::string server_, name_;
};

}  // namespace auth::testing
