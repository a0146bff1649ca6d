// Brings the database to the shape the numbered SQL files describe; every owner has a schema and a role.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "kernel/database/url.hpp"

namespace kernel::database {

/// Whose migrations lie in which folder. "kernel" is the host itself and always comes first.
struct Owner {
  std::string id;
  std::filesystem::path folder;
};

/// Every folder of `root` as an owner, sorted by name, kernel first.
/// errors  500 migrations.folder when root or root/kernel is missing
std::vector<Owner> owners_in(const std::filesystem::path& root);

/// "acme-loyalty" → "acme_loyalty". errors  500 migrations.owner for an id that cannot name a schema
std::string schema_of(std::string_view owner);
/// "acme-loyalty" → "portico_acme_loyalty"
std::string role_of(std::string_view owner);

/// One file <folder>/NNNN_name.sql.
struct Migration {
  std::string owner;
  int number = 0;
  std::string name;    // "what_it_does"
  std::string sha256;  // hex, of the file's bytes
  std::string sql;
  std::string destructive_reason;  // of a file that says: -- portico: allow destructive: REASON
};

/// Reads one owner's files in order.
/// errors  500 migrations.file: a name that is not NNNN_name.sql, a gap, a number twice, no file,
/// BEGIN/COMMIT inside,
///         destructive SQL without the line that allows it
std::vector<Migration> read_migrations(const Owner& owner);

struct MigrationSettings {
  DatabaseUrl url;            // a login that owns the schemas; it needs CREATE on the database and CREATEROLE
  std::vector<Owner> owners;  // of every installed plugin, enabled or not, and the kernel
  std::chrono::milliseconds lock_wait{60'000};
  std::chrono::milliseconds time_limit{600'000};  // for the whole run
};

class Migrator {
 public:
  /// Reads and checks every file; does not connect. errors  as owners_in and read_migrations
  explicit Migrator(MigrationSettings settings);

  /// What run() would apply, in order; changes nothing.
  ///
  /// errors  500 migrations.changed (an applied file was edited, renamed or is gone),
  /// migrations.unknown_owner (the
  ///         database holds an owner without a folder); 503 database.unavailable
  std::vector<Migration> plan() const;

  /// Makes schemas, roles and rights, then applies what is missing, each file in a transaction of its own,
  /// under one advisory lock; a second runner waits and then finds nothing to do.
  ///
  /// returns  what was applied
  /// errors   as plan(); 503 migrations.locked past lock_wait; 500 migrations.right, whose detail names the
  /// missing
  ///          right and the statement that gives it; 500 migrations.failed with file, line and PostgreSQL's
  ///          text
  std::vector<Migration> run() const;

 private:
  MigrationSettings settings_;
  std::vector<Migration> files_;
};

}  // namespace kernel::database
