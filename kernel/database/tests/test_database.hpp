// A database of its own for one test: made before, dropped after, never shared.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>

#include "kernel/database/connection.hpp"
#include "kernel/database/link.hpp"
#include "kernel/database/migrations.hpp"

namespace kernel::database::testing {

inline Deadline soon(std::chrono::milliseconds from_now = std::chrono::seconds(20)) {
  return std::chrono::steady_clock::now() + from_now;
}

inline std::string random_word() {
  static std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

/// errors  a clear text when PORTICO_TEST_DATABASE_URL is missing; a superuser is refused, row-level security
/// would
///         not hold it
class TestDatabase {
 public:
  TestDatabase() : server_(server_url()) {
    auto link = Link::open(server_, "portico test", 16, soon());
    const Result self = link->exchange(
        {}, "SELECT rolsuper OR rolbypassrls AS too_strong FROM pg_roles WHERE rolname = current_user", {},
        {}, soon());
    if (self.get<bool>(0, "too_strong"))
      throw std::runtime_error(
          "PORTICO_TEST_DATABASE_URL names a superuser; use a login with CREATEDB and CREATEROLE");
    url_ = server_;
    url_.database = "portico_test_" + random_word();
    link->script("CREATE DATABASE " + url_.database, soon());
  }
  ~TestDatabase() {
    try {
      Link::open(server_, "portico test", 16, soon())
          ->script(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", url_.database), soon());
    } catch (const std::exception& failure) {
      fmt::print(stderr, "the test database {} could not be dropped: {}\n", url_.database, failure.what());
    }
  }
  TestDatabase(const TestDatabase&) = delete;
  TestDatabase& operator=(const TestDatabase&) = delete;

  const DatabaseUrl& url() const { return url_; }

  /// Runs a script as the login, outside every scope.
  void script(const std::string& sql) const {
    Link::open(url_, "portico test", 16, soon())->script(sql, soon());
  }

 private:
  static DatabaseUrl server_url() {
    const char* url = std::getenv("PORTICO_TEST_DATABASE_URL");
    if (!url || !*url)
      throw std::runtime_error(
          "PORTICO_TEST_DATABASE_URL is not set: name a PostgreSQL login with CREATEDB and CREATEROLE");
    return parse_database_url(url);
  }

  DatabaseUrl server_;
  DatabaseUrl url_;
};

/// A folder of migrations, gone afterwards.
class TestFolder {
 public:
  TestFolder() : path_(std::filesystem::temp_directory_path() / ("portico-migrations-" + random_word())) {
    std::filesystem::create_directories(path_);
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  void write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << text;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace kernel::database::testing
