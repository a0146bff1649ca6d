// Reads DATABASE_URL and REDIS_URL; a part nobody knows is refused by name, a password is never repeated.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernel::database {

/// Where PostgreSQL is and who we are there.
struct DatabaseUrl {
  std::string host;  // a name, an address, or the folder of a Unix socket (begins with '/')
  int port = 5432;
  std::string user;
  std::string password;
  std::string database;
  std::string sslmode;      // empty: libpq's default
  std::string sslrootcert;  // empty: none
  std::optional<std::chrono::milliseconds> connect_timeout;

  /// libpq keywords and values. Holds the password: never log it.
  std::vector<std::pair<std::string, std::string>> keywords() const;

  /// "host:port/database as user", fit for logs.
  std::string shown() const;
};

/// Reads
/// postgresql://user:password@host:port/database?host=&schema=public&sslmode=&sslrootcert=&connect_timeout=
///
/// schema  only "public" is accepted (every owner has a schema of its own); connect_timeout is in seconds
/// errors  500 config.database_url, whose detail names the part and what to write
DatabaseUrl parse_database_url(std::string_view url);

/// Where Redis is.
struct RedisUrl {
  std::string host;
  int port = 6379;
  std::string user;
  std::string password;
  int database = 0;

  std::string shown() const;
};

/// Reads redis://[[user]:password@]host[:port][/database].
///
/// errors  500 config.redis_url; rediss:// is refused: encryption to Redis is not offered yet
RedisUrl parse_redis_url(std::string_view url);

}  // namespace kernel::database
