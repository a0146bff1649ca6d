// A real PostgreSQL behind the test host: a database of its own, prepared as the host prepares the plugin's
// schema.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <portico/testkit/database.hpp>
#include <string>
#include <string_view>

namespace portico::testkit {

/// Made once for a test program and dropped at its end; many TestHosts may use it. Needs
/// portico_testkit_postgres.
class Postgres final : public Database {
 public:
  /// Makes a database, the plugin's schema and role in it, and runs the plugin's migrations.
  ///
  /// url: a login with CREATEDB and CREATEROLE that is no superuser, or row-level security would not count.
  /// plugin: the id in the manifest. migrations: the folder with the plugin's 0001_name.sql …, a relative one
  /// from where the test runs; empty: none.
  ///
  /// errors    std::runtime_error with what PostgreSQL said
  Postgres(std::string url, std::string_view plugin, const std::filesystem::path& migrations = {});
  ~Postgres() override;
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  /// $PORTICO_TEST_DATABASE_URL. errors: std::runtime_error that says what to set
  static std::string url_of_environment();

  std::unique_ptr<DatabaseTransaction> begin(const DatabaseScope& scope) override;

  /// Of the database, for a connection of the test's own.
  std::string url() const;
  /// Runs a script as the login, in the plugin's schema and system scope. errors: std::runtime_error
  void script(const std::string& sql) const;
  /// First cell of a query run so; empty for NULL or no row.
  std::string ask(const std::string& sql) const;

 private:
  struct Pool;
  std::string server_, name_, schema_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace portico::testkit
